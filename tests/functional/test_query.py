"""Analysts on the bucket: every question over ``s3://``, also while the export is rewritten."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import threading
import time
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import psycopg
import pytest

from chalicelib.aws import s3, ses, sqs
from chalicelib.billing.period import Period
from chalicelib.export.parquet import SCHEMA_KEY, schema_json
from chalicelib.settings import Settings
from chalicelib.steps.bill_month import bill_month
from chalicelib.steps.correct_invoice import correct_invoice
from cloud.local import aws_services
from jobs import bill
from jobs.query import ask, sources
from tests.ledger_answers import ANSWERS

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "data" / "fixtures"
# A month that no other test of this cloud bills.
PERIOD = Period.month(2026, 5)
REWRITES = 20


@pytest.fixture(scope="module")
def ledger(cloud):
    with psycopg.connect(cloud["DATABASE_URL"], autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def settings(cloud):
    """This process as the commands are: in the local cloud's environment."""
    with pytest.MonkeyPatch.context() as environment:
        for name, value in cloud.items():
            environment.setenv(name, value)
        for adapter in (ses, s3, sqs):
            adapter.client.cache_clear()
        yield Settings.from_environment(os.environ)
    for adapter in (ses, s3, sqs):
        adapter.client.cache_clear()


@pytest.fixture(scope="module")
def billed(jobs, settings, ledger):
    """May: days like those of the fixtures' October, billed, one of them corrected."""
    assert jobs("load", str(FIXTURES)).returncode == 0
    ledger.execute(
        "INSERT INTO workday (employee_id, work_date, project_id, kind, hours)"
        " SELECT employee_id, work_date - 153, project_id, kind, hours FROM workday"
        " WHERE work_date BETWEEN '2026-10-01' AND '2026-10-31'"
        " AND work_date - 153 BETWEEN '2026-05-01' AND '2026-05-31' ON CONFLICT DO NOTHING"
    )
    assert bill_month(settings, PERIOD, datetime.now(UTC)).invoices > 0
    [(number, workday)] = ledger.execute(
        "SELECT number, min(workday_id) FROM live_workday JOIN invoice ON invoice.id = invoice_id"
        " WHERE series = 'HUDZ' AND period = %s GROUP BY number",
        [PERIOD.start],
    ).fetchall()
    ledger.execute("UPDATE workday SET hours = 4 WHERE id = %s", [workday])
    correct_invoice(settings, number, datetime.now(UTC))
    for [day] in ledger.execute("SELECT DISTINCT period FROM billing_run").fetchall():
        bill.export(settings, Period.month(day.year, day.month))


@pytest.fixture
def bucket(settings):
    return sources.chosen(None, lambda _: None)


class TestEveryQuestion:
    def test_is_answered_over_s3_as_the_ledger_has_it(self, billed, bucket, ledger):
        assert bucket.root.startswith("s3://")
        # Deliveries go on; their export is as of its time.
        still = [name for name in ANSWERS if name not in {"not_arrived", "delivery_delay"}]
        for name in still:
            with ask.answered(ask.text_of(name), bucket) as connection:
                answer = connection.table(ask.ANSWER).fetchall()

            assert answer == ledger.execute(ANSWERS[name]).fetchall(), name

    def test_of_deliveries_is_answered_too(self, billed, bucket):
        for name in ("not_arrived", "delivery_delay"):
            with ask.answered(ask.text_of(name), bucket) as connection:
                assert connection.table(ask.ANSWER).columns[0] == "period"

    def test_adds_up_in_plain_duckdb_with_the_documented_lines(self, billed, bucket, cloud, ledger):
        page = (ROOT / "docs" / "analysts.md").read_text()
        block = re.search(r"```sql\n(SET VARIABLE.*?)```", page, re.DOTALL)[1]
        lines = block.replace("s3://my-export-bucket", f"s3://{cloud['EXPORT_BUCKET']}")

        with sources.connect(bucket) as connection:
            for line in lines.splitlines():
                if file := re.match(r"\.read (\S+)", line):
                    answer = connection.execute((ROOT / file[1]).read_text())
                else:
                    connection.execute(line)
            totals = answer.fetchall()

        assert totals == ledger.execute(ANSWERS["currency_totals"]).fetchall()


