"""Fixtures for every kind of test: a real PostgreSQL, and a fresh migrated database each."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest
from hypothesis import settings

from cloud.local import postgres
from cloud.local.home import Home
from cloud.migrate import migrate

# How long an example takes says more of the machine than of the code.
settings.register_profile("selfbill", deadline=None)
settings.load_profile("selfbill")

TEMPLATE = "migrated"
serial = itertools.count()


# The folders whose tests share what is dear: a cloud, a browser, a month billed for a whole file.
TOGETHER = {"browser": "browser"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """
    Keep a file's tests in one process, those of the browser in one, and let unit tests go anywhere.

    Only where pytest-xdist spreads the tests over processes.
    """
    for item in items:
        folder = item.path.parent.name
        if folder != "unit":
            item.add_marker(pytest.mark.xdist_group(TOGETHER.get(folder, item.path.stem)))


@contextmanager
def scratch() -> Iterator[Path]:
    """
    A folder that a server of another user may live in.

    Not below pytest's own: a second pytest, run by root at the same time, locks others out of it.
    """
    with TemporaryDirectory(prefix="selfbill-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """A PostgreSQL server of this test session's own, with a migrated template database."""
    with scratch() as folder:
        home = Home.at(folder)
        try:
            yield _prepared(home)
        finally:
            postgres.stop(home)


def _prepared(home: Home) -> str:
    home.prepare()
    url = postgres.start(home)
    with psycopg.connect(url, autocommit=True) as connection:
        # Nobody needs these databases after a power cut, and waiting for the disk takes longest.
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")
        connection.execute(f"CREATE DATABASE {TEMPLATE}")
    migrate(in_database(url, TEMPLATE))
    forget(in_database(url, TEMPLATE))
    return url


@pytest.fixture
def database_url(server_url: str) -> Iterator[str]:
    """A fresh database with the newest schema and nothing in it."""
    with fresh_database(server_url) as url:
        yield url


@contextmanager
def fresh_database(server_url: str) -> Iterator[str]:
    name = f"test_{os.getpid()}_{next(serial)}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    url = in_database(server_url, name)
    yield url
    forget(url)
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def in_database(url: str, name: str) -> str:
    """The *url* of another database on the same server."""
    return url.replace("/postgres?", f"/{name}?")


def forget(url: str) -> None:
    """Close the pooled connections of a database that is about to go."""
    from chalicelib.store.connection import engine

    engine(url).dispose()
