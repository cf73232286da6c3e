"""What an email address is, and that no two people's become one."""

import unicodedata
from functools import partial
from string import ascii_letters, ascii_lowercase, ascii_uppercase, digits

import idna
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.billing.email_address import (
    LONGEST,
    LONGEST_LOCAL,
    MARKS,
    MaybeFolded,
    NotAnAddress,
    carried_over,
    stored,
)

ASCII_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)
# Letters that case folding, composing or a resolver's mapping makes others of.
TREACHEROUS = "ßẞςσΣKÅıİſﬁⒶµaksz。．\u00ad\u0301\u0308\u200b\u200c\u200d\u2060\ufeff"
LETTERS = st.sampled_from(ascii_letters + digits + "-_.!+" + TREACHEROUS) | st.characters()
LOCALS = st.text(ascii_letters + digits + MARKS, min_size=1, max_size=9)
DOMAINS = st.lists(
    st.text(ascii_letters + digits + "ßςσäąжλשक", min_size=1, max_size=9), min_size=1, max_size=3
).map(".".join)
ADDRESSES = st.builds("{}@{}".format, LOCALS, DOMAINS)
# With one letter more, anywhere.
SPOILT = st.builds(
    lambda text, letter, place: f"{text[: place % len(text)]}{letter}{text[place % len(text) :]}",
    ADDRESSES,
    LETTERS,
    st.integers(0, 30),
)
# What programs do to text, and what may make another person's address of one.
CHANGES = [
    str.casefold,
    str.lower,
    str.upper,
    str.title,
    *(partial(unicodedata.normalize, form) for form in ("NFC", "NFD", "NFKC", "NFKD")),
    lambda text: text.encode("idna").decode(),
]


def to_the_world(text):
    """The address as every mail server compares it: by IDNA's Unicode form, independent of ours."""
    local, _, domain = text.translate(ASCII_LOWER).rpartition("@")
    labels = unicodedata.normalize("NFC", domain).split(".")
    return local, [idna.ulabel(label) if label.startswith("xn--") else label for label in labels]


def attempt(text):
    try:
        return stored(text)
    except NotAnAddress:
        return None


class TestStored:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("a@b.example", "a@b.example"),
            ("BIG.Name+Tag@C.EXAMPLE", "big.name+tag@c.example"),
            ("kasse@maßwerk.example", "kasse@xn--mawerk-cta.example"),
            ("kasse@masswerk.example", "kasse@masswerk.example"),
            ("info@λόγος.example", "info@xn--oxapnm1c.example"),
            ("info@λόγοσ.example", "info@xn--oxapnq6b.example"),
            ("a@XN--MAWERK-CTA.example", "a@xn--mawerk-cta.example"),
            ("a@bu\u0308cher.example", "a@xn--bcher-kva.example"),
            ("a@localhost", "a@localhost"),
        ],
    )
    def test_is_lower_case_with_the_domain_that_was_given(self, text, expected):
        assert stored(text) == expected

    @given(SPOILT)
    def test_twice_changes_nothing(self, text):
        address = attempt(text)

        assert address is None or stored(address) == carried_over(address) == address

    @given(SPOILT)
    def test_is_what_the_world_takes_the_text_for(self, text):
        address = attempt(text)

        assert address is None or to_the_world(address) == to_the_world(text)

    @given(SPOILT, st.sampled_from(CHANGES))
    def test_of_two_is_one_only_if_the_world_takes_them_for_one(self, text, change):
        try:
            changed = change(text)
        except UnicodeError:
            changed = ""
        same = attempt(text) is not None and attempt(text) == attempt(changed)

        assert not same or to_the_world(text) == to_the_world(changed)

    @pytest.mark.parametrize("text", ["kasse@maßwerk.example", "info@λόγος.example"])
    def test_is_not_that_of_the_case_folded_text(self, text):
        assert stored(text) != stored(text.casefold())

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("", "write one, like"),
            ("nobody", "write one, like anna@company.example"),
            ("a@", "write one, like"),
            ("@b.example", "write one, like"),
            ("a@b.example, c@d.example", "write one, like"),
            ("a b@c.example", "single dots between them before the @"),
            ('"a"@b.example', "single dots between them before the @"),
            ("a..b@c.example", "single dots between them before the @"),
            (".a@c.example", "single dots between them before the @"),
            ("straße@c.example", r"U\+00DF \(LATIN SMALL LETTER SHARP S\) cannot stand before"),
            ("\u212aim@c.example", r"U\+212A \(KELVIN SIGN\) cannot stand before the @"),
            ("kim@\u212ac.example", r"without the capital U\+212A \(KELVIN SIGN\)"),
            ("a@MAẞWERK.example", r"without the capital U\+1E9E"),
            ("a@ΛΌΓΟΣ.example", r"without the capital U\+039B"),
            ("a@exam_ple.example", "no domain contains 'exam_ple'"),
            ("a@b..example", "no domain contains ''"),
            ("a@b。example", "no domain contains"),
            ("a@[127.0.0.1]", "no domain contains"),
            ("a@-b.example", "no domain contains '-b'"),
            ("a@xn--a.example", "no domain contains 'xn--a'"),
            ("a@" + "ü" * 64 + ".example", "no domain contains"),
            ("anna@c.example\u200b", r"it contains U\+200B \(ZERO WIDTH SPACE\); type it again"),
            ("\u202aboris@c.example\u202c", r"U\+202A \(LEFT-TO-RIGHT EMBEDDING\)"),
            ("carl\u00a0@c.example", r"U\+00A0 \(NO-BREAK SPACE\)"),
            ("dora@c.exam\u2060ple", r"U\+2060 \(WORD JOINER\)"),
            ("a@b\n.example", r"U\+000A \(a control character\)"),
            ("a" * (LONGEST_LOCAL + 1) + "@b.example", "more than 64 characters"),
            ("a@" + ".".join(["b" * 60] * 5), "longer than 254 characters"),
        ],
    )
    def test_of_anything_else_is_refused_with_what_to_do(self, text, reason):
        with pytest.raises(NotAnAddress, match=reason):
            stored(text)

    def test_is_as_long_as_smtp_takes(self):
        local = "a" * LONGEST_LOCAL
        domain = ".".join(["b" * 63] * 2 + ["c" * (LONGEST - LONGEST_LOCAL - 129)])

        assert len(stored(f"{local}@{domain}")) == LONGEST

    def test_shows_the_start_of_what_is_too_long_to_read(self):
        with pytest.raises(NotAnAddress, match=r"^'x{80}…' is not an email address"):
            stored("x" * 10_000)


class TestCarriedOver:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("anna@business.example", "anna@business.example"),
            ("a@bücher.example", "a@xn--bcher-kva.example"),
        ],
    )
    def test_is_the_stored_form_of_what_nothing_folded(self, text, expected):
        assert carried_over(text) == expected

    @pytest.mark.parametrize("text", ["info@λόγοσ.example", "a@strasse-köln.example"])
    def test_is_refused_where_folding_may_have_changed_the_domain(self, text):
        with pytest.raises(MaybeFolded, match="may have been written with ß"):
            carried_over(text)

    def test_is_refused_for_what_is_no_address(self):
        with pytest.raises(NotAnAddress):
            carried_over("naïve@c.example")
