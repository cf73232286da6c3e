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
from cloud import roles
from tests.builders_ledger import Books
from tests.conftest import create_database, in_database, of_role
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
            create_database(server, name)
            try:
                with (
                    psycopg.connect(url, autocommit=True) as connection,
                    of_role(url, roles.OPERATOR) as operator_url,
                ):
                    yield Books(connection), replace(settings, database_url=operator_url)
            finally:
                server.execute(f"DROP DATABASE {name} WITH (FORCE)")

    return opened
