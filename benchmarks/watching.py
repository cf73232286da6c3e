"""Watching a connection: which statements it runs, and how long each takes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any, Self

import psycopg
from psycopg import sql
from psycopg.abc import Query
from sqlalchemy import Connection

from chalicelib.store.connection import driver

COPY_OUT = re.compile(r"COPY \(.*?\bFROM (\w+)", re.DOTALL)
COPY_IN = re.compile(r'COPY "?(\w+)')


class Watch:
    """
    What a connection does from now on.

    Attributes:
        copies_out: The text of each COPY out of the database, in order.
        seconds: The time taken by each kind of statement, by a short name.
    """

    def __init__(self, connection: Connection) -> None:
        self.copies_out: list[str] = []
        self.seconds: dict[str, float] = {}
        driver(connection).cursor_factory = _cursor_watched_by(self)

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        started = perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0) + perf_counter() - started


def _cursor_watched_by(watch: Watch) -> type[psycopg.Cursor[Any]]:
    class Cursor(psycopg.Cursor[Any]):
        @contextmanager
        def copy(self, statement: Query, *args: Any, **options: Any) -> Iterator[psycopg.Copy]:  # noqa: ANN401
            text = _text(statement, self)
            if "TO STDOUT" in text:
                watch.copies_out.append(text)
            with watch.timed(_name(text)), super().copy(statement, *args, **options) as copy:
                yield copy

        def execute(self, query: Query, *args: Any, **options: Any) -> Self:  # noqa: ANN401
            with watch.timed(_name(_text(query, self))):
                return super().execute(query, *args, **options)

    return Cursor


def _text(statement: Query, cursor: psycopg.Cursor[Any]) -> str:
    """What will be sent, however it was written."""
    if isinstance(statement, sql.Composable):
        return statement.as_string(cursor)
    return statement.decode() if isinstance(statement, bytes) else str(statement)


def _name(statement: str) -> str:
    if out := COPY_OUT.match(statement):
        return f"COPY out of {out[1]}"
    if into := COPY_IN.match(statement):
        return f"COPY into {into[1]}"
    return " ".join(statement.split()[:3])
