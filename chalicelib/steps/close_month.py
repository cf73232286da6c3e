"""Close: the month is billed no more."""

from __future__ import annotations

from chalicelib.billing.period import Period
from chalicelib.store.closing import close
from chalicelib.store.connection import check_reachable, engine, period_lock


def close_period(database_url: str, period: Period) -> None:
    """
    Close *period*.

    Raises:
        NotYetBilled: If its newest run did not complete.
    """
    check_reachable(database_url)
    with period_lock(engine(database_url), period) as connection:
        close(connection, period)
