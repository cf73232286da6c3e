"""The PDFs: their bytes against the record, and their text against the ledger."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import date

from pypdfium2 import PdfiumError

from chalicelib.billing.content import content_sha256
from chalicelib.billing.issued import Finding
from chalicelib.billing.schemas import KINDS
from chalicelib.billing.verification.documents import DOCUMENTS
from chalicelib.documents import wording
from chalicelib.documents.printed import PrintedInvoice, printed
from chalicelib.documents.texts import with_composed_texts
from chalicelib.language import Language, language_of

from . import earlier
from .e_invoices import check_e_invoice
from .ledger import Document
from .objects import stored
from .pdf_content import Content, Text, flat, read

# boto3 keeps ten connections.
READERS = 8

Progressed = Callable[[int, int], None]


def check_fingerprint(document: Document) -> list[Finding]:
    stated = document.header.content_sha256
    worked_out = content_sha256(asdict(document.header), map(asdict, document.lines))
    if stated == worked_out:
        return []
    return [Finding(document.number, "fingerprint of the content", worked_out, stated)]


def check_pdfs(
    bucket: str, documents: Sequence[Document], progress: Progressed
) -> Iterator[Finding]:
    progress(0, len(documents))
    with ThreadPoolExecutor(READERS) as readers:
        checks = readers.map(lambda document: _check_pdf(bucket, document), documents)
        for done, findings in enumerate(checks, start=1):
            progress(done, len(documents))
            yield from findings


def _check_pdf(bucket: str, document: Document) -> list[Finding]:
    """Compare the stored bytes with their record and, if they agree, the text with the ledger."""
    header = document.header
    pdf = None if header.s3_key is None else stored(bucket, header.s3_key)
    if pdf is None:
        return [Finding(document.number, "PDF", f"stored as {header.s3_key}", None)]
    sides = (
        ("size of the PDF", f"{header.bytes:,} bytes", f"{len(pdf):,} bytes"),
        ("SHA-256 of the PDF", header.sha256, hashlib.sha256(pdf).hexdigest()),
    )
    wrong = [Finding(document.number, *side) for side in sides if side[1] != side[2]]
    if wrong or not _is_worded(document):
        return wrong
    stated = printed(header, document.lines, document.days)
    return _check_content(pdf, with_composed_texts(stated))


def _is_worded(document: Document) -> bool:
    """Whether there are words for it: another kind is the ledger's fault, and named as that."""
    kinds = {line.kind for line in document.lines}
    return document.header.kind in DOCUMENTS and kinds.issubset(KINDS)


def _check_content(pdf: bytes, document: PrintedInvoice) -> list[Finding]:
    try:
        content = read(pdf)
    except PdfiumError as error:
        return [Finding(document.number, "PDF", "readable", str(error))]
    return [
        *check_print(content, document),
        *check_e_invoice(content.e_invoice, document),
    ]


def check_print(content: Content, document: PrintedInvoice) -> list[Finding]:
    """
    Whether the text of a PDF states the figures of *document*, its days, number and supplier.

    Each figure must stand as a whole beside its neighbours: 480.00 is not found in 1,480.00.
    """
    language = language_of(document.locale)
    page = "\n".join(["", *(text.content for text in content.texts), ""])
    missing = [
        *_missing_number(document, language, page),
        *_missing(_figures(document, language), page),
        *_missing_days(document, language, page),
    ]
    if not _supplier_is_named(document, content.texts):
        missing.append(("supplier", document.supplier.name))
    return [
        Finding(document.number, f"{name} on the PDF", expected, None) for name, expected in missing
    ]


def _figures(document: PrintedInvoice, language: Language) -> dict[str, tuple[str, ...]]:
    """The texts that stand beside each other on the PDF, by what they state, in reading order."""
    figures = language.figures
    lines = {
        f"line {position}": (
            wording.work(line.kind, language),
            figures.money(line.hours),
            figures.rate(line.unit_rate),
            figures.money(line.amount),
        )
        for position, line in enumerate(document.lines, start=1)
    }
    return {
        **lines,
        "subtotal": (language.gettext("Subtotal"), figures.money(document.subtotal)),
        "tax": (wording.tax(document, language), figures.money(document.tax)),
        "total": (language.gettext("Total"), wording.total(document, language)),
    }


def _days(document: PrintedInvoice, language: Language) -> Counter[tuple[date, tuple[str, str]]]:
    """
    The work and hours that stand beside each date in the list of workdays, and how often.

    A day without a line is the ledger's fault, and named as that.
    """
    kinds = {position: line.kind for position, line in enumerate(document.lines, start=1)}
    return Counter(
        (
            day.work_date,
            (wording.work(kinds[day.position], language), language.figures.money(day.hours)),
        )
        for day in document.days
        if day.position in kinds
    )


def _missing(facts: Mapping[str, tuple[str, ...]], page: str) -> Iterator[tuple[str, str]]:
    """Those of *facts* that do not follow the one before in *page*, with what is missing."""
    read_to = 0
    for name, fact in facts.items():
        wanted = _beside(fact)
        place = page.find(wanted, read_to)
        if place < 0:
            yield name, " ".join(fact)
        else:
            read_to = place + len(wanted) - 1


def _missing_number(
    document: PrintedInvoice, language: Language, page: str
) -> Iterator[tuple[str, str]]:
    expected = wording.name(document, language)
    if all(_beside((name,)) not in page for name in (expected, earlier.name(document, language))):
        yield "number", expected


def _missing_days(
    document: PrintedInvoice, language: Language, page: str
) -> Iterator[tuple[str, str]]:
    for (day, worked), count in _days(document, language).items():
        expected = language.figures.workday(day)
        dates = {expected, earlier.workday(document, day)}
        if sum(page.count(_beside((date_, *worked))) for date_ in dates) < count:
            yield f"workday {day}", " ".join((expected, *worked))


def _beside(fact: Sequence[str]) -> str:
    return "\n".join(["", *map(flat, fact), ""])


def _supplier_is_named(document: PrintedInvoice, texts: Sequence[Text]) -> bool:
    """A long name goes on in the next line, at the same left edge."""
    columns: dict[int, str] = defaultdict(str)
    for text in texts:
        columns[text.left] += text.content
    return any(flat(document.supplier.name) in column for column in columns.values())
