"""
Whether a document can be read: asked of its bytes, before they are stored and emailed.

An independent program (PDFium) reads the text back, so a fault in drawing cannot hide itself.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from contextlib import closing
from itertools import accumulate
from typing import NamedTuple

from pypdfium2 import PdfDocument, PdfiumError, PdfPage

from chalicelib.billing.errors import BillingError
from chalicelib.language import language_of

from . import wording
from .pdf.grid import FOOT, PAGE_HEIGHT, PAGE_WIDTH, SECOND
from .pdf.typefaces import MM_PER_POINT
from .printed import PrintedInvoice

# Where a line breaks, white space comes and goes, and PDFium takes a hyphen for a hyphenation.
_AT_BREAKS = re.compile(r"[\s\-\u2010\u00ad\u0002\ufffe]+")


class UnreadableDocument(BillingError):
    """
    A drawn document does not say what it should.

    Attributes:
        number: Of the invoice.
        missing: What cannot be read back.
    """

    def __init__(self, number: str, missing: list[str]) -> None:
        self.number = number
        self.missing = missing
        super().__init__(
            f"the PDF of {number} does not show {', '.join(missing)}, so it was not stored;"
            " report this as a bug, and run `redrive` after it is fixed"
        )


class _Read(NamedTuple):
    """
    Text without what differs at line breaks: all of it, and of each column of the letterhead.

    The columns are without the footers, which would stand in the midst of a name that goes on.
    """

    everything: str = ""
    left: str = ""
    right: str = ""


def require_readable(pdf: bytes, invoice: PrintedInvoice) -> None:
    """
    Read number, names and total of *invoice* back from *pdf*.

    Raises:
        UnreadableDocument: Naming all that is not there.
    """
    missing = ["a page"]
    try:
        with closing(PdfDocument(pdf)) as document:
            for read in accumulate(_pages(document), _joined):
                missing = _missing(invoice, read)
                if not missing:
                    return
    except PdfiumError as error:
        raise UnreadableDocument(invoice.number, missing) from error
    raise UnreadableDocument(invoice.number, missing)


def _missing(invoice: PrintedInvoice, read: _Read) -> list[str]:
    total = wording.total(invoice, language_of(invoice.locale))
    expected = (
        (f"the number {invoice.number}", invoice.number, read.everything),
        (f"the supplier {invoice.supplier.name}", invoice.supplier.name, read.left),
        (f"the buyer {invoice.buyer.name}", invoice.buyer.name, read.right),
        (f"the total {total}", total, read.everything),
    )
    return [what for what, text, place in expected if _flat(text) not in place]


def _pages(document: PdfDocument) -> Iterator[_Read]:
    for number in range(len(document)):
        with closing(document[number]) as page:
            yield _texts(page)


def _texts(page: PdfPage) -> _Read:
    middle, right, top, foot = (
        side / MM_PER_POINT for side in (SECOND - 1, PAGE_WIDTH, PAGE_HEIGHT, PAGE_HEIGHT - FOOT)
    )
    with closing(page.get_textpage()) as text:
        return _Read(
            _flat(text.get_text_range()),
            _flat(text.get_text_bounded(0, foot, middle, top)),
            _flat(text.get_text_bounded(middle, foot, right, top)),
        )


def _joined(one: _Read, other: _Read) -> _Read:
    return _Read(*(before + after for before, after in zip(one, other, strict=True)))


def _flat(text: str) -> str:
    """*text* without what differs at breaks; a reader may take ligatures and the like apart."""
    return _AT_BREAKS.sub("", unicodedata.normalize("NFKC", text))
