"""Closing: periods that are billed no more."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.postgresql import insert

from chalicelib.billing.errors import BillingError
from chalicelib.billing.period import Period

from .runs import mark_interrupted
from .tables import closed_period, run_status


class PeriodClosed(BillingError):
    """A closed period is not billed again."""

    def __init__(self, period: Period, following: Period) -> None:
        self.period = period
        self.following = following
        super().__init__(
            f"{period} is closed; bill {following} instead, which includes its late workdays"
        )


class NotYetBilled(BillingError):
    """A period whose newest run did not complete cannot be closed."""

    def __init__(self, period: Period) -> None:
        self.period = period
        super().__init__(
            f"{period} was not billed to the end by its newest run; bill it, then close it"
        )


def close(connection: Connection, period: Period) -> None:
    """
    Close *period*, once and for all; closing it again changes nothing.  Commits.

    Call it while holding the period's lock.

    Raises:
        NotYetBilled: If its newest run did not complete.
    """
    newest = (
        select(run_status.c.completed)
        .where(run_status.c.period == period.start, run_status.c.kind == "month")
        .order_by(run_status.c.id.desc())
        .limit(1)
    )
    if not connection.execute(newest).scalar():
        connection.rollback()
        raise NotYetBilled(period)
    mark_interrupted(connection, period)
    connection.execute(insert(closed_period).values(period=period.start).on_conflict_do_nothing())
    connection.commit()


def is_closed(connection: Connection, period: Period) -> bool:
    query = select(func.count()).where(closed_period.c.period == period.start)
    return bool(connection.execute(query).scalar_one())


def open_from(connection: Connection, period: Period) -> Period:
    """*period*, or the first one after it that is not closed."""
    while is_closed(connection, period):
        period = period.following
    return period


def billed_from(connection: Connection, period: Period) -> date:
    """
    The first day whose workdays a run of *period* takes.

    That is its own first day, or that of the closed periods right before it: late work of theirs
    is billed with it.
    """
    while is_closed(connection, period.preceding):
        period = period.preceding
    return period.start
