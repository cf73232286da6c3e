"""
Verifying a month: the ledger against itself, its PDFs and its Parquet.

`chalicelib.billing.verification` works the ledger out again; what needs the database, S3 or pypdf,
which is not shipped, is here.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import polars as pl
from botocore.exceptions import ClientError
from pypdf import PdfReader
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy import Connection, RowMapping, select, text

from chalicelib import objects
from chalicelib.billing import verification
from chalicelib.billing.content import content_sha256
from chalicelib.billing.period import Period
from chalicelib.billing.schemas import Frame, dtypes
from chalicelib.billing.verification import Finding, Issued, Ledger, differences
from chalicelib.documents import figures
from chalicelib.documents.printed import PrintedInvoice
from chalicelib.documents.texts import with_composed_texts
from chalicelib.documents.wording import ENGLISH
from chalicelib.exports import DATASETS, export_key, read_dataset
from chalicelib.settings import Settings
from chalicelib.steps.render_invoice import printed
from chalicelib.store import queries
from chalicelib.store.connection import check_reachable, engine, period_lock
from chalicelib.store.extraction import copy_frame
from chalicelib.store.tables import invoice, invoice_line

# The render queue gives up after five tries, six minutes apart.
RENDERED_WITHIN = timedelta(minutes=30)
# boto3 keeps ten connections.
READERS = 8

Progressed = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Verification:
    """
    What was compared, and every difference.

    Attributes:
        workdays: Rows of lineage, those of credit notes included.
        pdfs: Documents whose PDF is stored.
        rendering: Documents issued so recently that their PDF may still come.
        datasets: Parquet files read.
        moved_on: Deliveries that are no longer as exported, which is no difference.
        findings: By number.
    """

    period: Period
    documents: int
    workdays: int
    pdfs: int
    rendering: int
    datasets: int
    moved_on: int
    findings: list[Finding]

    def __str__(self) -> str:
        compared = (
            f"{_count(self.documents, 'document')}, {_count(self.workdays, 'workday')},"
            f" {_count(self.pdfs, 'PDF')} and {_count(self.datasets, 'dataset')}"
        )
        if self.findings:
            found = f"{_count(len(self.findings), 'difference')} among {compared}."
        else:
            found = f"{compared} agree."
        late = f" {_count(self.rendering, 'PDF')} still to be rendered." * bool(self.rendering)
        moved = _count(self.moved_on, "delivery", "deliveries")
        since = f" {moved} moved on since the export." * bool(self.moved_on)
        return f"{self.period}: {found}{late}{since}"


def _count(count: int, one: str, many: str | None = None) -> str:
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"


def show_verification(settings: Settings, period: Period, console: Console) -> bool:
    """
    Verify *period*, with a bar while PDFs are read; print a sentence per difference, and one sum.

    Returns:
        Whether anything was found.
    """
    bar = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    unseen = not console.is_terminal
    with Progress(*bar, console=console, transient=True, disable=unseen) as bars:
        task = bars.add_task(f"verifying {period}", total=None)
        verified = verify_period(
            settings, period, lambda done, total: bars.update(task, completed=done, total=total)
        )
    for finding in verified.findings:
        console.print(str(finding), markup=False, highlight=False, soft_wrap=True)
    console.print(str(verified), markup=False, highlight=False, soft_wrap=True)
    return bool(verified.findings)


def verify_period(
    settings: Settings, period: Period, progress: Progressed, *, now: datetime | None = None
) -> Verification:
    """
    Recompute every document of *period* and compare ledger, PDFs and Parquet.

    The ledger and the Parquet are read while the period is locked, so that no run changes them
    meanwhile; the PDFs never change and are read after that.

    Args:
        settings: Where the database and the buckets are.
        period: The month.
        progress: Told how many documents of how many are compared.
        now: When a PDF is due, aware; this moment if left out.

    Raises:
        DatabaseUnreachable: If the database does not answer.
    """
    check_reachable(settings.database_url)
    with period_lock(engine(settings.database_url), period) as connection:
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
        connection.execute(text("SET LOCAL datestyle = 'ISO'"))
        ledger = _ledger(connection, period)
        documents = _documents(connection, period)
        exported = [_exported(connection, settings, name, period) for name in DATASETS]
        connection.rollback()

    rendered = [document for document in documents if document.header["s3_key"] is not None]
    due = (now or datetime.now(UTC)) - RENDERED_WITHIN
    overdue = [
        Finding(document.number, "PDF", "stored", "not rendered")
        for document in documents
        if document.header["s3_key"] is None and document.header["issued_at"] <= due
    ]
    found = [
        *(Finding(**row) for row in verification.verify(ledger).iter_rows(named=True)),
        *(finding for document in documents for finding in _check_fingerprint(document)),
        *overdue,
        *_check_pdfs(settings.document_bucket, rendered, progress),
        *(finding for dataset in exported for finding in dataset.findings),
    ]
    return Verification(
        period=period,
        documents=len(documents),
        workdays=ledger.issued.lineage.height,
        pdfs=len(rendered),
        rendering=len(documents) - len(rendered) - len(overdue),
        datasets=sum(dataset.read for dataset in exported),
        moved_on=sum(dataset.moved_on for dataset in exported),
        findings=sorted(found, key=lambda finding: finding.number),
    )


OF_PERIOD = "(SELECT id FROM invoice WHERE period = {start})"
CREDITED = "(SELECT credits_invoice_id FROM invoice WHERE period = {start})"

ISSUED_DOCUMENTS = """
    SELECT number, kind,
           (SELECT original.number FROM invoice AS original
            WHERE original.id = invoice.credits_invoice_id),
           series, employee.code, run_id, invoice.currency, subtotal, invoice.tax_rate, tax, total,
           rounding_policy
    FROM invoice JOIN employee ON employee.id = employee_id
    WHERE invoice.id IN """

ISSUED_LINES = """
    SELECT number, position, project_code, project_name, invoice_line.kind, hours, unit_rate, amount
    FROM invoice_line JOIN invoice ON invoice.id = invoice_id
    WHERE invoice_id IN """

# Lineage has no foreign keys to employees and projects: one that has gone is named by its id.
ISSUED_WORKDAYS = """
    SELECT number, position, coalesce(employee.code, day.employee_id::text), work_date,
           coalesce(project.code, day.project_id::text), day.kind, turn, workday_id, hours,
           unit_rate
    FROM invoice_workday AS day
    JOIN invoice ON invoice.id = invoice_id
    LEFT JOIN employee ON employee.id = day.employee_id
    LEFT JOIN project ON project.id = day.project_id
    WHERE invoice_id IN """

IN_ORDER = {
    ISSUED_DOCUMENTS: ' ORDER BY number COLLATE "C"',
    ISSUED_LINES: ' ORDER BY number COLLATE "C", position',
    ISSUED_WORKDAYS: ' ORDER BY number COLLATE "C", position, work_date',
}

NUMBERS = "SELECT number, series, sequence FROM invoice"

SERIES = "SELECT series, last_sequence FROM invoice_series"

COMPLETED_RUNS = """
    SELECT id, billed_rows, billed_hours FROM billing_run
    WHERE period = {start} AND status IN ('issued', 'empty') ORDER BY id
