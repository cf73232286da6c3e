"""One month on the local cloud, as somebody runs it: CSV files in; invoices, mails, links out."""

from __future__ import annotations

import email
import email.policy
import hashlib
import json
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import psycopg
import pytest
import requests

from chalicelib.language import language_of
from cloud.local import accounts, aws_services
from tests.reference.biller import bill_folder

from .conftest import Api

FIXTURES = Path(__file__).parents[2] / "data" / "fixtures"
EXPECTED = json.loads((FIXTURES / "expected.json").read_text())
PERIOD = EXPECTED["period"]


@pytest.fixture(scope="module")
def billed(jobs):
    """The month of the fixtures, loaded and billed to its last mail."""
    loaded = jobs("load", str(FIXTURES))
    assert loaded.returncode == 0, loaded.stderr
    return jobs("bill", PERIOD, "--wait")


@pytest.fixture(scope="module")
def ledger(cloud, billed):
    with psycopg.connect(cloud["DATABASE_URL"], autocommit=True) as connection:
        yield connection


@pytest.fixture
def accountant(cloud, billed):
    return api(cloud, "accounts@company.example")


def api(cloud, address):
    return Api(cloud["API_URL"], {"Authorization": accounts.token(address, cloud)})


NUMBERED = re.compile(r"[A-Z0-9-]+-[0-9]{4}\.pdf")


def mails(cloud):
    """The mails of invoices, by the number that their document is named after."""
    kept = [
        email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
        for file in Path(cloud["MAIL_FOLDER"]).glob("*.eml")
    ]
    return {
        Path(attachment.get_filename()).stem: mail
        for mail in kept
        for attachment in mail.iter_attachments()
        # Other tests send mails through this cloud, too.
        if NUMBERED.fullmatch(attachment.get_filename())
    }


class TestTheMonth:
    def test_ends_with_what_a_person_must_look_at(self, billed):
        assert billed.returncode == 1
        assert "Balanced. 7 documents issued." in billed.stdout
        for named in ("Zoë Marchetti", "no_agreement", "day_over_24", "2026-09"):
            assert named in billed.stdout

    def test_reports_every_invoice_as_delivered(self, jobs, billed):
        report = json.loads(jobs("report", PERIOD, "--json").stdout)

        assert report["balanced"] is True
        assert report["deliveries"] == {"delivered": len(EXPECTED["invoices"])}
        assert report["undelivered"] == []
        assert report["run"]["control"] == EXPECTED["control"]
        assert [row["employee"] for row in report["helds"]] == sorted(EXPECTED["held"])

    def test_bills_what_the_reference_biller_bills(self, ledger):
        reference = bill_folder(FIXTURES, PERIOD, datetime.now(UTC).date(), lambda t: "🌻" not in t)
        rows = ledger.execute(
            "SELECT employee.code, project_code, line.kind, hours, unit_rate, amount"
            " FROM invoice_line AS line JOIN invoice ON invoice.id = invoice_id"
            " JOIN employee ON employee.id = employee_id WHERE period = %s"
            ' ORDER BY employee.code COLLATE "C", position',
            [f"{PERIOD}-01"],
        ).fetchall()
        totals = ledger.execute(
            "SELECT employee.code, subtotal, tax, total FROM invoice"
            " JOIN employee ON employee.id = employee_id WHERE period = %s",
            [f"{PERIOD}-01"],
        ).fetchall()

        assert rows == [
            (invoice.employee, line.project, line.kind, line.hours, line.unit_rate, line.amount)
            for invoice in sorted(reference.invoices, key=lambda invoice: invoice.employee)
            for line in invoice.lines
        ]
        assert sorted(totals) == sorted(
            (invoice.employee, invoice.subtotal, invoice.tax, invoice.total)
            for invoice in reference.invoices
        )

    def test_mails_each_contractor_the_stored_document(self, cloud, ledger, accountant):
        sent = mails(cloud)
        stored = documents(ledger)

        assert sorted(sent) == sorted(stored)
        for number, mail in sent.items():
            [attachment] = mail.iter_attachments()
            assert hashlib.sha256(attachment.get_content()).hexdigest() == stored[number]
            invoice = accountant.get(f"/invoices/{number}").json()
            assert mail["To"] == invoice["supplier"]["email"]
            figures = language_of(invoice["locale"]).figures
            stated = f"{figures.money(Decimal(invoice['total']))} {invoice['currency']}"
            for kind in ("plain", "html"):
                assert stated in mail.get_body((kind,)).get_content()

    def test_issues_and_sends_nothing_the_second_time(self, cloud, jobs, ledger, billed):
        before = len(mails(cloud)), invoices(ledger)

        again = jobs("bill", PERIOD, "--wait")

        assert "0 invoices issued, 0 messages queued" in again.stdout
        assert (len(mails(cloud)), invoices(ledger)) == before

    def test_is_exported_to_the_cent(self, cloud, ledger, tmp_path):
        key = f"exports/invoices/period={PERIOD}/part-0.parquet"
        file = tmp_path / "invoices.parquet"
        aws_services.client("s3", cloud).download_file(cloud["EXPORT_BUCKET"], key, str(file))
        query = (
            "SELECT currency, sum(subtotal), sum(tax), sum(total) FROM {}"
            " GROUP BY currency ORDER BY currency"
        )

        exported = duckdb.sql(query.format(f"'{file}'")).fetchall()
        booked = ledger.execute(
            query.format(f"(SELECT * FROM invoice WHERE period = '{PERIOD}-01') AS invoice")
        ).fetchall()

        assert exported == booked
        assert {row[0] for row in exported} == set(EXPECTED["money"])


