"""Watching a connection: which statements it runs, and how long each takes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any

import psycopg
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
        def copy(self, statement: Any, *args: Any, **kwargs: Any) -> Iterator[psycopg.Copy]:
            text = _text(statement, self)
            if "TO STDOUT" in text:
                watch.copies_out.append(text)
            with watch.timed(_name(text)), super().copy(statement, *args, **kwargs) as copy:
                yield copy

        def execute(self, query: Any, *args: Any, **kwargs: Any) -> Cursor:
            with watch.timed(_name(_text(query, self))):
                return super().execute(query, *args, **kwargs)

    return Cursor


def _text(statement: Any, cursor: psycopg.Cursor[Any]) -> str:
    return statement if isinstance(statement, str) else statement.as_string(cursor)


def _name(statement: str) -> str:
    if out := COPY_OUT.match(statement):
        return f"COPY out of {out[1]}"
    if into := COPY_IN.match(statement):
        return f"COPY into {into[1]}"
    return " ".join(statement.split()[:3])
