"""Turning placed bands into an archival PDF file with an e-invoice inside."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from typing import Final

from fpdf import FPDF, ViewerPreferences

from .coverage import UnprintableText
from .embedding import CutFonts, add_font, missing_letters
from .grid import PAGE_HEIGHT, PAGE_WIDTH
from .marks import Box, Rule, Text
from .metadata import E_INVOICE, SOFTWARE, Description, xmp
from .pages import Placed
from .typefaces import Weight

_FAMILY: Final = "text"


def drawn(pages: Sequence[Sequence[Placed]], about: Description, e_invoice: bytes) -> bytes:
    """
    Draw *pages* as PDF/A-3B, with *e_invoice* (Factur-X XML) as what they say to programs.

    Equal arguments give equal bytes, in any process and on any day: the file is dated by
    *about*, and its identifier is a digest of its content.

    Raises:
        UnprintableText: If a letter is missing in the fonts, and so on the pages.
    """
    pdf = _new_file(about)
    _embed(pdf, e_invoice, about)
    for weight in Weight:
        add_font(pdf, _FAMILY, weight)
    for page in pages:
        pdf.add_page()
        for item in page:
            _draw(pdf, item)
    if letters := missing_letters(pdf):
        raise UnprintableText(letters)
    return bytes(pdf.output(output_producer_class=CutFonts))


def _new_file(about: Description) -> FPDF:
    pdf = FPDF(format=(PAGE_WIDTH, PAGE_HEIGHT), enforce_compliance="PDFA_3B")
    pdf.set_auto_page_break(auto=False)
    pdf.set_title(about.title)
    pdf.set_author(about.author)
    pdf.set_lang(about.language)
    pdf.set_creator(SOFTWARE)
    pdf.set_producer(SOFTWARE)
    pdf.set_creation_date(about.created.astimezone(UTC))
    pdf.set_xmp_metadata(xmp(about))
    pdf.viewer_preferences = ViewerPreferences(display_doc_title=True)
    return pdf


def _embed(pdf: FPDF, e_invoice: bytes, about: Description) -> None:
    pdf.embed_file(
        bytes=e_invoice,
        basename=E_INVOICE,
        mime_type="text/xml",
        associated_file_relationship="Alternative",
        modification_date=about.created.astimezone(UTC),
        creation_date=about.created.astimezone(UTC),
        desc="Factur-X",
        compress=True,
    )


def _draw(pdf: FPDF, item: Placed) -> None:
    for rule in item.band.rules:
        _draw_rule(pdf, rule, item.top)
    for text in item.band.texts:
        _draw_text(pdf, text, item.top + item.band.baseline)
    _draw_boxes(pdf, item.band.boxes, item.top)


def _draw_rule(pdf: FPDF, rule: Rule, top: float) -> None:
    pdf.set_line_width(rule.thickness)
    pdf.set_draw_color(rule.ink)
    pdf.line(rule.start, top + rule.y, rule.end, top + rule.y)


def _draw_boxes(pdf: FPDF, boxes: Sequence[Box], top: float) -> None:
    if boxes:
        pdf.set_fill_color(0)
    for box in boxes:
        pdf.rect(box.x, top + box.y, box.width, box.height, style="F")


def _draw_text(pdf: FPDF, text: Text, baseline: float) -> None:
    pdf.set_font(_FAMILY, text.style.weight.value, text.style.size)
    pdf.set_text_color(text.style.ink)
    pdf.text(text.x, baseline, text.content)
