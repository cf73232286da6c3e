"""What others wrote cannot steer a terminal, hide, or forge a line."""

import json
import unicodedata

import pytest

from chalicelib.billing.escapes import escaped, escaped_json, on_one_line

EVERY_CHARACTER = [chr(code) for code in range(0x110000)]


class TestEscapedText:
    @pytest.mark.parametrize(
        ("hostile", "shown"),
        [
            ("\x1b[2J", r"\x1b[2J"),
            ("a\0b", r"a\x00b"),
            ("\x9b31m", r"\x9b31m"),
            ("a\rb", r"a\rb"),
            ("lia\u202egpj.exe", r"lia\u202egpj.exe"),
            ("\u2066Anna\u2069", r"\u2066Anna\u2069"),
            ("An\u200bna\ufeff", r"An\u200bna\ufeff"),
            ("\u3164\u115f\u1160\uffa0\u2800", r"\u3164\u115f\u1160\uffa0\u2800"),
            ("file-\udcff", r"file-\udcff"),
            ("\U000e0041", r"\U000e0041"),
        ],
    )
    def test_spells_out_what_steers_or_hides(self, hostile, shown):
        assert escaped(hostile) == shown

    def test_leaves_names_of_every_script_as_they_are(self):
        names = "Ґалаґан Їжак, Łucja O'Brien, 山田太郎, محمد, שרה, प्रिया, [/] :x: 5\u00a0€\n\t"

        assert escaped(names) == names

    def test_has_no_control_left(self):
        left = [c for c in map(escaped, EVERY_CHARACTER) if unicodedata.category(c[0]) == "Cc"]

        assert left == ["\t", "\n"]

    def test_has_no_bidirectional_control_left(self):
        bidirectional = {"LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"}
        left = [c for c in EVERY_CHARACTER if unicodedata.bidirectional(c) in bidirectional]

        assert len(left) == 9
        assert all(escaped(c).isascii() for c in left)

    def test_on_one_line_forges_no_other(self):
        assert (
            on_one_line("Anna\n2026-10: agree.\tEnd\u2028") == r"Anna\n2026-10: agree.\tEnd\u2028"
        )


class TestEscapedJson:
    def test_means_the_same_and_holds_nothing_hostile(self):
        value = {"name": "\u202eAnna\x9b\U000e0041\x1b\ud83d"}

        document = escaped_json(json.dumps(value, ensure_ascii=False))

        assert json.loads(document) == value
        assert escaped(document) == document
