"""Fixtures of the property tests: those of the ledger's tests, and databases by the dozen."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from itertools import count

import psycopg
import pytest

from chalicelib.settings import Settings
from tests.builders_ledger import Books
from tests.conftest import TEMPLATE, forget, in_database
from tests.integration.conftest import books, clients, cloud, settings

__all__ = ["books", "clients", "cloud", "fresh_ledger", "hurried_server", "settings"]

OpenLedger = Callable[[], AbstractContextManager[tuple[Books, Settings]]]
serial = count()


@pytest.fixture(scope="package")
def hurried_server(server_url: str) -> Iterator[str]:
    """The session's server, which need not survive a power cut meanwhile: ten times as fast."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")
        yield server_url
        connection.execute("ALTER SYSTEM RESET fsync")
        connection.execute("SELECT pg_reload_conf()")


@pytest.fixture
def fresh_ledger(hurried_server: str, settings: Settings) -> OpenLedger:
    """Opens one empty ledger after another, each in a database that is dropped with it."""

    @contextmanager
    def opened() -> Iterator[tuple[Books, Settings]]:
        name = f"property_{os.getpid()}_{next(serial)}"
        url = in_database(hurried_server, name)
        with psycopg.connect(hurried_server, autocommit=True) as server:
            server.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
            try:
                with psycopg.connect(url, autocommit=True) as connection:
                    yield Books(connection), replace(settings, database_url=url)
            finally:
                forget(url)
                server.execute(f"DROP DATABASE {name} WITH (FORCE)")

    return opened
