"""What is in a PDF: its text and the e-invoice."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from threading import Lock
from typing import Final

from pypdfium2 import PdfDocument, PdfPage
from pypdfium2.raw import FPDF_PAGEOBJ_TEXT

from chalicelib.documents.pdf.metadata import E_INVOICE

# PDFium must not be used by two threads at a time, not even for two documents.
_one_at_a_time: Final = Lock()

# PDFium marks a hyphen at the end of a line; it may have been any of these.
_HYPHENS: Final = str.maketrans(dict.fromkeys("\u0002\u00ad\u2010\ufffe", "-"))


@dataclass(frozen=True, slots=True)
class Text:
    """One text of a page, flattened; its left edge in tenths of a point."""

    left: int
    content: str


@dataclass(frozen=True, slots=True)
class Content:
    """Attributes: texts: Of all pages, in the order drawn.  e_invoice: The embedded XML."""

    texts: tuple[Text, ...]
    e_invoice: bytes | None


def read(pdf: bytes) -> Content:
    """
    Raises:
        PdfiumError: If *pdf* is not readable.
    """
    with _one_at_a_time, closing(PdfDocument(pdf)) as document:
        pages = (document[number] for number in range(len(document)))
        texts = tuple(text for page in pages for text in _texts(page) if text.content)
        return Content(texts, _e_invoice(document))


def flat(text: str) -> str:
    """Drop white space and normalise composed letters, ligatures and hyphens."""
    return "".join(unicodedata.normalize("NFKC", text).translate(_HYPHENS).split())


def _texts(page: PdfPage) -> Iterator[Text]:
    with closing(page), closing(page.get_textpage()) as texts:
        for drawn in page.get_objects(filter=[FPDF_PAGEOBJ_TEXT], textpage=texts):
            yield Text(round(drawn.get_matrix().e * 10), flat(drawn.extract()))


def _e_invoice(document: PdfDocument) -> bytes | None:
    files = map(document.get_attachment, range(document.count_attachments()))
    return next((bytes(file.get_data()) for file in files if file.get_name() == E_INVOICE), None)
