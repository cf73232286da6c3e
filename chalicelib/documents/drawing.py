"""Turning placed bands into a PDF file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from fpdf import FPDF, ViewerPreferences

from .embedding import embed
from .grid import PAGE_HEIGHT, PAGE_WIDTH
from .marks import Rule, Text
from .pages import Placed
from .typefaces import Weight

_FAMILY: Final = "text"
_SOFTWARE: Final = "Selfbill"


@dataclass(frozen=True, slots=True)
class Description:
    """What the file says about itself.  *created* is aware."""

    title: str
    author: str
    language: str
    created: datetime


def drawn(pages: Sequence[Sequence[Placed]], about: Description) -> bytes:
    """
    Draw *pages*.

    Equal arguments give equal bytes, in any process and on any day: the file is dated by
    *about*, and its identifier is a digest of its content.
    """
    pdf = _new_file(about)
    for weight, letters in _letters(pages).items():
        embed(pdf, _FAMILY, weight, letters)
    for page in pages:
        pdf.add_page()
        for item in page:
            _draw(pdf, item)
    return bytes(pdf.output())


def _new_file(about: Description) -> FPDF:
    pdf = FPDF(format=(PAGE_WIDTH, PAGE_HEIGHT))
    pdf.set_auto_page_break(auto=False)
    pdf.set_title(about.title)
    pdf.set_author(about.author)
    pdf.set_lang(about.language)
    pdf.set_creator(_SOFTWARE)
    pdf.set_producer(_SOFTWARE)
    pdf.set_creation_date(about.created.astimezone(UTC))
    pdf.viewer_preferences = ViewerPreferences(display_doc_title=True)
    return pdf


def _letters(pages: Sequence[Sequence[Placed]]) -> dict[Weight, frozenset[int]]:
    """Collect the code points set in each weight."""
    codes: dict[Weight, set[int]] = {weight: set() for weight in Weight}
    for page in pages:
        for item in page:
            for text in item.band.texts:
                codes[text.style.weight].update(map(ord, text.content))
    return {weight: frozenset(letters) for weight, letters in codes.items()}


def _draw(pdf: FPDF, item: Placed) -> None:
    for rule in item.band.rules:
        _draw_rule(pdf, rule, item.top)
    for text in item.band.texts:
        _draw_text(pdf, text, item.top + item.band.baseline)
    if item.band.boxes:
        pdf.set_fill_color(0)
    for box in item.band.boxes:
        pdf.rect(box.x, item.top + box.y, box.width, box.height, style="F")


def _draw_rule(pdf: FPDF, rule: Rule, top: float) -> None:
    pdf.set_line_width(rule.thickness)
    pdf.set_draw_color(rule.ink)
    pdf.line(rule.start, top + rule.y, rule.end, top + rule.y)


def _draw_text(pdf: FPDF, text: Text, baseline: float) -> None:
    pdf.set_font(_FAMILY, text.style.weight.value, text.style.size)
    pdf.set_text_color(text.style.ink)
    pdf.text(text.x, baseline, text.content)
