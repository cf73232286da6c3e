"""
Which letters a document can print.

A billing step asks this before it takes a number, so importing it must stay cheap: no fpdf.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import cache

from chalicelib.billing.errors import BillingError

from .typefaces import Weight, advances

# Set as a space or a line break; only the space needs a glyph.
_BLANK = frozenset("\n\r\t ")


class UnprintableText(BillingError):
    """
    A document holds letters its fonts lack.

    Attributes:
        letters: The distinct letters, in order of appearance.
    """

    def __init__(self, letters: str) -> None:
        self.letters = letters
        named = ", ".join(_described(letter) for letter in letters)
        super().__init__(f"the invoice font cannot print {named}; use other characters")


@cache
def printable() -> frozenset[int]:
    """The code points that every weight can print."""
    return frozenset.intersection(*(frozenset(advances(weight)) for weight in Weight))


def composed(text: str) -> str:
    """*text* composed (NFC): the fonts hold whole letters, no marks to put on them."""
    return unicodedata.normalize("NFC", text)


def unprintable(text: str) -> str:
    """The distinct letters of composed *text* that cannot be printed, in order."""
    codes = printable()
    return "".join(
        letter
        for letter in dict.fromkeys(composed(text))
        if ord(letter) not in codes and letter not in _BLANK
    )


def require_printable(texts: Iterable[str]) -> None:
    """
    Raises:
        UnprintableText: Naming every letter of *texts* that cannot be printed.
    """
    letters = unprintable("\n".join(texts))
    if letters:
        raise UnprintableText(letters)


def _described(letter: str) -> str:
    """A letter named so that also an invisible or half one can be found in the data."""
    code = f"U+{ord(letter):04X} {unicodedata.name(letter, '')}".rstrip()
    return f"{letter!r} ({code})" if letter.isprintable() else code
