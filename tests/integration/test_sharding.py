"""A month billed in shards, in a real ledger: the same as in one, alone or together."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import psycopg
import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError

from chalicelib.billing.control import SIDES, ControlTotals, Count
from chalicelib.billing.sharding import Shard, ShardOutcome, check_shards
from chalicelib.steps.bill_month import bill_month, handle
from chalicelib.store.connection import engine, period_lock
from chalicelib.store.reporting import report_period
from chalicelib.store.runs import start_run
from cloud import roles
from tests.builders_ledger import Books
from tests.conftest import as_role, create_database, forget, in_database

from .test_issuing import NOW, OCTOBER, load_fixtures, without_ids

SHARDS = [Shard(index, 8) for index in range(1, 9)]


def total(outcomes):
    return ControlTotals(
        **{side: sum((getattr(one.control, side) for one in outcomes), Count()) for side in SIDES}
    )


@pytest.fixture
def unsharded(settings, server_url, cloud):
    """The ledger and the counts of one run of the whole, in another database."""
    name = "unsharded"
    with psycopg.connect(server_url, autocommit=True) as connection:
        create_database(connection, name)
    elsewhere = replace(settings, database_url=as_role(in_database(server_url, name), roles.WRITER))
    load_fixtures(elsewhere)
    outcome = bill_month(elsewhere, OCTOBER, NOW)
    with psycopg.connect(in_database(server_url, name), autocommit=True) as connection:
        ledger = without_ids(Books(connection))
    forget(elsewhere.database_url)
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    cloud.to_render()
    load_fixtures(settings)
    return ledger, outcome.control


class TestShards:
    def test_one_after_another_come_to_the_ledger_of_one_run(self, settings, books, unsharded):
        outcomes = [bill_month(settings, OCTOBER, NOW, shard) for shard in SHARDS]

        assert without_ids(books) == unsharded[0]
        assert total(outcomes) == unsharded[1]

    def test_together_come_to_the_ledger_of_one_run(self, settings, books, unsharded):
        with ThreadPoolExecutor(4) as workers:
            outcomes = list(
                workers.map(lambda shard: bill_month(settings, OCTOBER, NOW, shard), SHARDS)
            )

        assert without_ids(books) == unsharded[0]
        assert total(outcomes) == unsharded[1]
        assert {status for (status,) in books.rows("SELECT status FROM billing_run")} <= {
            "issued",
            "empty",
        }

    def test_send_nothing_on_before_the_whole(self, settings, books, cloud, unsharded):
        for shard in SHARDS:
            bill_month(settings, OCTOBER, NOW, shard)
        assert cloud.to_render() == []

        bill_month(settings, OCTOBER, NOW)

        assert len(cloud.to_render()) == len(books.numbers())

    def test_leave_to_the_whole_what_they_rejected_and_held(self, settings, unsharded):
        shards = [bill_month(settings, OCTOBER, NOW, shard) for shard in SHARDS]

        whole = bill_month(settings, OCTOBER, NOW)

        answers = [ShardOutcome("2026-10", one.shard, one.control) for one in shards]
        check_shards(answers, "2026-10", whole.control)

    def test_are_not_what_a_month_is_reported_by(self, settings, unsharded):
        for shard in SHARDS:
            bill_month(settings, OCTOBER, NOW, shard)
        with engine(settings.database_url).connect() as connection:
            assert report_period(connection, OCTOBER).run is None

        whole = bill_month(settings, OCTOBER, NOW)

        with engine(settings.database_url).connect() as connection:
            reported = report_period(connection, OCTOBER)
        assert reported.run.id == whole.run_id
        assert len(reported.history) == 9

    def test_of_another_split_never_bill_twice(self, settings, books, unsharded):
        for shard in (Shard(1, 2), *SHARDS):
            bill_month(settings, OCTOBER, NOW, shard)

        bill_month(settings, OCTOBER, NOW)

        assert without_ids(books) == unsharded[0]

    def test_are_asked_for_and_answered_in_json(self, settings, environment, unsharded):
        answers = [handle({"period": "2026-10", "shard": [k, 2]}) for k in (1, 2)]

        whole = handle({"period": "2026-10", "shards": answers})

        assert [answer["shard"] for answer in answers] == [[1, 2], [2, 2]]
        assert whole["shard"] is None


def waits(database_url, shard):
    """Whether a run of *shard*, or of the whole, has to wait for the period."""
    impatient = create_engine(
        "postgresql+psycopg://",
        creator=lambda: psycopg.connect(database_url, options="-c lock_timeout=300"),
    )
    try:
        with period_lock(impatient, OCTOBER, shard):
            return False
    except OperationalError as error:
        return "lock timeout" in str(error)
    finally:
        impatient.dispose()


class TestTheLocks:
    @pytest.mark.parametrize(
        ("holder", "comer", "long"),
        [
            (Shard(1, 8), Shard(2, 8), False),
            (Shard(1, 8), Shard(1, 8), True),
            (Shard(1, 8), None, True),
            (None, Shard(1, 8), True),
        ],
    )
    def test_let_other_shards_pass_and_nobody_else(self, settings, holder, comer, long):
        with period_lock(engine(settings.database_url), OCTOBER, holder):
            assert waits(settings.database_url, comer) is long

    def test_are_given_back(self, settings):
        with period_lock(engine(settings.database_url), OCTOBER, Shard(1, 8)):
            pass

        assert not waits(settings.database_url, None)


class TestAShardThatDied:
    def test_is_marked_by_the_next_run_of_it_and_no_other_is(self, settings, books):
        ledger = engine(settings.database_url)
        with ledger.connect() as connection:
            for shard in SHARDS[:2]:
                start_run(connection, OCTOBER, shard=shard)

        bill_month(settings, OCTOBER, NOW, SHARDS[0])

        assert books.rows("SELECT shard, shards, status FROM billing_run ORDER BY id") == [
            (1, 8, "failed"),
            (2, 8, "running"),
            (1, 8, "empty"),
        ]