"""


def _ledger(connection: Connection, period: Period) -> Ledger:
    def copy(query: str, model: type[Frame]) -> pl.DataFrame:
        return copy_frame(connection, query, dtypes(model), {"start": period.start})

    def issued(chosen: str) -> Issued:
        frames = (
            (ISSUED_DOCUMENTS, verification.IssuedDocument),
            (ISSUED_LINES, verification.IssuedLine),
            (ISSUED_WORKDAYS, verification.IssuedWorkday),
        )
        return Issued(*(copy(query + chosen + IN_ORDER[query], model) for query, model in frames))

    return Ledger(
        issued=issued(OF_PERIOD),
        credited=issued(CREDITED),
        numbers=copy(NUMBERS, verification.IssuedNumber),
        series=copy(SERIES, verification.Series),
        runs=copy(COMPLETED_RUNS, verification.CompletedRun),
    )


@dataclass(frozen=True, slots=True)
class _Document:
    """
    One invoice or credit note as it is printed.

    Attributes:
        header: A row of `queries.invoices`.
        lines: By position.
    """

    header: RowMapping
    lines: Sequence[RowMapping]

    @property
    def number(self) -> str:
        number: str = self.header["number"]
        return number


def _documents(connection: Connection, period: Period) -> list[_Document]:
    of_period = invoice.c.period == period.start
    headers = connection.execute(
        queries.invoices().where(of_period).order_by(invoice.c.number.collate("C"))
    )
    lines: dict[int, list[RowMapping]] = defaultdict(list)
    for line in connection.execute(
        select(invoice_line).join(invoice).where(of_period).order_by(invoice_line.c.position)
    ).mappings():
        lines[line["invoice_id"]].append(line)
    return [_Document(header, lines[header["id"]]) for header in headers.mappings()]


def _check_fingerprint(document: _Document) -> list[Finding]:
    stated = document.header["content_sha256"]
    content: Mapping[str, Any] = {**document.header}
    worked_out = content_sha256(content, [{**line} for line in document.lines])
    if stated == worked_out:
        return []
    return [Finding(document.number, "fingerprint of its content", worked_out, stated)]


def _check_pdfs(
    bucket: str, documents: Sequence[_Document], progress: Progressed
) -> Iterator[Finding]:
    progress(0, len(documents))
    with ThreadPoolExecutor(READERS) as readers:
        checks = readers.map(lambda document: _check_pdf(bucket, document), documents)
        for done, findings in enumerate(checks, start=1):
            progress(done, len(documents))
            yield from findings


def _check_pdf(bucket: str, document: _Document) -> list[Finding]:
    """The stored bytes against their row; only if they agree, what they print."""
    header = document.header
    pdf = _stored(bucket, header["s3_key"])
    if pdf is None:
        return [Finding(document.number, "PDF", f"stored as {header['s3_key']}", None)]
    sides = (
        ("size of the PDF", f"{header['bytes']:,} bytes", f"{len(pdf):,} bytes"),
        ("SHA-256 of the PDF", header["sha256"], hashlib.sha256(pdf).hexdigest()),
    )
    wrong = [Finding(document.number, *side) for side in sides if side[1] != side[2]]
    return wrong or _check_print(pdf, with_composed_texts(printed(header, document.lines)))


def _stored(bucket: str, key: str) -> bytes | None:
    try:
        return objects.get(bucket, key)
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchKey":
            return None
        raise


def _check_print(pdf: bytes, document: PrintedInvoice) -> list[Finding]:
    """
    Whether the text of *pdf* states the figures of *document*, its number and its supplier.

    A figure is looked for beside its neighbours and as a whole: 480.00 is not part of 1,480.00.
    """
    try:
        texts = _texts(pdf)
    except Exception as error:  # noqa: BLE001 -- whatever pypdf trips over, the file is at fault
        return [Finding(document.number, "PDF", "readable", f"{type(error).__name__}: {error}")]
    missing = [
        *_missing({"number": _title(document)}, texts),
        *_missing(_figures(document), texts),
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


def _title(document: PrintedInvoice) -> tuple[str, ...]:
    return (f"{ENGLISH.title(document.kind)} {document.number}",)


def _figures(document: PrintedInvoice) -> dict[str, tuple[str, ...]]:
    """The texts that stand beside each other on the PDF, by what they state, in reading order."""
    tax = f"{ENGLISH.tax} {figures.percentage(document.tax_rate)}"
    total = f"{document.currency} {figures.money(document.total)}"
    lines = {
        f"line {position}": (
            ENGLISH.kind(line.kind),
            figures.money(line.hours),
            figures.rate(line.unit_rate),
            figures.money(line.amount),
        )
        for position, line in enumerate(document.lines, start=1)
    }
    return {
        **lines,
        "subtotal": (ENGLISH.subtotal, figures.money(document.subtotal)),
        "tax": (tax, figures.money(document.tax)),
        "total": (ENGLISH.total, total),
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


DAY = pl.format("workday {} {} {}", "work_date", "project", "kind")

# What each dataset calls a row: the number it is of, and which of that number's.
ROWS = {
    "invoices": ("number", pl.lit("")),
    "lines": ("number", pl.format("line {}", "position")),
    "workdays": ("number", DAY),
    "rejects": ("employee", pl.concat_str(pl.lit("rejected "), DAY)),
    "deliveries": ("number", pl.format("delivery {}", "delivery_id")),
}

# A delivery goes on after the export.
MOVING = ("status", "attempts", "message_id", "error", "sent_at")


@dataclass(frozen=True, slots=True)
class _Exported:
    """How one Parquet file compares; it is not *read* where there is none."""

    findings: list[Finding]
    moved_on: int = 0
    read: bool = True


def _exported(connection: Connection, settings: Settings, name: str, period: Period) -> _Exported:
    """Compare one dataset with the ledger.  Without a row there it need not have been exported."""
    key = export_key(name, period)
    ledger = read_dataset(connection, DATASETS[name], period)
    parquet = _stored(settings.export_bucket, key)
    if parquet is None:
        gone = Finding(key, "Parquet", f"of {_count(ledger.height, 'row')}", None)
        return _Exported([gone] if ledger.height else [], read=False)
    try:
        frame = pl.read_parquet(BytesIO(parquet), hive_partitioning=False)
    except pl.exceptions.PolarsError as error:
        return _Exported([Finding(key, "Parquet", "readable", str(error).splitlines()[0])])
    if frame.schema != ledger.schema:
        return _Exported(_compare_columns(key, ledger, frame))
    moved_on = 0
    if name == "deliveries":
        moved_on = ledger.join(frame, on=ledger.columns, how="anti", nulls_equal=True).height
        ledger, frame = _settled(ledger, frame)
    return _Exported(_compare_rows(name, key, ledger, frame), moved_on)


def _compare_columns(key: str, ledger: pl.DataFrame, frame: pl.DataFrame) -> list[Finding]:
    expected = [f"{name} {kind}" for name, kind in ledger.schema.items()]
    found = [f"{name} {kind}" for name, kind in frame.schema.items()]
    return [Finding(key, "columns", ", ".join(expected), ", ".join(found))]


def _settled(ledger: pl.DataFrame, frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """
    The part of the deliveries that the export must have as the ledger does.

    An invoice's first delivery is issued with it; later ones may be newer than the export.
    """
    first = pl.col("delivery_id") == pl.col("delivery_id").min().over("number")
    exported = pl.col("delivery_id").is_in(frame["delivery_id"].to_list())
    return ledger.filter(first | exported).drop(MOVING), frame.drop(MOVING)


def _compare_rows(name: str, key: str, ledger: pl.DataFrame, frame: pl.DataFrame) -> list[Finding]:
    if ledger.equals(frame):
        return []
    number, row = ROWS[name]
    named = {"number": pl.col(number), "row": row}
    found = differences(
        ledger.with_columns(**named), frame.with_columns(**named), f" in {name}.parquet"
    )
    if found.is_empty():
        return [Finding(key, "Parquet", "sorted, each row once", _disorder(frame))]
    return [Finding(**difference) for difference in found.iter_rows(named=True)]


def _disorder(frame: pl.DataFrame) -> str:
    repeated = frame.height - frame.n_unique()
    return _count(repeated, "repeated row") if repeated else "another order"
