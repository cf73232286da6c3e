"""
Giving fonts to a document without parsing them for each, or cutting them down slowly.

fpdf parses a font file for every document, and then has fontTools cut it down to the letters
used, which takes most of the time of a document and ruins the parsed font for the next.  So each
process parses a font once, documents get copies of what was read, and HarfBuzz does the cutting.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import copy
from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING, Any, cast

import uharfbuzz as harfbuzz
from fpdf import FPDF
from fpdf.fonts import TTFFont
from fpdf.output import CIDSystemInfo, OutputProducer, PDFCatalog, PDFFont, PDFFontStream
from fpdf.syntax import Name, PDFArray, PDFContentStream

from .operators import Font
from .typefaces import Weight, font_file

if TYPE_CHECKING:
    from pathlib import Path

# Six capitals say that a font is cut down (PDF 1.7, 9.6.4).
_TAG = "SBILLA"

# The most entries of one block of a character map.
_BLOCK = 100

# Tables that a reader of the PDF does without, as it is told which glyph to draw.
_UNUSED = ("OS/2", "cmap", "name", "post")


_MAP = """\
/CIDInit /ProcSet findresource begin
12 dict begin
begincmap
/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def
/CMapName /Adobe-Identity-UCS def
/CMapType 2 def
1 begincodespacerange
<0000> <FFFF>
endcodespacerange
{}
endcmap
CMapName currentdict /CMap defineresource pop
end
end"""


class _Letters(dict[str, str]):
    """
    The codes of the letters that one document sets in one font: from 1 on, as they come.

    Attributes:
        used: The code points, in the order of their codes.
    """

    def __init__(self, font: TTFFont) -> None:
        super().__init__()
        self.font = font
        self.used: list[int] = []

    def __missing__(self, letter: str) -> str:
        """The next code for *letter*; none for one that the font lacks."""
        if ord(letter) in self.font.glyph_ids:
            self.used.append(ord(letter))
            self[letter] = _escaped(len(self.used).to_bytes(2, "big").decode("latin-1"))
        else:
            self.font.missing_glyphs.append(ord(letter))
            self[letter] = ""
        return self[letter]

    def encode(self, text: str) -> str:
        return "".join([self[letter] for letter in text])


def add_font(pdf: FPDF, family: str, weight: Weight) -> Font:
    """Add a font to *pdf*, to be embedded by `CutFonts`."""
    font = copy(_parsed(family, weight))
    font.i = len(pdf.fonts) + 1
    font.desc = copy(font.desc)
    font.missing_glyphs = []
    font.subset = letters = _Letters(font)  # type: ignore[assignment]
    pdf.fonts[font.fontkey] = font
    return Font(f"F{font.i}", letters.encode)


def missing_letters(pdf: FPDF) -> str:
    """The letters that *pdf* left out because its fonts lack them."""
    codes = (code for font in _fonts(pdf) for code in font.missing_glyphs)
    return "".join(map(chr, dict.fromkeys(codes)))


class CutFonts(OutputProducer):
    """
    Writes every font with no more than the glyphs that its document uses.

    The reader chooses how the file opens: checkers of PDF/A stop at an action for it.
    """

    def _finalize_catalog(  # type: ignore[override]
        self,
        catalog_obj: PDFCatalog,
        **parts: Any,  # noqa: ANN401 -- as they come
    ) -> None:
        super()._finalize_catalog(catalog_obj, **parts)
        catalog_obj.open_action = None

    def _add_fonts(self, *_resources: object) -> dict[int, PDFFont]:  # type: ignore[override]
        return {font.i: self._add_font(font) for font in _fonts(self.fpdf)}

    def _add_font(self, font: TTFFont) -> PDFFont:
        used = cast("_Letters", font.subset).used
        glyphs = [font.glyph_ids[code] for code in used]
        file, places = _cut(Weight.SEMIBOLD if font.emphasis else Weight.REGULAR, glyphs)
        content = PDFFontStream(file)
        name = f"{_TAG}+{font.name}"
        font.desc.font_name = Name(name)
        # Like every key of a PDF object, but fpdf sets it where it writes fonts, not in the class.
        font.desc.font_file2 = content  # type: ignore[attr-defined]
        letters = PDFFont("CIDFontType2", name, w=_widths([font.cw[code] for code in used]))
        letters.font_descriptor = font.desc
        letters.c_i_d_system_info = CIDSystemInfo()
        letters.c_i_d_to_g_i_d_map = PDFContentStream(_two_bytes(places), compress=True)
        whole = PDFFont("Type0", name, encoding="Identity-H")
        whole.descendant_fonts = PDFArray([letters])
        whole.to_unicode = PDFContentStream(_unicodes(used).encode("ascii"), compress=True)
        for part in (
            whole,
            letters,
            whole.to_unicode,
            letters.c_i_d_system_info,
            font.desc,
            letters.c_i_d_to_g_i_d_map,
            content,
        ):
            self._add_pdf_obj(part, "fonts")
        return whole


def _escaped(text: str) -> str:
    """*text* with a backslash before what would end or change a PDF string."""
    return text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)").replace("\r", "\\r")


def _fonts(pdf: FPDF) -> list[TTFFont]:
    return [font for font in pdf.fonts.values() if isinstance(font, TTFFont)]


@cache
def _parsed(family: str, weight: Weight) -> TTFFont:
    # fpdf hands the file to fontTools as it is, so bytes in memory do as well as a path.
    file = cast("Path", BytesIO(font_file(weight)))
    return TTFFont(FPDF(), file, f"{family}{weight.value}", weight.value)


@cache
def _face(weight: Weight) -> harfbuzz.Face:
    return harfbuzz.Face(font_file(weight))


def _cut(weight: Weight, glyphs: Sequence[int]) -> tuple[bytes, list[int]]:
    """A font cut down to *glyphs*, and where each of them went."""
    wanted = harfbuzz.SubsetInput()
    wanted.flags = harfbuzz.SubsetFlags.NOTDEF_OUTLINE | harfbuzz.SubsetFlags.NO_HINTING
    wanted.sets(harfbuzz.SubsetInputSets.GLYPH_INDEX).update(glyphs)
    wanted.sets(harfbuzz.SubsetInputSets.DROP_TABLE_TAG).update(map(_tag, _UNUSED))
    plan = harfbuzz.SubsetPlan(_face(weight), wanted)
    moved = plan.old_to_new_glyph_mapping
    return plan.execute().blob.data, [moved[glyph] for glyph in glyphs]


def _tag(table: str) -> int:
    return int.from_bytes(table.encode("ascii"), "big")


def _widths(widths: Iterable[float]) -> str:
    """How wide each code is, from 1 on, in thousandths of the type size."""
    return f"[1 [{' '.join(f'{width:.0f}' for width in widths)}]]"


def _two_bytes(places: Iterable[int]) -> bytes:
    """Where the file has the glyph of each code; from 0 on, which has none."""
    return b"".join(place.to_bytes(2, "big") for place in (0, *places))


def _unicodes(used: Sequence[int]) -> str:
    """Which letter each code is, so that text can be searched, copied and read aloud."""
    entries = [f"<{code:04X}> <{letter:04X}>" for code, letter in enumerate(used, start=1)]
    blocks = (entries[start : start + _BLOCK] for start in range(0, len(entries), _BLOCK))
    listed = ((f"{len(block)} beginbfchar", *block, "endbfchar") for block in blocks)
    return _MAP.format("\n".join(line for block in listed for line in block))
