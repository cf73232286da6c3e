"""The floor of a run: the same rows read and written, with nothing in between."""

from __future__ import annotations

from collections.abc import Iterator
from time import perf_counter
from typing import NamedTuple

import psycopg
from psycopg import sql

from chalicelib.store.connection import driver, engine

from .extraction import drain

# In the order of their foreign keys.
WRITTEN = (
    "invoice_series",
    "invoice",
    "invoice_line",
    "invoice_workday",
    "delivery",
    "rejected_workday",
    "held_employee",
)

COLUMNS = """
    SELECT column_name FROM information_schema.columns
    WHERE table_name = %s AND is_generated = 'NEVER' ORDER BY ordinal_position
"""


# A run begins without totals and ends with them.
BEGIN_RUN = """
    INSERT INTO billing_run (id, period, status, started_at)
    SELECT id, period, 'running', started_at FROM jsonb_populate_record(NULL::billing_run, %(run)s)
"""
END_RUN = """
    UPDATE billing_run AS run SET
        (status, finished_at, extracted_rows, extracted_hours, billed_rows, billed_hours,
         rejected_rows, rejected_hours, held_rows, held_hours)
        = (SELECT status, finished_at, extracted_rows, extracted_hours, billed_rows, billed_hours,
                  rejected_rows, rejected_hours, held_rows, held_hours
           FROM jsonb_populate_record(NULL::billing_run, %(run)s))
    WHERE id = (%(run)s::jsonb ->> 'id')::bigint
"""


class Rows(NamedTuple):
    """The rows of one table, as COPY writes and reads them."""

    target: sql.Composed
    content: bytes


def repeat_bare(billed: str, fresh: str, statements: list[str], *, triggers: bool) -> float:
    """
    Do in *fresh* what a run did in *billed*: drain its COPYs, COPY its rows in, commit.

    Args:
        billed: The URL of a database whose month is billed.
        fresh: The URL of a copy from before that run.
        statements: The COPYs of the extraction.
        triggers: Whether our triggers stay on; keys, checks and foreign keys always do.

    Returns:
        The seconds it took.
    """
    written, runs = list(_rows_written(billed)), _runs(billed)
    if not triggers:
        _switch_off_triggers(fresh)
    with engine(fresh).connect() as connection:
        started = perf_counter()
        drain(connection, statements)
        with connection.begin(), driver(connection).cursor() as cursor:
            cursor.executemany(BEGIN_RUN, runs)
            for rows in written:
                with cursor.copy(sql.SQL("COPY {} FROM STDIN").format(rows.target)) as copy:
                    copy.write(rows.content)
            cursor.executemany(END_RUN, runs)
        return perf_counter() - started


def _rows_written(url: str) -> Iterator[Rows]:
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        for table in WRITTEN:
            columns = [name for (name,) in cursor.execute(COLUMNS, [table])]
            target = sql.SQL("{} ({})").format(
                sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
            )
            with cursor.copy(sql.SQL("COPY {} TO STDOUT").format(target)) as copy:
                yield Rows(target, b"".join(copy))


def _runs(url: str) -> list[dict[str, str]]:
    with psycopg.connect(url) as connection:
        runs = connection.execute("SELECT to_jsonb(run)::text FROM billing_run AS run")
        return [{"run": run} for (run,) in runs]


def _switch_off_triggers(url: str) -> None:
    """Those of our own; foreign keys are still checked."""
    with psycopg.connect(url) as connection:
        for table in ("billing_run", *WRITTEN):
            connection.execute(
                sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(sql.Identifier(table))
            )
