"""A self-billed invoice or credit note as a PDF."""

from __future__ import annotations

from .closing import closing
from .coverage import UnprintableText, require_printable
from .drawing import Description, drawn
from .grid import BOTTOM, FOOT, LABEL, LEFT, LINE, RIGHT, TOP, ruled
from .letterhead import letterhead
from .marks import Band, Text, aligned_right
from .pages import Block, Placed, paginate, placed
from .printed import PrintedInvoice
from .table import table
from .texts import texts, with_composed_texts
from .wording import ENGLISH, Wording

__all__ = ["UnprintableText", "laid_out", "render"]


def render(invoice: PrintedInvoice) -> bytes:
    """
    Draw *invoice* on A4.  Equal invoices give equal bytes, in any process and on any day.

    Raises:
        UnprintableText: If a text holds letters the fonts lack.
    """
    words = ENGLISH
    about = Description(
        title=_name(invoice, words),
        author=with_composed_texts(invoice.buyer.name),
        language=words.language,
        created=invoice.issued_at,
    )
    return drawn(laid_out(invoice, words), about)


def laid_out(invoice: PrintedInvoice, words: Wording) -> list[list[Placed]]:
    """
    Lay *invoice* out on as many pages as it needs.

    Raises:
        UnprintableText: If a text holds letters the fonts lack.
    """
    require_printable(texts(invoice))
    invoice = with_composed_texts(invoice)
    head = [Block((band,)) for band in letterhead(invoice, words)]
    pages = paginate([*head, *table(invoice, words)], closing(invoice, words), BOTTOM - TOP)
    return [
        placed(bands, TOP) + placed(_footer(invoice, words, page, len(pages)), FOOT)
        for page, bands in enumerate(pages, start=1)
    ]


def _name(invoice: PrintedInvoice, words: Wording) -> str:
    number = " ".join(with_composed_texts(invoice.number).split())
    return f"{words.title(invoice.kind)} {number}"


def _footer(invoice: PrintedInvoice, words: Wording, page: int, pages: int) -> list[Band]:
    count = words.page.format(page=page, pages=pages)
    name = Text(LEFT, _name(invoice, words), LABEL)
    return [ruled(1.5), Band(LINE, (name, aligned_right(RIGHT, count, LABEL)))]
