"""A self-billed invoice or credit note as a PDF."""

from __future__ import annotations

from chalicelib.language import Language, language_of

from . import wording
from .annex import annex
from .closing import closing
from .einvoice import factur_x
from .letterhead import letterhead
from .pdf.coverage import UnprintableText, require_printable
from .pdf.drawing import drawn
from .pdf.grid import BOTTOM, FOOT, LABEL, LEFT, LINE, RIGHT, TOP, ruled
from .pdf.marks import Band, Text, aligned_right
from .pdf.metadata import Description
from .pdf.pages import Block, Placed, paginate, placed
from .printed import PrintedInvoice
from .table import table
from .texts import texts, with_composed_texts

__all__ = ["UnprintableText", "laid_out", "render"]

_ROOM = BOTTOM - TOP


def render(invoice: PrintedInvoice) -> bytes:
    """
    *invoice* as a PDF on A4, in the language of its locale, with its e-invoice inside.

    Equal invoices give equal bytes, in any process and on any day.

    Raises:
        UnprintableText: If a text holds letters the fonts lack.
    """
    require_printable(texts(invoice))
    invoice = with_composed_texts(invoice)
    language = language_of(invoice.locale)
    about = Description(
        title=wording.name(invoice, language),
        author=invoice.buyer.name,
        language=language.tag,
        created=invoice.issued_at,
    )
    return drawn(laid_out(invoice, language), about, factur_x(invoice))


def laid_out(invoice: PrintedInvoice, language: Language) -> list[list[Placed]]:
    """*invoice*, its texts printable and composed, on as many pages as it needs."""
    head = [Block((band,)) for band in letterhead(invoice, language)]
    body = [*head, *table(invoice, language)]
    pages = [
        *paginate(body, closing(invoice, language), _ROOM),
        *annex(invoice, language, _ROOM),
    ]
    return [
        placed(bands, TOP) + placed(_footer(invoice, language, page, len(pages)), FOOT)
        for page, bands in enumerate(pages, start=1)
    ]


def _footer(invoice: PrintedInvoice, language: Language, page: int, pages: int) -> list[Band]:
    count = language.gettext("Page {page} of {pages}").format(page=page, pages=pages)
    name = Text(LEFT, wording.name(invoice, language), LABEL)
    return [ruled(1.5), Band(LINE, (name, aligned_right(RIGHT, count, LABEL)))]
