"""
A run from the command line: the code of the Lambda function, then progress bars for the deliveries.

An email that SES has accepted counts as sent. What SES reports afterwards usually arrives within
seconds, so `follow` waits a moment longer for it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from sqlalchemy import Connection, text

from chalicelib.billing.period import Period
from chalicelib.export.parquet import export_period
from chalicelib.settings import Settings
from chalicelib.steps.bill_month import RunOutcome, bill_month
from chalicelib.store.connection import check_reachable, engine, period_lock
from chalicelib.store.reporting import PeriodReport, report_period

# A renderer or emailer that has done nothing for this long will not do anything soon.
PATIENCE_SECONDS = 120.0
POLL_SECONDS = 0.3
# How long to wait for the next report of SES before giving up on it.
REPORT_SECONDS = 5.0

STATE = text("""
    SELECT count(*) AS invoices,
           count(document.invoice_id) AS documents,
           count(*) FILTER (WHERE NOT on_its_way) AS ended,
           count(*) FILTER (WHERE NOT on_its_way AND newest.status <> 'sent') AS settled
    FROM invoice
    LEFT JOIN document ON document.invoice_id = invoice.id
    LEFT JOIN newest_delivery AS newest ON newest.invoice_id = invoice.id
    WHERE invoice.period = :start
""")


def bill(settings: Settings, period: Period, console: Console, *, wait: bool) -> RunOutcome:
    """
    Run *period*; with *wait*, follow its deliveries until they end, then export their outcome.

    Raises:
        BillingError: If nothing was issued, with what to do.
    """
    with console.status(f"billing {period}"):
        outcome = bill_month(settings, period, datetime.now(UTC))
    if wait:
        follow(settings.database_url, period, console, patience=PATIENCE_SECONDS)
        export(settings, period)
    return outcome


def export(settings: Settings, period: Period) -> dict[str, int]:
    """Rewrite the export of *period*; returns rows by dataset."""
    with period_lock(engine(settings.database_url), period) as connection:
        return export_period(connection, settings.export_bucket, period)


def report(database_url: str, period: Period) -> PeriodReport:
    """
    The report of *period* as it stands now.

    Raises:
        DatabaseUnreachable: If the database does not answer.
    """
    check_reachable(database_url)
    with engine(database_url).connect() as connection:
        return report_period(connection, period)


@dataclass(frozen=True, slots=True)
class State:
    """How far the deliveries of a period are; SES has reported on the *settled* ones."""

    invoices: int
    documents: int
    ended: int
    settled: int

    @property
    def over(self) -> bool:
        return self.documents == self.ended == self.invoices

    def worth_waiting(self, quiet: float, patience: float) -> bool:
        """Whether more may happen after *quiet* seconds in which nothing did."""
        if self.over:
            return self.settled < self.invoices and quiet < REPORT_SECONDS
        return quiet < patience


def follow(database_url: str, period: Period, console: Console, *, patience: float) -> bool:
    """
    Show progress until every invoice has its document, its delivery has ended and SES reported it.

    Args:
        database_url: The ledger.
        period: The month of the invoices.
        console: Where the bars go.
        patience: Seconds without any progress after which to give up.

    Returns:
        Whether everything ended; if not, the report says what is still on the way.
    """
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with engine(database_url).connect() as connection, Progress(*columns, console=console) as bars:
        documents, emails = bars.add_task("documents"), bars.add_task("emails   ")
        state, moved_at = _read(connection, period), time.monotonic()
        while state.worth_waiting(time.monotonic() - moved_at, patience):
            _show(bars, documents, emails, state)
            time.sleep(POLL_SECONDS)
            before, state = state, _read(connection, period)
            if state != before:
                moved_at = time.monotonic()
        _show(bars, documents, emails, state)
    return state.over


def _read(connection: Connection, period: Period) -> State:
    row = connection.execute(STATE, {"start": period.start}).mappings().one()
    connection.rollback()
    return State(**row)


def _show(bars: Progress, documents: TaskID, emails: TaskID, state: State) -> None:
    bars.update(documents, completed=state.documents, total=state.invoices)
    bars.update(emails, completed=state.ended, total=state.invoices)
