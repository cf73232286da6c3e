"""A month in eight shards by the template's own state machine, beside one run of the whole."""

import json
import time
from pathlib import Path

import psycopg
import pytest

from cloud.local import aws_services
from cloud.local.cloud import down, up
from cloud.migrate import migrate
from jobs.load.store import load_folder
from tests.conftest import scratch

from .conftest import quietly

FIXTURES = Path(__file__).parents[2] / "data" / "fixtures"
SHARDS = 8
MONTH = {"period": "2026-10"}
# All but ids and the moment of issue, which is also in the hash of the content.
INVOICES = """
    SELECT to_jsonb(invoice) - '{id,run_id,issued_at,content_sha256}'::text[]
    FROM invoice ORDER BY number
"""
LINES = """
    SELECT number, to_jsonb(line) - 'invoice_id' FROM invoice_line AS line
    JOIN invoice ON invoice.id = invoice_id ORDER BY number, position
"""
LINEAGE = """
    SELECT number, to_jsonb(day) - 'invoice_id' FROM invoice_workday AS day
    JOIN invoice ON invoice.id = invoice_id ORDER BY number, day.position, workday_id
"""
TOTALS = """
    SELECT sum(extracted_rows), sum(extracted_hours), sum(billed_rows), sum(billed_hours),
           sum(rejected_rows), sum(rejected_hours), sum(held_rows), sum(held_hours)
    FROM billing_run WHERE {}
"""


def rows(cloud, query):
    with psycopg.connect(cloud["DATABASE_URL"]) as connection:
        return connection.execute(query).fetchall()


def ledger(cloud):
    return [rows(cloud, query) for query in (INVOICES, LINES, LINEAGE)]


def company(home, shards):
    cloud = up(home, {"BILLING_SHARDS": str(shards)}, quietly, migrate)
    load_folder(FIXTURES, cloud["DATABASE_URL"], quietly)
    return cloud


def run_state_machine(cloud, month):
    """Start the one state machine with *month*; how its execution ended."""
    states = aws_services.client("stepfunctions", cloud)
    [machine] = states.list_state_machines()["stateMachines"]
    started = states.start_execution(
        stateMachineArn=machine["stateMachineArn"], input=json.dumps(month)
    )
    while True:
        execution = states.describe_execution(executionArn=started["executionArn"])
        if execution["status"] != "RUNNING":
            return execution
        time.sleep(0.2)


@pytest.fixture(scope="module")
def sharded():
    """A cloud whose month was billed in shards, and how that ended."""
    with scratch() as home:
        try:
            cloud = company(home, SHARDS)
            yield cloud, run_state_machine(cloud, MONTH)
        finally:
            down(home, quietly)


@pytest.fixture(scope="module")
def whole():
    """A cloud whose month was billed in one run."""
    with scratch() as home:
        try:
            cloud = company(home, 1)
            aws_services.client("lambda", cloud).invoke(
                FunctionName=cloud["BILL_MONTH_FUNCTION"], Payload=json.dumps(MONTH)
            )
            yield cloud
        finally:
            down(home, quietly)


class TestAMonthInShards:
    def test_is_the_ledger_of_one_run(self, sharded, whole):
        cloud, execution = sharded

        assert execution["status"] == "SUCCEEDED", execution.get("cause")
        assert ledger(cloud) == ledger(whole)
        assert rows(cloud, INVOICES)

    def test_comes_to_the_totals_of_one_run(self, sharded, whole):
        cloud, _ = sharded

        assert rows(cloud, TOTALS.format("shard IS NOT NULL")) == rows(whole, TOTALS.format("true"))

    def test_ends_with_a_run_that_finds_only_what_the_shards_left(self, sharded):
        cloud, execution = sharded

        answer = json.loads(execution["output"])
        assert answer["invoices"] == 0
        assert rows(cloud, "SELECT count(*) FROM billing_run WHERE shard IS NOT NULL") == [
            (SHARDS,)
        ]
        assert rows(cloud, "SELECT id FROM billing_run WHERE shard IS NULL") == [
            (answer["run_id"],)
        ]

    def test_run_again_issues_nothing(self, sharded):
        cloud, _ = sharded
        before = ledger(cloud)

        again = run_state_machine(cloud, MONTH)

        assert again["status"] == "SUCCEEDED", again.get("cause")
        assert ledger(cloud) == before

    def test_is_last_month_if_none_is_named_as_on_the_first(self, sharded):
        cloud, _ = sharded

        execution = run_state_machine(cloud, {"period": None})

        assert execution["status"] == "SUCCEEDED", execution.get("cause")

    def test_is_refused_as_the_whole_if_a_shard_is_missing(self, sharded):
        cloud, _ = sharded

        execution = aws_services.client("lambda", cloud).invoke(
            FunctionName=cloud["BILL_MONTH_FUNCTION"],
            Payload=json.dumps({**MONTH, "shards": []}),
        )

        assert execution["FunctionError"]
        assert "do not add up to the full month" in execution["Payload"].read().decode()


class TestAMonthInOne:
    def test_has_no_state_machine(self, whole):
        assert not aws_services.client("stepfunctions", whole).list_state_machines()[
            "stateMachines"
        ]