class TestAReader:
    def test_never_fails_and_never_sees_half_while_the_export_is_rewritten(
        self, billed, bucket, settings
    ):
        rewritten, failed = [], []

        def rewrite():
            try:
                for _ in range(REWRITES):
                    bill.export(settings, PERIOD)
                    rewritten.append(True)
            except Exception as error:  # noqa: BLE001 -- told below
                failed.append(error)

        writer = threading.Thread(target=rewrite)
        writer.start()
        seen = set()
        reads = 0
        while writer.is_alive() or reads == 0:
            with ask.answered(HALVES, bucket) as connection:
                seen.update(connection.table(ask.ANSWER).fetchall())
            reads += 1
        writer.join()

        assert failed == []
        assert len(rewritten) == REWRITES
        assert reads >= 3
        [(lines, subtotals, workdays)] = seen
        assert lines == subtotals
        assert workdays > 0

    def test_never_mixes_two_states_of_the_ledger(self, billed, bucket, settings, ledger):
        stop = threading.Event()
        failed = []

        def grow():
            try:
                for day in range(1, 5):
                    ledger.execute(
                        "INSERT INTO workday (employee_id, work_date, project_id, kind, hours)"
                        " SELECT id, DATE '2026-04-01' + %s, project_id, 'regular', 1"
                        " FROM employee WHERE code = 'KOVALCHUK' ON CONFLICT DO NOTHING",
                        [day],
                    )
                    bill_month(settings, Period.month(2026, 4), datetime.now(UTC))
                    time.sleep(0.5)
            except Exception as error:  # noqa: BLE001 -- told below
                failed.append(error)
            finally:
                stop.set()

        def read():
            with ask.answered(HALVES, bucket) as connection:
                return connection.table(ask.ANSWER).fetchall()

        writer = threading.Thread(target=grow)
        seen = read()
        writer.start()
        while not stop.is_set():
            seen += read()
        writer.join()
        seen += read()

        assert failed == []
        assert all(lines == subtotals for lines, subtotals, _ in seen)
        assert len(set(seen)) > 1


# Sums that agree in one state of the ledger, from three datasets.
HALVES = """
    SELECT (SELECT sum(amount) FROM lines) AS amounts,
           (SELECT sum(subtotal) FROM invoices) AS subtotals,
           (SELECT count(*) FROM workdays) AS workdays
"""


class TestTheCommand:
    def test_answers_as_csv_to_the_cent(self, billed, jobs, ledger):
        finished = jobs("query", "currency_totals", "--format", "csv")

        assert finished.returncode == 0, finished.stderr
        rows = list(csv.DictReader(io.StringIO(finished.stdout)))
        booked = ledger.execute(ANSWERS["currency_totals"]).fetchall()
        assert [Decimal(row["total"]) for row in rows] == [row[-1] for row in booked]
        assert all("." in row["total"] for row in rows)

    def test_takes_sql_or_a_file_and_writes_where_it_is_told(self, billed, jobs, tmp_path):
        question = tmp_path / "my question.sql"
        question.write_text("-- How many?\nSELECT count(*) AS documents FROM invoices;\n")
        target = tmp_path / "answer.json"

        from_file = jobs("query", str(question), "--out", str(target))
        from_sql = jobs("query", question.read_text().splitlines()[1], "--format", "json")

        assert from_file.returncode == from_sql.returncode == 0, from_file.stderr + from_sql.stderr
        assert json.loads(target.read_text()) == json.loads(from_sql.stdout)

    def test_writes_parquet(self, billed, jobs, tmp_path):
        target = tmp_path / "answer.parquet"

        assert jobs("query", "currency_totals", "--out", str(target)).returncode == 0

        with duckdb.connect() as connection:
            types = connection.execute(f"DESCRIBE FROM '{target}'").fetchall()
        assert ("total", "DECIMAL(38,2)") in [row[:2] for row in types]

    @pytest.mark.parametrize(
        ("arguments", "sentence"),
        [
            (["SELECT totl FROM invoices"], '"totl" not found'),
            (["nonsense"], "neither a file nor a question"),
            (["/nowhere/question.sql"], "neither a file nor a question"),
            (["SELECT 1 AS one", "--from", "/nowhere"], "there is no folder /nowhere"),
            (["SELECT 1 AS one", "--format", "parquet"], "--out FILE"),
        ],
    )
    def test_refuses_in_one_sentence(self, billed, jobs, arguments, sentence):
        finished = jobs("query", *arguments)

        assert finished.returncode == 2
        assert sentence in finished.stderr
        assert len(finished.stderr.strip().splitlines()) == 1

    def test_says_so_when_the_bucket_is_not_there(self, billed, jobs):
        finished = jobs("query", "SELECT 1 AS one", EXPORT_BUCKET="no-such-bucket")

        assert finished.returncode == 2
        assert len(finished.stderr.strip().splitlines()) == 1


class TestTheContract:
    def test_lies_beside_the_data(self, billed, cloud):
        stored = aws_services.client("s3", cloud).get_object(
            Bucket=cloud["EXPORT_BUCKET"], Key=SCHEMA_KEY
        )

        assert stored["Body"].read() == schema_json()


class TestImportedTime:
    def test_is_loaded_as_workdays_once(self, billed, jobs, ledger, tmp_path):
        target = tmp_path / "workdays.csv"
        sample = ROOT / "tests" / "samples" / "harvest.csv"

        imported = jobs("import-time", str(sample), "--format", "harvest", "--out", str(target))
        loaded = [jobs("load", str(tmp_path)) for _ in range(2)]

        assert imported.returncode == 1
        assert "left out: harvest.csv line 8" in imported.stderr
        assert [again.returncode for again in loaded] == [0, 0]
        hours = ledger.execute(
            "SELECT employee.code, hours FROM workday JOIN employee ON employee.id = employee_id"
            " WHERE work_date = '2026-10-20' AND employee.code IN ('HUDZ', 'KOVALCHUK')"
            ' ORDER BY employee.code COLLATE "C"'
        ).fetchall()
        assert hours[0] == ("HUDZ", Decimal("7.50"))
        assert ("KOVALCHUK", Decimal("7.25")) in hours
