"""The PDFs: as stored, as recorded, and what they print."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from pypdf import PdfReader

from chalicelib.billing.content import content_sha256
from chalicelib.billing.issued import Finding
from chalicelib.documents import wording
from chalicelib.documents.printed import PrintedInvoice
from chalicelib.documents.texts import with_composed_texts
from chalicelib.language import Language, language_of
from chalicelib.steps.render_invoice import printed

from .ledger import Document
from .reading import stored

# boto3 keeps ten connections.
READERS = 8

Progressed = Callable[[int, int], None]


def check_fingerprint(document: Document) -> list[Finding]:
    stated = document.header["content_sha256"]
    content: Mapping[str, Any] = {**document.header}
    worked_out = content_sha256(content, [{**line} for line in document.lines])
    if stated == worked_out:
        return []
    return [Finding(document.number, "fingerprint of its content", worked_out, stated)]


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
    """The stored bytes against their row; only if they agree, what they print."""
    header = document.header
    pdf = stored(bucket, header["s3_key"])
    if pdf is None:
        return [Finding(document.number, "PDF", f"stored as {header['s3_key']}", None)]
    sides = (
        ("size of the PDF", f"{header['bytes']:,} bytes", f"{len(pdf):,} bytes"),
        ("SHA-256 of the PDF", header["sha256"], hashlib.sha256(pdf).hexdigest()),
    )
    wrong = [Finding(document.number, *side) for side in sides if side[1] != side[2]]
    stated = printed(header, document.lines, document.days)
    return wrong or check_print(pdf, with_composed_texts(stated))


def check_print(pdf: bytes, document: PrintedInvoice) -> list[Finding]:
    """
    Whether the text of *pdf* states the figures of *document*, its number and its supplier.

    A figure is looked for beside its neighbours and as a whole: 480.00 is not part of 1,480.00.
    """
    try:
        texts = _texts(pdf)
    except Exception as error:  # noqa: BLE001 -- whatever pypdf trips over, the file is at fault
        return [Finding(document.number, "PDF", "readable", f"{type(error).__name__}: {error}")]
    language = language_of(document.locale)
    missing = [
        *_missing({"number": (wording.name(document, language),)}, texts),
        *_missing(_figures(document, language), texts),
    ]
    if not _supplier_is_named(document, texts):
        missing.append(("supplier", document.supplier.name))
    return [
        Finding(document.number, f"{name} on the PDF", expected, None) for name, expected in missing
    ]


@dataclass(frozen=True, slots=True)
class _Text:
    """One text of a page, without white space; its left edge in tenths of a point."""

    left: int
    content: str


def _texts(pdf: bytes) -> list[_Text]:
    """Every text of *pdf*, in the order drawn."""
    texts = []

    def visit(content: str, _outer: object, matrix: Sequence[float], *_font: object) -> None:
        if flat := _flat(content):
            texts.append(_Text(round(matrix[4] * 10), flat))

    for page in PdfReader(BytesIO(pdf)).pages:
        page.extract_text(visitor_text=visit)
    return texts


def _flat(text: str) -> str:
    return "".join(text.split())


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


def _missing(
    facts: Mapping[str, tuple[str, ...]], texts: Sequence[_Text]
) -> Iterator[tuple[str, str]]:
    """Those of *facts* that do not follow the one before in *texts*, with what is missing."""
    page = "\n".join(["", *(text.content for text in texts), ""])
    read = 0
    for name, fact in facts.items():
        wanted = "\n".join(["", *map(_flat, fact), ""])
        place = page.find(wanted, read)
        if place < 0:
            yield name, " ".join(fact)
        else:
            read = place + len(wanted) - 1


def _supplier_is_named(document: PrintedInvoice, texts: Sequence[_Text]) -> bool:
    """A long name goes on in the next line, at the same left edge."""
    columns: dict[int, str] = defaultdict(str)
    for text_ in texts:
        columns[text_.left] += text_.content
    return any(_flat(document.supplier.name) in column for column in columns.values())
