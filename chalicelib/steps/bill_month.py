"""
Bill: the month's run, from the lock to the fan-out.

A crash anywhere is healed by running again: what was committed stays, what was not is done, and
what was issued but not rendered or mailed is sent round once more.
"""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError

from chalicelib import queues
from chalicelib.billing.balance import ControlTotals
from chalicelib.billing.errors import BillingError
from chalicelib.billing.month import draft_month
from chalicelib.billing.period import Period
from chalicelib.documents.coverage import unprintable
from chalicelib.exports import export_period
from chalicelib.settings import Payer, Settings
from chalicelib.store import deliveries
from chalicelib.store.connection import check_reachable, engine, period_lock
from chalicelib.store.extraction import extract
from chalicelib.store.issuing import Issue, issue
from chalicelib.store.runs import fail_run, start_run


class UnprintablePayer(BillingError):
    """The company's own name or address cannot be printed on any invoice."""

    def __init__(self, letters: str) -> None:
        self.letters = letters
        super().__init__(f"the invoice's fonts lack {letters} of PAYER_*; write it otherwise")


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """What a run did; what went on to the queues includes the sweep of earlier runs."""

    run_id: int
    period: Period
    control: ControlTotals
    invoices: int
    render_messages: int
    email_messages: int


def handle(event: dict[str, Any]) -> dict[str, Any]:
    """The Lambda: *event* may name the period; a schedule's does not, and bills last month."""
    settings = Settings.from_environment(os.environ)
    now = datetime.now(UTC)
    named = event.get("period")
    outcome = bill_month(settings, period_to_bill(settings, named, now), now)
    return {
        "run_id": outcome.run_id,
        "period": str(outcome.period),
        "invoices": outcome.invoices,
        "control": {
            side: {name: str(value) for name, value in count.items()}
            for side, count in asdict(outcome.control).items()
        },
    }


def period_to_bill(settings: Settings, named: str | None, now: datetime) -> Period:
    """
    The period of a run: the one that is *named*, or the month before today.

    Raises:
        InvalidPeriod: If *named* is not a month.
    """
    if named is not None:
        return Period.parse(named)
    return Period.before(now.astimezone(settings.billing_timezone).date())


def bill_month(settings: Settings, period: Period, now: datetime) -> RunOutcome:
    """
    Run *period*: extract, judge, balance, issue, fan out, export.

    Args:
        settings: Where the database, queues and buckets are, and who pays.
        period: The month to bill.
        now: The moment of issue, aware.

    Raises:
        DatabaseUnreachable: If there is no database; nothing happened.
        UnprintablePayer: If no invoice could be printed; nothing happened.
        Unbalanced: If the run does not balance; nothing was issued, the run is kept as failed.
    """
    if letters := unprintable(" ".join(_printed_of(settings.payer))):
        raise UnprintablePayer(letters)
    check_reachable(settings.database_url)
    ledger = engine(settings.database_url)
    with period_lock(ledger, period) as connection:
        run_id = start_run(connection, period)
        try:
            control, invoices = _issue_month(connection, settings, period, run_id, now)
        except BaseException as error:
            _note_failure(ledger, run_id, error)
            raise
        rendering, mailing = fan_out(connection, settings, period)
        export_period(connection, settings.export_bucket, period)
    return RunOutcome(run_id, period, control, invoices, rendering, mailing)


def _issue_month(
    connection: Connection, settings: Settings, period: Period, run_id: int, now: datetime
) -> tuple[ControlTotals, int]:
    issued_on = now.astimezone(settings.billing_timezone).date()
    snapshot = extract(connection, period)
    draft = draft_month(snapshot, issued_on=issued_on, unprintable=unprintable)
    common = Issue(run_id, period, now, issued_on, settings.payer)
    with connection.begin():
        issue(connection, draft, snapshot, common)
    return draft.control, draft.invoices.height


def _note_failure(ledger: Engine, run_id: int, error: BaseException) -> None:
    """On a connection of its own, as the run's may be what broke.  Lost, the next run notes it."""
    try:
        with ledger.connect() as connection:
            fail_run(connection, run_id, str(error) or type(error).__name__)
    except OperationalError as lost:
        error.add_note(f"run {run_id} could not be marked as failed: {lost}")


def fan_out(connection: Connection, settings: Settings, period: Period) -> tuple[int, int]:
    """
    Queue whatever of *period* is issued and not rendered, or rendered and not mailed.

    Right after a run that is all of it; later it sweeps up what a crash left.  Safe to repeat:
    a document is stored once and a delivery claimed once, however often they are queued.

    Returns:
        How many messages went to the renderer and to the emailer.
    """
    rendering = connection.execute(deliveries.not_rendered(period)).scalars().all()
    mailing = connection.execute(deliveries.not_mailed(period)).scalars().all()
    connection.rollback()
    queues.publish(settings.render_queue_url, "invoice_id", rendering)
    queues.publish(settings.email_queue_url, "delivery_id", mailing)
    return len(rendering), len(mailing)


def _printed_of(payer: Payer) -> tuple[str, ...]:
    return payer.name, payer.address, payer.country, payer.tax_id
