"""
What the database refused, as one sentence.

The database's own message is not passed on. It quotes the row: COPY's context has all of it, with
names and accounts, and so may a message, a detail or a hint. What is kept is what its SQLSTATE
means, and the names of the table, column, constraint or trigger function.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import errors
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from chalicelib.billing.errors import BillingError

AGAIN = "run it again"
DATA = "correct the data, then run it again"
RIGHTS = "name a role in DATABASE_URL that may, or have its owner grant the right"
ROOM = "make room on its disk, then run it again"
SCHEMA = "its schema is out of date; run: python -m jobs migrate"
WRITABLE = "point DATABASE_URL to the primary, or make the database writable"

# SQLSTATE, or its class: what it means, and what to do.  https://www.postgresql.org/docs/current/
# errcodes-appendix.html
MEANINGS = {
    "08": ("the connection was lost", AGAIN),
    "0A": ("it does not support what was asked", "use PostgreSQL 15 or newer"),
    "22": ("a value does not fit its column", DATA),
    "23": ("a row breaks a rule of the ledger", DATA),
    "23001": ("what is issued would change, or not add up", "issue a correction instead"),
    "23503": ("a row refers to one that does not exist, or is referred to", DATA),
    "23505": ("a row is there already", AGAIN),
    "25006": ("it is read-only", WRITABLE),
    "28": ("it refused the sign-in", "correct DATABASE_URL"),
    "3D": ("there is no such database", "correct DATABASE_URL"),
    "3F": ("a schema is missing", SCHEMA),
    "40001": ("another transaction changed the same rows", AGAIN),
    "40P01": ("it was in a deadlock with another transaction", AGAIN),
    "40": ("it rolled the transaction back", AGAIN),
    "42501": ("the role may not do this", RIGHTS),
    "42P01": ("a table is missing", SCHEMA),
    "42703": ("a column is missing", SCHEMA),
    "42883": ("a function is missing", SCHEMA),
    "53100": ("its disk is full", ROOM),
    "53200": ("it is out of memory", "give it more memory, then run it again"),
    "53300": ("it has no connection left", "wait for other programs to end, then run it again"),
    "53": ("it is out of resources", AGAIN),
    "55P03": ("a lock was not free within lock_timeout", AGAIN),
    "57014": ("the statement was cancelled, or took longer than statement_timeout", AGAIN),
    "57P": ("it was shut down or is starting", "run it again once it is up"),
    "58": ("its disk failed", "look at its log"),
    "P0001": ("a rule of the ledger refused a row", DATA),
    "XX": ("it found an error of its own", "look at its log"),
}
UNREACHABLE = ("the connection was lost or could not be made", AGAIN)
UNREADABLE = ("the answer or a value could not be read", "report this as a defect")
# The innermost function of a context; names alone, never the arguments.
RULE = re.compile(r"PL/pgSQL function (?:\w+\.)?([a-z_][a-z0-9_]{0,62})\(")
LONGEST_CLASS = 5

DatabaseError = psycopg.Error | SQLAlchemyError


class DatabaseRefused(BillingError):
    """
    The database did not do what was asked.

    Attributes:
        sqlstate: Its code for the reason; None if it did not answer.
    """

    def __init__(self, error: DatabaseError) -> None:
        below = _driver_error(error)
        self.sqlstate = below.sqlstate if below else None
        meaning, advice = _meaning(error, below)
        named = _names(below) if below else ""
        super().__init__(f"the database refused the request: {meaning}{named}; {advice}")


@contextmanager
def told() -> Iterator[None]:
    """
    Around what uses the database: its errors leave as `DatabaseRefused`, alone.

    Raises:
        DatabaseRefused: Instead of the database's own, which would be logged with the row.
    """
    try:
        yield
    except (psycopg.Error, SQLAlchemyError) as error:
        raise DatabaseRefused(error).with_traceback(error.__traceback__) from None


def _driver_error(error: DatabaseError) -> psycopg.Error | None:
    below = error.orig if isinstance(error, DBAPIError) else error
    return below if isinstance(below, psycopg.Error) else None


def _meaning(error: DatabaseError, below: psycopg.Error | None) -> tuple[str, str]:
    if below is None:
        return f"{type(error).__name__} in the connection to it", AGAIN
    if below.sqlstate is None:
        gone = isinstance(below, errors.OperationalError | errors.InterfaceError)
        return UNREACHABLE if gone else UNREADABLE
    for length in range(LONGEST_CLASS, 1, -1):
        if known := MEANINGS.get(below.sqlstate[:length]):
            return known
    return f"{type(below).__name__} (SQLSTATE {below.sqlstate})", "look at its log"


def _names(error: psycopg.Error) -> str:
    """What stands in parentheses: the constraint, column and table, or the function of a rule."""
    found = error.diag
    rule = RULE.match(found.context or "")
    named = {
        "constraint": found.constraint_name,
        "column": found.column_name,
        "table": found.table_name,
        "rule": rule[1] if rule else None,
    }
    said = ", ".join(f"{what} {name}" for what, name in named.items() if name)
    return f" ({said})" if said else ""
