"""
Bill: the month's run, from the lock to the fan-out.

A crash anywhere is healed by running again: what was committed stays, what was not is done, and
what was issued but not rendered or emailed is queued again.
"""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from chalicelib.aws import metrics
from chalicelib.billing.control import ControlTotals
from chalicelib.billing.month import draft_month
from chalicelib.billing.period import Period
from chalicelib.billing.sharding import Shard, ShardOutcome, check_shards
from chalicelib.documents.pdf.coverage import unprintable
from chalicelib.settings import Settings
from chalicelib.store.actor import started_by
from chalicelib.store.connection import period_lock
from chalicelib.store.issuing import Issue, issue

from .reasons import telling
from .run import attempt, extract_month, issue_date, ready, refuse_closed, send_on


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """
    What a run did; what went on to the queues includes the sweep of earlier runs.

    Attributes:
        shard: The part of the period that it billed; None for the whole.
    """

    run_id: int
    period: Period
    control: ControlTotals
    invoices: int
    render_messages: int
    email_messages: int
    shard: Shard | None = None


@telling()
def handle(event: dict[str, Any]) -> dict[str, Any]:
    """
    The Lambda: *event* may name the period; a schedule's does not, and bills last month.

    ``"by"`` says who starts it, for the run's `claimed`; a schedule's says so of itself.  With
    ``"shard": [k, n]`` it bills one shard of it.  With ``"shards"``, the answers of all of
    them, it is the run of the whole that follows, and checks that nothing is missing.
    """
    now = datetime.now(UTC)
    try:
        with started_by(str(event.get("by") or "invoke")):
            outcome = _run(event, now)
    except BaseException:
        metrics.emit({"RunFailed": 1, "RunBalanced": 0}, now)
        raise
    metrics.emit(_figures(outcome), now)
    return {
        "run_id": outcome.run_id,
        "period": str(outcome.period),
        "shard": outcome.shard and [outcome.shard.index, outcome.shard.count],
        "invoices": outcome.invoices,
        "control": {
            side: {name: str(value) for name, value in count.items()}
            for side, count in asdict(outcome.control).items()
        },
    }


def _run(event: dict[str, Any], now: datetime) -> RunOutcome:
    settings = Settings.from_environment(os.environ)
    period = period_to_bill(settings, event.get("period"), now)
    if "shard" in event:
        return bill_month(settings, period, now, Shard.read(event["shard"]))
    outcome = bill_month(settings, period, now)
    if "shards" in event:
        shards = [ShardOutcome.read(answer) for answer in event["shards"]]
        check_shards(shards, str(period), outcome.control)
    return outcome


def _figures(outcome: RunOutcome) -> dict[str, int]:
    return {
        "RunFailed": 0,
        "RunBalanced": 1,
        "Invoices": outcome.invoices,
        "RejectedRows": outcome.control.rejected.rows,
        "HeldRows": outcome.control.held.rows,
    }


def period_to_bill(settings: Settings, named: str | None, now: datetime) -> Period:
    """
    The period of a run: the one that is *named*, or the month before today.

    Raises:
        InvalidPeriod: If *named* is not a month.
    """
    if named is not None:
        return Period.parse(named)
    return Period.before(issue_date(settings, now))


def bill_month(
    settings: Settings, period: Period, now: datetime, shard: Shard | None = None
) -> RunOutcome:
    """
    Run *period*: extract, judge, balance, issue, fan out, export.

    A run of a *shard* issues and stops there: the run of the whole that follows sends on and
    exports what all of them issued.

    Args:
        settings: Where the database, queues and buckets are, and who pays.
        period: The month to bill.
        now: The moment of issue, aware.
        shard: Bill its employees alone.

    Raises:
        DatabaseUnreachable: If there is no database; nothing happened.
        UnprintablePayer: If no invoice could be printed; nothing happened.
        PeriodClosed: If *period* is closed; nothing happened.
        Unbalanced: If the run does not balance; nothing was issued, the run is kept as failed.
    """
    ledger = ready(settings)
    with period_lock(ledger, period, shard) as connection:
        refuse_closed(connection, period)
        with attempt(ledger, connection, period, shard=shard) as run_id:
            control, invoices = _issue_month(connection, settings, period, run_id, now, shard)
        rendering, mailing = (0, 0) if shard else send_on(connection, settings, period)
    return RunOutcome(run_id, period, control, invoices, rendering, mailing, shard)


def _issue_month(
    connection: Connection,
    settings: Settings,
    period: Period,
    run_id: int,
    now: datetime,
    shard: Shard | None,
) -> tuple[ControlTotals, int]:
    snapshot = extract_month(connection, period, shard)
    common = Issue(run_id, period, now, issue_date(settings, now), settings.payer)
    draft = draft_month(snapshot, issued_on=common.issued_on, unprintable=unprintable)
    with connection.begin():
        issue(connection, draft, snapshot, common)
    return draft.control, draft.invoices.height
