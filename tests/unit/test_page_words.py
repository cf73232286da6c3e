"""The words of the page, in each of its languages."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from babel import Locale

from chalicelib.billing.holding import REASONS

WEB = Path(__file__).parents[2] / "web"
WORDS = {file.stem: json.loads(file.read_text()) for file in (WEB / "words").glob("*.json")}
CODE = "\n".join(file.read_text() for file in sorted(WEB.rglob("*.js")))

# Keys that the code puts together, and what it fills in: `field.${filter}` and the like.
STATUSES = (
    *("none", "queued", "sending", "sent", "delivered"),
    *("bounced", "complained", "failed", "unknown"),
)
# An error is a whole view, or a sentence in one; some only ever are the latter.
ERRORS = ("offline", "unreachable", "missing", "refused", "busy", "broken", "signed-out")
CONCERNS = ("undelivered", "rejects", "held", "unbilled", "all-rejected", "silent")
COMPOSED = {
    "balance.${side}": ("extracted", "billed", "rejected", "held"),
    "concerns.${name}": CONCERNS,
    "concerns.${name}.text": CONCERNS,
    "delivery.${name}": STATUSES,
    "delivery.${name}.meaning": STATUSES,
    "delivery.${status}": STATUSES[1:],
    'error.${error.kind ?? "broken"}.text': (*ERRORS, "not-ready", "altered", "wrong-password"),
    'error.${error.kind ?? "broken"}.title': ERRORS,
    "error.${kind}.text": ERRORS,
    "error.${kind}.title": ERRORS,
    "field.${filter}": ("department", "project"),
    "kind.${invoice.kind}": ("invoice", "credit_note"),
    "kind.${kind}": ("invoice", "credit_note"),
    "run.${run.status}": ("issued", "empty", "failed", "running"),
    "tax.${invoice.tax_category}": ("S", "Z", "E", "AE", "O"),
    "work.${line.kind}": ("regular", "overtime"),
    "${kind}.${code}": (),  # `CODES`, and any other code as it is
}
CODES = {
    *(f"held.{reason}" for reason in REASONS),
    *("rule.hours", "rule.kind", "rule.day_over_24"),
    *("work.regular", "work.overtime"),
}

# Words that read oddly, or that have another for the same thing.
BANNED = {
    "en": r"mails?|mailed|e-mails?|helds|places|at work|a look|settled?|log ?in|periods?",
    "uk": r"емейл\w*|імейл\w*|електронк\w+|слідуюч\w+|на протязі|по закінченню",
}


def composed(pattern, value):
    return re.sub(r"\$\{[^}]*\}", value, pattern)


def keys_used():
    literal = set(re.findall(r"\"([a-z][a-z-]*\.[A-Za-z_.-]+)\"", CODE)) & set(WORDS["en"])
    built = {composed(pattern, value) for pattern, values in COMPOSED.items() for value in values}
    return literal | built | CODES


def forms(entry):
    return [entry] if isinstance(entry, str) else list(entry.values())


def placeholders(text):
    return set(re.findall(r"{(\w+)}", text))


class TestEveryLanguage:
    def test_is_offered_by_the_page_under_its_own_name(self):
        offered = re.findall(r"^  (\w+): { name: ", (WEB / "i18n.js").read_text(), re.MULTILINE)

        assert sorted(offered) == sorted(WORDS)

    @pytest.mark.parametrize("language", WORDS)
    def test_has_the_same_keys_in_the_same_order(self, language):
        assert list(WORDS[language]) == list(WORDS["en"])

    @pytest.mark.parametrize("language", WORDS)
    def test_has_every_plural_form_its_rules_need(self, language):
        needed = Locale.parse(language).plural_form.tags | {"other"}
        counted = {k: set(v) for k, v in WORDS[language].items() if not isinstance(v, str)}

        assert {key: had for key, had in counted.items() if had != needed} == {}

    @pytest.mark.parametrize("language", WORDS)
    def test_counts_the_same_things(self, language):
        counted = [key for key, entry in WORDS[language].items() if not isinstance(entry, str)]

        assert counted == [key for key, entry in WORDS["en"].items() if not isinstance(entry, str)]

    @pytest.mark.parametrize("language", WORDS)
    def test_fills_in_the_same_placeholders_in_every_form(self, language):
        for key, entry in WORDS[language].items():
            wanted = placeholders(forms(WORDS["en"][key])[0])
            assert [placeholders(form) for form in forms(entry)] == [wanted] * len(forms(entry)), (
                key
            )

    @pytest.mark.parametrize("language", WORDS)
    def test_says_nothing_that_nobody_says(self, language):
        banned = re.compile(rf"\b(?:{BANNED[language]})\b", re.IGNORECASE)
        said = {key: banned.findall(" ".join(forms(e))) for key, e in WORDS[language].items()}

        assert {key: words for key, words in said.items() if words} == {}


class TestUkrainian:
    @pytest.mark.parametrize(
        ("count", "text"),
        [
            (1, "робочий день відхилено"),
            (2, "робочі дні відхилено"),
            (4, "робочі дні відхилено"),
            (5, "робочих днів відхилено"),
            (11, "робочих днів відхилено"),
            (14, "робочих днів відхилено"),
            (21, "робочий день відхилено"),
            (103, "робочі дні відхилено"),
            (112, "робочих днів відхилено"),
        ],
    )
    def test_counts_as_it_speaks(self, count, text):
        form = Locale.parse("uk").plural_form(count)

        assert WORDS["uk"]["concerns.rejects"][form] == text

    def test_puts_no_second_full_stop_after_a_month(self):
        texts = [text for entry in WORDS["uk"].values() for text in forms(entry)]

        assert [text for text in texts if re.search(r"{month}\.|\.\.", text)] == []

    def test_uses_the_typographic_apostrophe(self):
        texts = [text for entry in WORDS["uk"].values() for text in forms(entry)]

        assert [text for text in texts if "'" in text] == []


class TestKeys:
    def test_in_the_code_all_have_words(self):
        asked = set(re.findall(r"\bt\(\"([^\"]+)\"", CODE)) | keys_used()

        assert sorted(asked - set(WORDS["en"])) == []

    def test_are_all_used(self):
        assert sorted(set(WORDS["en"]) - keys_used()) == []

    def test_that_the_code_puts_together_are_all_listed_here(self):
        patterns = set(re.findall(r"\b(?:t|has)\(`([^`]+)`", CODE))

        assert patterns == set(COMPOSED)

    def test_name_every_status_a_delivery_can_have(self):
        tones = re.search(
            r"const TONES = {(.*?)};", (WEB / "components/badges.js").read_text(), re.DOTALL
        )

        assert set(re.findall(r"(\w+):", tones[1])) == set(STATUSES) - {"none"}

    def test_name_every_error_the_code_raises(self):
        errors = (WEB / "errors.js").read_text()
        raised = set(re.findall(r"new PageError\(\"([\w-]+)\"", CODE))
        raised |= set(re.findall(r"\d{3}: \"([\w-]+)\"", errors)) | {
            "broken",
            "unreachable",
            "offline",
        }

        assert raised == set(COMPOSED['error.${error.kind ?? "broken"}.text'])
