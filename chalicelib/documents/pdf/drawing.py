"""Turning placed bands into an archival PDF file with an e-invoice inside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC

from fpdf import FPDF, ViewerPreferences

from .coverage import UnprintableText
from .embedding import CutFonts, add_font, missing_letters
from .grid import PAGE_HEIGHT, PAGE_WIDTH
from .metadata import E_INVOICE, SOFTWARE, Description, xmp
from .operators import Font, operators
from .pages import Placed
from .typefaces import Weight

_FAMILY = "text"


def drawn(pages: Sequence[Sequence[Placed]], about: Description, e_invoice: bytes) -> bytes:
    """
    *pages* as PDF/A-3B, with *e_invoice* (Factur-X XML) as what they say to programs.

    Equal arguments give equal bytes, in any process and on any day: the file is dated by
    *about*, and its identifier is a digest of its content.

    Raises:
        UnprintableText: If a letter is missing in the fonts, and so on the pages.
    """
    pdf = _new_file(about)
    _embed(pdf, e_invoice, about)
    fonts = {weight: add_font(pdf, _FAMILY, weight) for weight in Weight}
    for page in pages:
        _draw(pdf, page, fonts)
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


def _draw(pdf: FPDF, page: Sequence[Placed], fonts: Mapping[Weight, Font]) -> None:
    pdf.add_page()
    for font in pdf.fonts.values():
        # Lists the font among what the page uses.
        pdf._set_font_for_page(font, 0)  # noqa: SLF001
    pdf._out(operators(page, fonts))  # noqa: SLF001
