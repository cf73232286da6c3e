"""Fixtures for every kind of test: a real PostgreSQL, and a fresh migrated database each."""

from __future__ import annotations

import itertools
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from chalicelib.store.connection import engine
from cloud import roles
from cloud.local import postgres
from cloud.local.home import Home
from cloud.migrate import migrate, upgrade

# How long an example takes says more of the machine than of the code.
settings.register_profile("selfbill", deadline=None)
settings.load_profile("selfbill")

TEMPLATE = "migrated"
serial = itertools.count()


# What shares a cloud or a browser, and what takes long: in this order, longest first, so that no
# process is still at work when the others have nothing left.
GROUPS = {
    "functional/test_dead_letters": "cloud a",
    "functional/test_local_cloud": "cloud b",
    "crash/test_kills": "crash",
    "crash/test_throttles": "crash",
    "browser": "browser",
    "functional/test_month": "cloud c",
    "functional/test_query": "cloud c",
    "functional/test_operations": "cloud c",
    "functional/test_shards": "shards",
    "functional/test_mail_events": "mail events",
    "functional/test_api": "api",
    "properties/test_ledger_machine": "ledger machine",
    "unit/test_template": "template",
    "unit/test_package": "package",
}
IN_MEMORY = Path("/dev/shm")
ROOM = 2 * 2**30


def group_of(node: str) -> str:
    """What a test stays together with: a group, its file, or nobody in the case of a unit test."""
    file, _, _ = node.removeprefix("tests/").partition(".py::")
    folder, _, _ = file.partition("/")
    return GROUPS.get(file) or GROUPS.get(folder) or (node if folder == "unit" else file)


class Scheduling(LoadScopeScheduling):
    """Sends each group of tests to one process; xdist's own groups do nothing on pytest 9.2."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling:
    return Scheduling(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The groups first that take longest, where several processes run the tests."""
    if os.environ.get("PYTEST_XDIST_WORKER"):
        places = {group: place for place, group in enumerate(dict.fromkeys(GROUPS.values()))}
        items.sort(key=lambda item: places.get(group_of(item.nodeid), len(places)))


@contextmanager
def scratch() -> Iterator[Path]:
    """
    A folder that a server of another user may live in; in memory, where there is room.

    Not below pytest's own: a second pytest, run by root at the same time, locks others out of it.
    """
    roomy = os.access(IN_MEMORY, os.W_OK) and shutil.disk_usage(IN_MEMORY).free > ROOM
    place = IN_MEMORY if roomy else None
    with TemporaryDirectory(prefix="selfbill-", dir=place, ignore_cleanup_errors=True) as folder:
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
        connection.execute("ALTER SYSTEM SET max_wal_size = '256MB'")
        connection.execute("SELECT pg_reload_conf()")
        connection.execute(f"CREATE DATABASE {TEMPLATE}")
    migrate(in_database(url, TEMPLATE))
    forget(in_database(url, TEMPLATE))
    return url


@pytest.fixture
def superuser_url(server_url: str) -> Iterator[str]:
    """A fresh database with the newest schema and nothing in it, for what no role of ours may."""
    with fresh_database(server_url) as url:
        yield url


@pytest.fixture
def database_url(superuser_url: str) -> Iterator[str]:
    """The same database, as the command line uses it."""
    with of_role(superuser_url, roles.OPERATOR) as url:
        yield url


@pytest.fixture
def writer_url(superuser_url: str) -> Iterator[str]:
    """The same database, as the Lambda functions use it."""
    with of_role(superuser_url, roles.WRITER) as url:
        yield url


@pytest.fixture
def reader_url(superuser_url: str) -> Iterator[str]:
    """The same database, as the API uses it."""
    with of_role(superuser_url, roles.READER) as url:
        yield url


@pytest.fixture
def feeder_url(superuser_url: str) -> Iterator[str]:
    """The same database, as upstream systems use it."""
    with of_role(superuser_url, roles.FEEDER) as url:
        yield url


@pytest.fixture
def owner_url(superuser_url: str) -> Iterator[str]:
    """The same database, as migrations use it."""
    with of_role(superuser_url, roles.OWNER) as url:
        yield url


@contextmanager
def of_role(url: str, role: str) -> Iterator[str]:
    """The *url* of another role; its pooled connections are closed in the end."""
    yield as_role(url, role)
    forget(as_role(url, role))


def as_role(url: str, role: str) -> str:
    return re.sub(r"//\w+@", f"//{role}@", url)


@contextmanager
def fresh_database(server_url: str) -> Iterator[str]:
    name = f"test_{os.getpid()}_{next(serial)}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        create_database(connection, name)
    url = in_database(server_url, name)
    yield url
    forget(url)
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def create_database(server: psycopg.Connection[Any], name: str, template: str = TEMPLATE) -> None:
    """Create a copy of *template*, with its rights: PostgreSQL leaves out those on the database."""
    server.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    everybody = ", ".join(roles.ROLES)
    server.execute(f"""
        REVOKE TEMPORARY ON DATABASE {name} FROM PUBLIC;
        GRANT CONNECT ON DATABASE {name} TO {everybody};
        GRANT CREATE ON DATABASE {name} TO {roles.OWNER};
    """)


def upgraded(url: str, revision: str) -> psycopg.Connection[Any]:
    """A database brought to a revision of the schema; its roles stay as they are."""
    with engine(url).begin() as connection:
        upgrade(connection, revision)
    return psycopg.connect(url, autocommit=True)


def in_database(url: str, name: str) -> str:
    """The *url* of another database on the same server."""
    return url.replace("/postgres?", f"/{name}?")


def forget(url: str) -> None:
    """Close the pooled connections of a database that is about to go."""
    engine(url).dispose()
