"""The glossary is sorted, and has the words that code, documents and database share."""

import re

import pytest

from cloud.project import PROJECT

SHARED = {
    *("employee", "department", "project", "workday", "adjustment", "rate", "terms", "period"),
    *("run", "line", "draft", "issued", "invoice", "credit note", "number", "series"),
    *("subtotal", "tax", "total", "reject", "held", "lineage", "document", "delivery", "export"),
}


@pytest.fixture
def words():
    text = (PROJECT / "GLOSSARY.md").read_text()
    _, *words = re.findall(r"^\| ([^|-][^|]*) \|", text, re.MULTILINE)
    return words


class TestTheGlossary:
    def test_is_sorted(self, words):
        assert words == sorted(words, key=str.casefold)

    def test_explains_each_word_once(self, words):
        assert len(set(words)) == len(words)

    def test_has_the_words_that_everybody_uses(self, words):
        assert set(words) >= SHARED

    @pytest.mark.parametrize("word", ["mail", "e-mail", "mails", "mailed", "helds"])
    def test_says_email_and_held(self, word):
        text = (PROJECT / "GLOSSARY.md").read_text().casefold()

        assert not re.search(rf"(?<![\w-]){word}(?![\w-])", text)
