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

__all__ = ["books", "clients", "cloud", "fresh_ledger", "settings"]

OpenLedger = Callable[[], AbstractContextManager[tuple[Books, Settings]]]
serial = count()


@pytest.fixture
def fresh_ledger(server_url: str, settings: Settings) -> OpenLedger:
    """Opens one empty ledger after another, each in a database that is dropped with it."""

    @contextmanager
    def opened() -> Iterator[tuple[Books, Settings]]:
        name = f"property_{os.getpid()}_{next(serial)}"
        url = in_database(server_url, name)
        with psycopg.connect(server_url, autocommit=True) as server:
            server.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
            try:
                with psycopg.connect(url, autocommit=True) as connection:
                    yield Books(connection), replace(settings, database_url=url)
            finally:
                forget(url)
                server.execute(f"DROP DATABASE {name} WITH (FORCE)")

    return opened
