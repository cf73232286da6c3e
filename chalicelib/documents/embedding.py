"""
Giving fonts to a document without parsing them in full for each.

fpdf parses a font file, glyph by glyph, for every document, and then cuts it down to the
letters used, which ruins the parsed font for the next one.  So each process cuts the fonts
down to the few Unicode blocks that a document uses, keeps the result, and lets fpdf parse that.
"""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING, Final, cast

from fontTools import subset
from fontTools.ttLib import TTFont
from fpdf.fonts import TTFFont

from .typefaces import Weight, advances, font_file

if TYPE_CHECKING:
    from pathlib import Path

    from fpdf import FPDF

_BLOCK: Final = 128


def embed(pdf: FPDF, family: str, weight: Weight, letters: frozenset[int]) -> None:
    """Add a font to *pdf* that has at least *letters* (code points)."""
    blocks = frozenset(code // _BLOCK for code in letters)
    # fpdf hands the file to fontTools as it is, so bytes in memory do as well as a path.
    file = cast("Path", BytesIO(_cut(weight, blocks)))
    key = f"{family}{weight.value}"
    font = TTFFont(pdf, file, key, weight.value)
    # Leaving out glyphs changes none of the others, so their boxes need not be measured again.
    font.ttfont.recalcBBoxes = False
    pdf.fonts[key] = font


@lru_cache(maxsize=64)
def _cut(weight: Weight, blocks: frozenset[int]) -> bytes:
    """Cut a font down to what it has of *blocks*, each of `_BLOCK` code points."""
    options = subset.Options(layout_features=[], notdef_outline=True, name_IDs=["*"])
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=[code for code in advances(weight) if code // _BLOCK in blocks])
    source = BytesIO(font_file(weight))
    with TTFont(source, recalcBBoxes=False, recalcTimestamp=False, lazy=True) as font:
        cutter.subset(font)
        file = BytesIO()
        font.save(file)
    return file.getvalue()
