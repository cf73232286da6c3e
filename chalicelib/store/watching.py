"""Watching: what the ledger itself says is late or has gone wrong, for the alarms."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, text

from chalicelib.billing.period import Period

# As the schedule in the template says.
DUE = time(3)
HOUR = timedelta(hours=1)
# For how long an invoice that did not arrive is worth an alarm.
REMEMBERED = timedelta(days=31)

# A run before the month was over does not count; a month without work, or closed, needs none.
SETTLED = """
    SELECT NOT EXISTS (SELECT FROM workday WHERE work_date >= :start AND work_date < :end)
        OR EXISTS (SELECT FROM closed_period WHERE period = :start)
        OR EXISTS (
            SELECT FROM run_status
            WHERE period = :start AND kind = 'month' AND completed AND finished_at >= :over
        )
"""

UNDELIVERED = """
    SELECT count(*) FROM newest_delivery JOIN invoice ON invoice.id = invoice_id
    WHERE lost AND issued_at >= :since
"""

OLDEST_WAITING = "SELECT min(queued_at) FROM newest_delivery WHERE on_its_way"


@dataclass(frozen=True, slots=True)
class Watch:
    """
    What there is to worry about; all zero when all is well.

    Attributes:
        hours_late: Since when last month should have been billed and has not been.
        undelivered: Invoices of the last 31 days that did not arrive and are not on their way.
        oldest_waiting_hours: How long the oldest email on its way has been waiting.
    """

    hours_late: int
    undelivered: int
    oldest_waiting_hours: int


def watch(connection: Connection, zone: ZoneInfo, now: datetime) -> Watch:
    """Look at the ledger as of *now*, an aware moment; months begin in *zone*."""
    undelivered = connection.execute(text(UNDELIVERED), {"since": now - REMEMBERED}).scalar_one()
    oldest = connection.execute(text(OLDEST_WAITING)).scalar()
    return Watch(
        hours_late=_hours_late(connection, zone, now),
        undelivered=undelivered,
        oldest_waiting_hours=0 if oldest is None else _hours(now - oldest),
    )


def _hours_late(connection: Connection, zone: ZoneInfo, now: datetime) -> int:
    billed = Period.before(now.astimezone(zone).date())
    over = datetime.combine(billed.end, time(), zone)
    late = _hours(now - datetime.combine(billed.end, DUE, zone))
    values = {"start": billed.start, "end": billed.end, "over": over}
    settled = not late or connection.execute(text(SETTLED), values).scalar_one()
    return 0 if settled else late


def _hours(span: timedelta) -> int:
    return max(span // HOUR, 0)
