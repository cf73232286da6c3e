"""The tables in the code are the tables in the database, and so are the statuses."""

import re
from functools import partial
from typing import get_args

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from chalicelib.billing import statuses
from chalicelib.store.connection import engine
from chalicelib.store.tables import metadata
from cloud.migrate import migrate
from tests.conftest import forget, in_database, upgraded

# Every object of ours with the transaction that last wrote it, and every row's of the version.
OBJECTS = """
    SELECT 'pg_class', relname, xmin::text FROM pg_class WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT 'pg_proc', proname, xmin::text FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT 'pg_constraint', conname, xmin::text FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT 'pg_trigger', tgname, xmin::text FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT 'version', version_num, xmin::text FROM alembic_version
    ORDER BY 1, 2, 3
"""


def query(database_url, statement):
    with psycopg.connect(database_url) as connection:
        return connection.execute(statement).fetchall()


class TestMigrations:
    def test_make_the_tables_the_code_declares(self, superuser_url):
        with engine(superuser_url).connect() as connection:
            context = MigrationContext.configure(
                connection, opts={"compare_type": True, "compare_server_default": True}
            )
            assert compare_metadata(context, metadata) == []

    def test_change_nothing_the_second_time(self, owner_url):
        before = query(owner_url, OBJECTS)

        migrate(owner_url)

        assert query(owner_url, OBJECTS) == before
        assert len(before) > 100


class TestStatuses:
    """Said once in the code and once in the database: the two must agree."""

    def test_of_a_delivery_are_each_one_of_three(self):
        kinds = (*statuses.ON_THEIR_WAY, *statuses.ARRIVED, *statuses.LOST)

        assert sorted(kinds) == sorted(get_args(statuses.DeliveryStatus))

    @pytest.mark.parametrize(
        ("view", "column", "expected"),
        [
            ("run_status", "completed", statuses.COMPLETED),
            ("newest_delivery", "on_its_way", statuses.ON_THEIR_WAY),
            ("newest_delivery", "arrived", statuses.ARRIVED),
            ("newest_delivery", "lost", statuses.LOST),
        ],
    )
    def test_come_to_the_same_in_the_views(self, database_url, view, column, expected):
        [(definition,)] = query(database_url, f"SELECT pg_get_viewdef('{view}')")
        [listed] = re.findall(rf"ARRAY\[([^\]]*)\]\)\)? AS {column}", definition)

        assert tuple(re.findall(r"'(\w+)'", listed)) == expected

    def test_of_a_delivery_follow_each_other_in_the_database_as_in_the_code(self, database_url):
        known = query(database_url, "SELECT from_status, to_status FROM delivery_transition")
        pairs = statuses.TRANSITIONS.items()

        assert set(known) == {(before, after) for before, afters in pairs for after in afters}

    @pytest.mark.parametrize(
        ("table", "known"),
        [("billing_run", statuses.RunStatus), ("delivery", statuses.DeliveryStatus)],
    )
    def test_are_all_that_the_tables_take(self, database_url, table, known):
        [(definition,)] = query(
            database_url,
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint"
            f" WHERE conname = '{table}_status_check'",
        )

        assert tuple(re.findall(r"'(\w+)'", definition)) == get_args(known)


@pytest.fixture
def upgraded_to(server_url):
    """Brings a database of its own, empty at first, to a revision; gives an open connection."""
    name = "upgraded"

    with psycopg.connect(server_url, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        yield partial(upgraded, in_database(server_url, name))
        forget(in_database(server_url, name))
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


class TestWhatStoppedARun:
    """Earlier versions kept the database's words, which quote the row that it refused."""

    @pytest.mark.parametrize(
        ("kept", "left"),
        [
            (
                'CheckViolation: new row violates "a_check"\nCONTEXT:  COPY invoice, line 1: "Ann"',
                'CheckViolation: new row violates "a_check"',
            ),
            (
                'DataError: invalid input syntax for type date: "Ann"',
                "DataError: invalid input syntax for type date: (not shown)",
            ),
            ("no reason", "no reason"),
        ],
    )
    def test_loses_the_row_when_the_ledger_is_upgraded(self, upgraded_to, kept, left):
        with upgraded_to("0005") as ledger:
            ledger.execute(
                "INSERT INTO billing_run (period, status, finished_at, failure)"
                " VALUES ('2026-10-01', 'failed', now(), %s)",
                [kept],
            )
        with upgraded_to("head") as ledger:
            assert ledger.execute("SELECT failure FROM billing_run").fetchall() == [(left,)]
