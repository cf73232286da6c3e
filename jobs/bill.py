"""A run from the command line: the same code as the Lambda's, then the deliveries, followed."""

from __future__ import annotations

from datetime import UTC, datetime

from rich.console import Console

from chalicelib.billing.period import Period
from chalicelib.export.parquet import export_period
from chalicelib.settings import Settings
from chalicelib.steps.bill_month import RunOutcome, bill_month
from chalicelib.store.connection import check_reachable, engine, period_lock
from chalicelib.store.reporting import PeriodReport, report_period
from jobs.follow import follow

# A renderer or emailer that has done nothing for so long will not do anything soon.
PATIENCE_SECONDS = 120.0


def bill(settings: Settings, period: Period, console: Console, *, wait: bool) -> RunOutcome:
    """
    Run *period*; with *wait*, follow its deliveries to their end and export how they ended.

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