def invoices(ledger):
    return ledger.execute("SELECT number, content_sha256 FROM invoice ORDER BY id").fetchall()


class TestTheApi:
    def test_links_to_the_document_whose_hash_it_states(self, accountant):
        link = accountant.get("/invoices/HUDZ-0001/link").json()

        document = requests.get(link["url"], timeout=30)

        assert document.headers["Content-Disposition"] == 'attachment; filename="HUDZ-0001.pdf"'
        assert len(document.content) == link["bytes"]
        assert hashlib.sha256(document.content).hexdigest() == link["sha256"]

    def test_shows_a_contractor_their_own_and_hides_the_rest(self, cloud, billed):
        [own] = [row for row in EXPECTED["invoices"] if row == "HUDZ"]
        contractor = api(cloud, contractor_address(own))

        listed = contractor.get("/invoices").json()["invoices"]

        assert {invoice["employee"] for invoice in listed} == {own}
        assert contractor.get(f"/invoices/{own}-0001").status_code == 200
        for path in ("/invoices/NGUYEN-0001", "/invoices/NGUYEN-0001/link", "/invoices/NONE-0001"):
            assert contractor.get(path).status_code == 404

    def test_narrows_the_list(self, accountant):
        def numbers(**filters):
            listed = accountant.get("/invoices", **filters).json()["invoices"]
            return [invoice["number"] for invoice in listed]

        assert numbers(employee="HUDZ", period=PERIOD) == ["HUDZ-0001"]
        assert numbers(period="2020-01") == []
        assert len(numbers(delivery="delivered", kind="invoice", period=PERIOD)) == 7


def contractor_address(code):
    lines = (FIXTURES / "employees.csv").read_text().splitlines()
    return next(line.split(",")[2] for line in lines if line.startswith(f"{code},"))


class TestTheLambda:
    def test_bills_the_month_it_is_invoked_with(self, cloud, ledger, billed):
        answer = aws_services.client("lambda", cloud).invoke(
            FunctionName=cloud["BILL_MONTH_FUNCTION"], Payload=json.dumps({"period": "2026-09"})
        )

        outcome = json.loads(answer["Payload"].read())
        assert (outcome["period"], outcome["invoices"]) == ("2026-09", 1)
        assert outcome["control"]["billed"] == {"rows": "1", "hours": "5.50"}
        [(issued,)] = ledger.execute(
            "SELECT count(*) FROM invoice WHERE period = '2026-09-01'"
        ).fetchall()
        assert issued == 1


class TestManyAtOnce:
    @pytest.mark.parametrize(
        ("month", "processes"), [("08", 3), pytest.param("07", 8, marks=pytest.mark.prove)]
    )
    def test_processes_and_three_schedules_bill_a_month_once(
        self, cloud, jobs, ledger, billed, month, processes
    ):
        ledger.execute(
            "INSERT INTO workday (employee_id, work_date, project_id, kind, hours)"
            " SELECT employee_id, CAST(%s AS date), project_id, kind, 8"
            " FROM workday WHERE work_date = '2026-10-01' AND employee_id IN"
            " (SELECT id FROM employee WHERE code IN ('HUDZ', 'KOVALCHUK'))",
            [f"2026-{month}-03"],
        )
        event = json.dumps({"period": f"2026-{month}"})
        before = documents(ledger)

        with ThreadPoolExecutor(11) as together:
            runs = [
                together.submit(jobs, "bill", f"2026-{month}", "--wait") for _ in range(processes)
            ]
            schedules = [
                together.submit(
                    aws_services.client("lambda", cloud).invoke,
                    FunctionName=cloud["BILL_MONTH_FUNCTION"],
                    Payload=event,
                )
                for _ in range(3)
            ]

        answers = [json.loads(schedule.result()["Payload"].read()) for schedule in schedules]
        said = [re.search(r"(\d+) invoices? issued", run.result().stdout) for run in runs]
        issued = sum(int(found[1]) for found in said) + sum(a["invoices"] for a in answers)
        after = documents(ledger)
        assert issued == 2
        assert {number: after[number] for number in before} == before
        assert len(after) == len(before) + 2
        assert sorted(mails(cloud)) == sorted(after)


def documents(ledger):
    """The hash of each invoice's document, by number."""
    return dict(
        ledger.execute(
            "SELECT number, sha256 FROM document JOIN invoice ON invoice.id = invoice_id"
        ).fetchall()
    )


class TestMistakes:
    @pytest.mark.parametrize(
        ("arguments", "sentence"),
        [
            (["bill", "2026-13"], "'2026-13' is not a month"),
            (["load", "/nowhere"], "contains none of departments.csv"),
            (["token", "nobody@company.example"], "no account for nobody@company.example"),
        ],
    )
    def test_end_in_one_sentence(self, jobs, arguments, sentence):
        finished = jobs(*arguments)

        assert finished.returncode == 2
        assert sentence in finished.stderr
        assert len(finished.stderr.strip().splitlines()) == 1

    def test_of_the_database_s_address_are_named(self, jobs):
        finished = jobs("bill", PERIOD, DATABASE_URL="postgresql://127.0.0.1:1/none")

        assert finished.returncode == 2
        assert "the database at DATABASE_URL is not answering" in finished.stderr
        assert len(finished.stderr.strip().splitlines()) == 1
