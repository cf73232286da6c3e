"""Reading the ledger on behalf of whoever asks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from chalice.app import Request
from sqlalchemy import Connection

from chalicelib.settings import Settings
from chalicelib.store.connection import engine

from .identity import Reader, reader_of


@contextmanager
def reading(request: Request) -> Iterator[tuple[Connection, Reader]]:
    """A connection, kept across the invocations of a warm Lambda, and who reads through it."""
    with engine(settings().database_url).connect() as connection:
        yield connection, reader_of(request, connection)


@cache
def settings() -> Settings:
    return Settings.from_environment(os.environ)
