"""Fixtures for every kind of test: a real PostgreSQL, and a fresh migrated database each."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator

import psycopg
import pytest

from jobs.cloud import postgres
from jobs.cloud.home import Home
from jobs.migrate import migrate

TEMPLATE = "migrated"
serial = itertools.count()


@pytest.fixture(scope="session")
def server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL server of this test session's own, with a migrated template database."""
    home = Home.at(tmp_path_factory.mktemp("server"))
    home.prepare()
    url = postgres.start(home)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {TEMPLATE}")
    migrate(in_database(url, TEMPLATE))
    forget(in_database(url, TEMPLATE))
    yield url
    postgres.stop(home)


@pytest.fixture
def database_url(server_url: str) -> Iterator[str]:
    """A fresh database with the newest schema and nothing in it."""
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
