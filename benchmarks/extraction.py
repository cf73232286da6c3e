"""Extraction into frames, against draining the very same COPYs to nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import psycopg
from sqlalchemy import Connection, text

from chalicelib.billing.schemas import Workday, dtypes
from chalicelib.store.connection import driver, engine
from chalicelib.store.extraction import copy_frame, extract, workdays_query

from .claims import Claim, Measured, Speed, interleaved
from .data import DAYS, PERIOD, month_after_a_year, month_of
from .processes import in_fresh_process
from .server import Server
from .sizes import Sizes
from .watching import Watch

AT_MOST = 1.5
AFTER_A_YEAR = 2
WITHIN = {"start": PERIOD.start, "end": PERIOD.end}


def against_draining(server: Server, sizes: Sizes) -> Measured:
    """Reading into frames takes at most half as long again as reading and keeping nothing."""
    server.prepare("large", month_of(sizes.large_month))
    with server.copy_of("large") as url:
        return Measured(in_fresh_process(_claims, url, sizes))


def behind_a_year(server: Server, sizes: Sizes) -> Measured:
    """Reading from a ledger that holds a year of lineage is about as fast as from an empty one."""
    server.prepare("small", month_of(sizes.small_month))
    server.prepare("year", month_after_a_year(sizes.small_month))
    with server.copy_of("small") as empty, server.copy_of("year") as full:
        return Measured([in_fresh_process(_claim_of_history, full, empty, sizes)])


def _claim_of_history(full: str, empty: str, sizes: Sizes) -> Claim:
    with engine(full).connect() as late, engine(empty).connect() as early:
        after, first = interleaved(
            sizes.extractions,
            partial(extract, late, PERIOD.start, PERIOD.end),
            partial(extract, early, PERIOD.start, PERIOD.end),
        )
    what = f"extract() of {sizes.small_month:,} employees, a year in the ledger"
    return Speed(what, after, first, "the same month, ledger empty", AFTER_A_YEAR)


def _claims(url: str, sizes: Sizes) -> list[Claim]:
    with engine(url).connect() as connection:
        statements = statements_of_extract(connection)
        workdays, drained, whole, all_drained = interleaved(
            sizes.extractions,
            partial(_workdays, connection),
            partial(drain, connection, statements[:1]),
            partial(extract, connection, PERIOD.start, PERIOD.end),
            partial(drain, connection, statements),
        )
    rows = f"{sizes.large_month * DAYS:,} workdays"
    return [
        Speed(f"{rows} into a frame", workdays, drained, "the same COPY, drained", AT_MOST),
        Speed(f"extract() of {rows}", whole, all_drained, "all its COPYs, drained", AT_MOST),
    ]


def statements_of_extract(connection: Connection) -> list[str]:
    """The COPYs that `extract` runs, workdays first."""
    watch = Watch(connection)
    extract(connection, PERIOD.start, PERIOD.end)
    driver(connection).cursor_factory = psycopg.Cursor
    return watch.copies_out


def drain(connection: Connection, statements: Sequence[str]) -> None:
    """Run COPYs out of the database, in the same kind of transaction, and keep nothing."""
    with _snapshot(connection), driver(connection).cursor() as cursor:
        for statement in statements:
            with cursor.copy(statement.encode()) as copy:
                for _ in copy:
                    pass


def _workdays(connection: Connection) -> None:
    with _snapshot(connection):
        copy_frame(connection, workdays_query(), dtypes(Workday), WITHIN)


@contextmanager
def _snapshot(connection: Connection) -> Iterator[None]:
    connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
    connection.execute(text("SET LOCAL datestyle = 'ISO'"))
    yield
    connection.rollback()
