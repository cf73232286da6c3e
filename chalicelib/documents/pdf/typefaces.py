"""
The two weights the documents are set in, and how wide their letters are.

Knows the font files but not fpdf, so that text can be checked and measured without it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import cache, lru_cache
from io import BytesIO
from pathlib import Path

from fontTools.ttLib import TTFont

MM_PER_POINT = 25.4 / 72
# Height of a capital in both weights, as a part of the type size.
CAP_HEIGHT = 0.714

_FOLDER = Path(__file__).parents[1] / "fonts"
_UNITS_PER_EM = 1000


class Weight(StrEnum):
    """A weight; the value is fpdf's name of the style."""

    REGULAR = ""
    SEMIBOLD = "B"


_FILES = {
    Weight.REGULAR: "NotoSans-Regular.ttf",
    Weight.SEMIBOLD: "NotoSans-SemiBold.ttf",
}


@cache
def font_file(weight: Weight) -> bytes:
    return (_FOLDER / _FILES[weight]).read_bytes()


@cache
def advances(weight: Weight) -> Mapping[int, int]:
    """The width of each code point the weight can print, in thousandths of the type size."""
    with TTFont(BytesIO(font_file(weight)), lazy=True) as font:
        metrics = font["hmtx"].metrics
        return {code: metrics[glyph][0] for code, glyph in font.getBestCmap().items()}


def text_width(text: str, weight: Weight, size: float) -> float:
    """
    The width of one line in millimetres, set without kerning, as fpdf sets it.

    *text* is printable and composed (see `coverage`), *size* in points.
    """
    return _advance(text, weight) * size * MM_PER_POINT / _UNITS_PER_EM


@lru_cache(maxsize=16_384)
def _advance(text: str, weight: Weight) -> int:
    widths = advances(weight)
    return sum([widths[ord(letter)] for letter in text])
