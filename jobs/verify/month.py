"""Verify everything of one month; each difference is one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import polars as pl
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy import text

from chalicelib.billing import verification
from chalicelib.billing.issued import Finding
from chalicelib.billing.period import Period
from chalicelib.export.parquet import DATASETS
from chalicelib.settings import Settings
from chalicelib.store.connection import check_reachable, engine, period_lock
from jobs.guards import SEARCH_PATH, expected_guards, read_guards
from jobs.wording import counted

from .ledger import read_documents, read_ledger
from .parquet import compare_export
from .pdfs import Progressed, check_fingerprint, check_pdfs

# The render queue gives up after five tries, six minutes apart.
RENDERED_WITHIN = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Verification:
    """
    What was compared, and every difference.

    Attributes:
        workdays: Rows of lineage, those of credit notes included.
        pdfs: Documents whose PDF is stored.
        rendering: Documents issued so recently that their PDF may still come.
        datasets: Parquet files read.
        moved_on: Deliveries that have changed since the export, which is not a difference.
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
            f"{counted(self.documents, 'document')}, {counted(self.workdays, 'workday')},"
            f" {counted(self.pdfs, 'PDF')} and {counted(self.datasets, 'dataset')}"
        )
        if self.findings:
            found = f"{counted(len(self.findings), 'difference')} in {compared}."
        else:
            found = f"{compared} agree."
        late = f" {counted(self.rendering, 'PDF')} not rendered yet." * bool(self.rendering)
        moved = counted(self.moved_on, "delivery", "deliveries")
        since = f" {moved} changed since the export." * bool(self.moved_on)
        return f"{self.period}: {found}{late}{since}"


def show_verification(settings: Settings, period: Period, console: Console) -> bool:
    """
    Verify *period*, with a progress bar for the PDFs; print each difference, and a summary.

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


def _findings(differences: pl.DataFrame) -> Iterator[Finding]:
    return (Finding(**row) for row in differences.iter_rows(named=True))


def verify_period(
    settings: Settings, period: Period, progress: Progressed, *, now: datetime | None = None
) -> Verification:
    """
    Recompute every document of *period* and compare ledger, PDFs and Parquet.

    Some rules cannot be judged by one month.  Of the whole ledger it reads every number with its
    date, the lineage of the same days and workdays, rows that belong to nothing, and the
    database's own guards.

    The ledger and the Parquet are read while the period is locked, so that no run changes them
    meanwhile; the PDFs never change and are read afterwards.

    Args:
        settings: Where the database and the buckets are.
        period: The month.
        progress: Told how many documents are compared, of how many.
        now: The moment by which a PDF is due, aware; this moment if left out.

    Raises:
        DatabaseUnreachable: If the database does not answer.
    """
    check_reachable(settings.database_url)
    with period_lock(engine(settings.database_url), period) as connection:
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
        connection.execute(text(SEARCH_PATH))
        guards = read_guards(connection)
        ledger = read_ledger(connection, period)
        documents = read_documents(connection, period)
        exported = [compare_export(connection, settings, name, period) for name in DATASETS]
        connection.rollback()

    rendered = [document for document in documents if document.header.s3_key is not None]
    due = (now or datetime.now(UTC)) - RENDERED_WITHIN
    overdue = [
        Finding(document.number, "PDF", "stored", "not rendered")
        for document in documents
        if document.header.s3_key is None and document.header.issued_at <= due
    ]
    found = [
        *_findings(verification.compare_guards(expected_guards(), guards)),
        *_findings(verification.verify(ledger)),
        *(finding for document in documents for finding in check_fingerprint(document)),
        *overdue,
        *check_pdfs(settings.document_bucket, rendered, progress),
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
