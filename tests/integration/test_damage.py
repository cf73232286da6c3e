"""
A ledger damaged by hand, with no guard left to refuse it: `verify` names each damage and exits 1.

Two months are billed, corrected, delivered and exported once.  Their database then loses every
trigger, key and check; each damage is done to a copy of it, and the month is exported again, so
that only the ledger itself can tell.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count

import psycopg
import pytest
from typer.testing import CliRunner

from chalicelib.aws import s3
from chalicelib.billing.content import content_sha256
from chalicelib.billing.period import Period
from chalicelib.steps.bill_month import bill_month
from chalicelib.steps.correct_invoice import correct_invoice
from chalicelib.steps.email_invoice import email_invoice
from chalicelib.steps.render_invoice import render_invoice
from chalicelib.store import records
from chalicelib.store.connection import engine
from cloud.roles import OPERATOR
from jobs import bill
from jobs.cli.main import app
from tests.builders_ledger import Books
from tests.conftest import as_role, forget, fresh_database, in_database
from tests.integration.conftest import REGION, empty_cloud, settings_of

OCTOBER, NOVEMBER = Period.month(2026, 10), Period.month(2026, 11)
FIRST = datetime(2026, 11, 1, 3, 15, tzinfo=UTC)
CORRECTED = datetime(2026, 11, 5, 9, 0, tzinfo=UTC)
SECOND = datetime(2026, 12, 1, 3, 15, tzinfo=UTC)
AFTERWARDS = datetime(2026, 12, 2, 3, 15, tzinfo=UTC)

GUARDS = """
    SELECT format('DROP TRIGGER %I ON %s', tgname, tgrelid::regclass)
    FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
    WHERE relnamespace = 'public'::regnamespace AND NOT tgisinternal
    UNION ALL
    SELECT format('ALTER TABLE %s DROP CONSTRAINT IF EXISTS %I CASCADE', relation, conname)
    FROM pg_constraint, LATERAL (SELECT conrelid::regclass AS relation) AS of_table
    WHERE connamespace = 'public'::regnamespace AND contype IN ('c', 'f', 'p', 'u')
    UNION ALL
    SELECT 'DROP INDEX delivery_one_on_its_way'
"""
serial = count(1)


@dataclass(frozen=True, slots=True)
class Ledger(Books):
    """A database whose rows nothing guards."""

    url: str

    def id(self, number: str) -> int:
        return self.value("SELECT id FROM invoice WHERE number = %s", number)

    def change(self, table: str, assignment: str, where: str) -> None:
        """Change one row."""
        assert self.execute(f"UPDATE {table} SET {assignment} WHERE {where}").rowcount == 1

    def copy(self, table: str, where: str, **changes: object) -> None:
        """Insert the rows of *table* again, with *changes*."""
        columns = self.column(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
            " AND attgenerated = '' AND attidentity <> 'a' AND NOT attisdropped"
            " AND attname <> ALL(%s)",
            table,
            list(changes),
        )
        names, kept = ", ".join([*columns, *changes]), ", ".join(columns)
        places = ", ".join(["%s"] * len(changes))
        self.execute(
            f"INSERT INTO {table} ({names})"
            f" SELECT {', '.join(filter(None, [kept, places]))} FROM {table} WHERE {where}",
            *changes.values(),
        )

    def bill_again(self, number: str, sequence: int, run: int, period: Period, **day) -> str:
        """Issue the invoice *number* again as another run would, to the last hash."""
        series = number.rpartition("-")[0]
        again, copied = f"{series}-{sequence:04d}", 1000 + sequence
        invoice = f"invoice_id = {self.id(number)}"
        changed = {"number": again, "sequence": sequence, "run_id": run, "period": period.start}
        changed |= {"issued_at": AFTERWARDS, "issued_on": AFTERWARDS, "due_on": AFTERWARDS}
        self.copy("invoice", f"number = '{number}'", id=copied, **changed)
        self.copy("invoice_line", invoice, invoice_id=copied)
        self.copy("invoice_workday", invoice, invoice_id=copied, **{"turn": 3} | day)
        self.copy("delivery", invoice, id=copied, invoice_id=copied, message_id=again)
        self.copy("delivery_event", f"delivery_id = {self.id(number)}", delivery_id=copied)
        self.execute(
            "UPDATE invoice_series SET last_sequence = %s WHERE series = %s", sequence, series
        )
        billed = "(SELECT sum(hours) FROM invoice_workday WHERE invoice_id = %s)"
        self.execute(
            "UPDATE billing_run SET extracted_rows = extracted_rows + 1,"
            f" billed_rows = billed_rows + 1, billed_hours = billed_hours + {billed},"
            f" extracted_hours = extracted_hours + {billed} WHERE id = %s",
            copied,
            copied,
            run,
        )
        self.seal(again)
        return again

    def seal(self, number: str) -> None:
        """Give a changed document the fingerprint of what it says now."""
        with engine(self.url).connect() as connection:
            header = records.invoice_by_number(connection, number)
            lines = records.lines_of(connection, header.id)
        digest = content_sha256(asdict(header), map(asdict, lines))
        self.execute("UPDATE invoice SET content_sha256 = %s WHERE number = %s", digest, number)


@pytest.fixture(scope="module")
def cloud(clients):
    with empty_cloud() as here:
        yield here


@pytest.fixture(scope="module")
def bare(server_url, cloud):
    """
    The settings of two billed months, on a database that has no guards left.

    October: ANNA-0001, credited by ANNA-0002 and billed again by ANNA-0003; BRUNO-0001.  One of
    Anna's workdays is rejected, Clara is held.  November: ANNA-0004, BRUNO-0002.
    """
    with fresh_database(server_url) as url:
        settings = settings_of(url, cloud)
        with psycopg.connect(url, autocommit=True) as connection:
            books = Books(connection)
            bill_both_months(settings, books, cloud)
            for statement in books.column(GUARDS.replace("%", "%%")):
                books.execute(statement)
        forget(url)
        yield settings


def bill_both_months(settings, books, cloud):
    books.employee("ANNA")
    books.employee("BRUNO", full_name="Bruno Bauer", tax_rate=Decimal(0))
    books.employee("CLARA", self_billing_agreed_on=None)
    books.workday("ANNA", 1, "8.00")
    books.workday("ANNA", 2, "7.50")
    books.workday("ANNA", 2, "1.00", kind="overtime")
    books.workday("ANNA", 3, "25.00")
    books.workday("BRUNO", 1, "8.00")
    books.workday("CLARA", 1, "8.00")
    bill_month(settings, OCTOBER, FIRST)
    books.execute("UPDATE workday SET hours = 6 WHERE hours = 7.5")
    correct_invoice(settings, "ANNA-0001", CORRECTED)
    books.workday("ANNA", NOVEMBER.start.replace(day=2), "8.00")
    books.workday("BRUNO", NOVEMBER.start.replace(day=2), "8.00")
    bill_month(settings, NOVEMBER, SECOND)
    for invoice_id in cloud.to_render():
        render_invoice(settings, invoice_id)
    for delivery_id in cloud.to_mail():
        email_invoice(settings, delivery_id)


@pytest.fixture
def settings(server_url, bare):
    """A copy of its database, and an empty bucket for the export."""
    name = f"damaged_{next(serial)}"
    template = bare.database_url.partition("?")[0].rpartition("/")[2]
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
    s3.client().create_bucket(
        Bucket=name.replace("_", "-"), CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    url = in_database(server_url, name)
    operator = as_role(url, OPERATOR)
    yield replace(bare, database_url=operator, export_bucket=name.replace("_", "-"))
    forget(url)
    forget(operator)
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def ledger(settings):
    url = as_role(settings.database_url, "postgres")
    with psycopg.connect(url, autocommit=True) as connection:
        yield Ledger(connection, url)


@pytest.fixture
def verify(settings, monkeypatch):
    """What the command says of a month, without the guards that are all gone, and its exit code."""
    monkeypatch.setattr("jobs.environment.settings", lambda _say: settings)

    def verified(period: Period) -> tuple[list[str], int]:
        bill.export(settings, period)
        finished = CliRunner().invoke(app, ["verify", str(period)], catch_exceptions=False)
        *sentences, _summary = finished.stdout.splitlines()
        return [said for said in sentences if not is_gone(said)], finished.exit_code

    return verified


def is_gone(sentence: str) -> bool:
    return sentence.endswith("guard should be in place, found none.")


DAY = "2026-10-01 ATLAS regular"
WORKDAY = f"workday {DAY}"
OF_ANNA = "(SELECT id FROM invoice WHERE number = 'ANNA-000{}')"
OF_BRUNO = "(SELECT id FROM invoice WHERE number = 'BRUNO-000{}')"
FIRST_DAY = "work_date = '2026-10-01'"


def one_live(found):
    return f"BRUNO: {WORKDAY} should be on one live invoice, found {found}."


DAMAGES = {}


def damage(sentence: str, period: Period = OCTOBER):
    """Say how `verify` names a damage, when asked for *period*."""

    def register(function):
        DAMAGES[function.__name__.removeprefix("_")] = (function, period, sentence)
        return function

    return register


@damage(one_live("BRUNO-0001 and BRUNO-0003"))
def _workday_billed_again_in_its_month(ledger):
    ledger.bill_again("BRUNO-0001", 3, 1, OCTOBER)


@damage(one_live("BRUNO-0001 and BRUNO-0003"))
def _workday_billed_again_in_the_next_month(ledger):
    ledger.bill_again("BRUNO-0001", 3, 3, NOVEMBER)


@damage(one_live("BRUNO-0001 and BRUNO-0003"), NOVEMBER)
def _workday_billed_in_the_month_before(ledger):
    ledger.bill_again("BRUNO-0001", 3, 3, NOVEMBER)


@damage(f"BRUNO: turns of {WORKDAY} should be 1 to 2, found 1 on BRUNO-0001, 1 on BRUNO-0003.")
def _first_turn_there_twice(ledger):
    ledger.bill_again("BRUNO-0001", 3, 1, OCTOBER, turn=1)


@damage(
    "BRUNO: workday with the id 5 should be on one live invoice, found"
    " BRUNO-0003 as workday 2026-08-14 ATLAS regular of BRUNO"
    f" and BRUNO-0001 as {WORKDAY} of BRUNO."
)
def _workday_billed_under_another_day(ledger):
    ledger.bill_again("BRUNO-0001", 3, 1, OCTOBER, turn=1, work_date="2026-08-14")


@damage(
    f"ANNA: turns of {WORKDAY} should be 1 to 3, found"
    " 1 on ANNA-0001, 2 on ANNA-0002, 5 on ANNA-0003."
)
def _turn_skipped(ledger):
    ledger.change(
        "invoice_workday", "turn = 5", f"{FIRST_DAY} AND invoice_id = {OF_ANNA.format(3)}"
    )


@damage(
    f"BRUNO-0001: turn 1 of {WORKDAY} should be on an invoice with positive hours,"
    " found -8.00 hours on an invoice."
)
def _billed_hours_negated(ledger):
    ledger.change("invoice_workday", "hours = -8", f"invoice_id = {OF_BRUNO.format(1)}")


@damage(
    f"ANNA-0002: credited invoice of {WORKDAY} against the turn before should be ANNA-0001,"
    " found BRUNO-0001."
)
def _credit_of_another_invoice(ledger):
    ledger.change(
        "invoice_workday",
        f"credits_invoice_id = {OF_BRUNO.format(1)}",
        f"turn = 2 AND {FIRST_DAY}",
    )


@damage(f"ANNA-0002: workday id of {WORKDAY} against the turn before should be 1, found 77.")
def _credit_of_another_workday(ledger):
    ledger.change("invoice_workday", "workday_id = 77", f"turn = 2 AND {FIRST_DAY}")


@damage(f"BRUNO-0001: credited invoice of {WORKDAY} should not be there, found ANNA-0001.")
def _invoice_whose_workday_credits(ledger):
    ledger.change(
        "invoice_workday",
        f"credits_invoice_id = {OF_ANNA.format(1)}",
        f"invoice_id = {OF_BRUNO.format(1)}",
    )


@damage(
    "ANNA: hours billed for 2026-11-02 should be 24 at most,"
    " found 32.00 on ANNA-0004 and ANNA-0005 and ANNA-0006 and ANNA-0007.",
    NOVEMBER,
)
def _day_of_thirty_two_hours(ledger):
    for project in (5, 6, 7):
        ledger.bill_again("ANNA-0004", project, 3, NOVEMBER, turn=1, project_id=project)


@damage("ANNA-0003: number should be in use (1 missing before ANNA-0004), found none.", NOVEMBER)
def _invoice_taken_out(ledger):
    invoice = f"invoice_id = {OF_ANNA.format(3)}"
    for table in ("invoice_line", "invoice_workday", "document", "delivery"):
        ledger.execute(f"DELETE FROM {table} WHERE {invoice}")
    ledger.execute("DELETE FROM invoice WHERE number = 'ANNA-0003'")


@damage("BRUNO-2: number should be BRUNO-0002, found BRUNO-2.")
def _number_in_another_form(ledger):
    ledger.change("invoice", "number = 'BRUNO-2'", "number = 'BRUNO-0002'")


@damage("BRUNO-0001: place in its series should be BRUNO-0002, found BRUNO-0001.", NOVEMBER)
def _number_given_twice(ledger):
    ledger.change("invoice", "number = 'BRUNO-0001', sequence = 1", "number = 'BRUNO-0002'")


@damage("ANNA: series should be of one employee, found ANNA and BRUNO.")
def _series_of_two_people(ledger):
    ledger.bill_again("ANNA-0004", 5, 3, NOVEMBER, turn=1)
    ledger.change("invoice", "employee_id = 2", "number = 'ANNA-0005'")


@damage("BRUNO: last number should be 9, found 2.")
def _series_that_is_ahead(ledger):
    ledger.change("invoice_series", "last_sequence = 9", "series = 'BRUNO'")


@damage(
    "ANNA-0003: issue date should be 2026-11-05 or later, as of the numbers before it,"
    " found 2026-11-03.",
    NOVEMBER,
)
def _issue_date_that_went_back(ledger):
    ledger.change("invoice", "issued_on = '2026-11-03'", "number = 'ANNA-0003'")
    ledger.seal("ANNA-0003")


@damage(
    "ANNA-0003: moment of issue should be 2026-11-05 09:00:00 UTC or later,"
    " as of the numbers before it, found 2026-11-05 05:00:00 UTC.",
)
def _moment_that_went_back(ledger):
    ledger.change("invoice", "issued_at = issued_at - interval '4 hours'", "number = 'ANNA-0003'")


@damage("ANNA-0001: invoice should be credited once, found ANNA-0002 and ANNA-0005.", NOVEMBER)
def _invoice_credited_twice(ledger):
    ledger.bill_again("ANNA-0002", 5, 3, NOVEMBER, turn=4)


@damage("BRUNO-0001: kind should be credit_note, as it credits ANNA-0001, found invoice.")
def _invoice_that_credits(ledger):
    ledger.change("invoice", f"credits_invoice_id = {OF_ANNA.format(1)}", "number = 'BRUNO-0001'")
    ledger.seal("BRUNO-0001")


@damage("BRUNO-0001: line 1 should be there once, found 2 of it.")
def _line_there_twice(ledger):
    ledger.copy("invoice_line", f"invoice_id = {OF_BRUNO.format(1)}")


@damage("BRUNO-0001: kind of line 1 should be regular or overtime, found holiday.")
def _line_of_no_known_kind(ledger):
    ledger.change("invoice_line", "kind = 'holiday'", f"invoice_id = {OF_BRUNO.format(1)}")


@damage("BRUNO-0001: line 7 should be BRUNO, regular, 50.0000, 8.00, 400.00, found none.")
def _workday_without_a_line(ledger):
    ledger.change("invoice_workday", "position = 7", f"invoice_id = {OF_BRUNO.format(1)}")


@damage("BRUNO-0001: employee of line 1 should be ANNA, found BRUNO.")
def _workday_of_another_employee(ledger):
    ledger.change("invoice_workday", "employee_id = 1", f"invoice_id = {OF_BRUNO.format(1)}")


@damage("invoice 999: it should be there, as 1 row belongs to it in invoice_line, found none.")
def _line_without_an_invoice(ledger):
    ledger.copy("invoice_line", f"invoice_id = {OF_BRUNO.format(1)}", invoice_id=999)


@damage("invoice 999: it should be there, as 1 row belongs to it in invoice_workday, found none.")
def _workday_without_an_invoice(ledger):
    ledger.copy(
        "invoice_workday",
        f"invoice_id = {OF_BRUNO.format(1)}",
        invoice_id=999,
        work_date="2031-01-01",
    )


@damage("employee 2: it should be there, as 2 rows belong to it in invoice, found none.")
def _employee_taken_out(ledger):
    ledger.execute("DELETE FROM employee WHERE code = 'BRUNO'")


@damage("run 1: rejected rows should be 1, found 2.")
def _more_rejected_than_listed(ledger):
    ledger.change("billing_run", "rejected_rows = 2, extracted_rows = extracted_rows + 1", "id = 1")


@damage("run 1: rejected hours should be 0.00, found 25.00.")
def _reject_taken_out(ledger):
    ledger.execute("DELETE FROM rejected_workday")


@damage("run 1: contractors held (1 held workdays counted) should be named, found 0.")
def _held_taken_out(ledger):
    ledger.execute("DELETE FROM held_employee")


@damage("run 3: contractors held (0 held workdays counted) should be none, found 1.", NOVEMBER)
def _held_by_a_run_that_held_nobody(ledger):
    ledger.copy("held_employee", "run_id = 1", run_id=3)


@damage("run 1: extracted hours should be 57.50, found 58.50.")
def _more_extracted_than_judged(ledger):
    ledger.change("billing_run", "extracted_hours = extracted_hours + 1", "id = 1")


@damage("run 1: billed hours should be 25.50, found 24.50.")
def _more_billed_than_issued(ledger):
    ledger.change(
        "billing_run",
        "billed_hours = billed_hours + 1, extracted_hours = extracted_hours + 1",
        "id = 1",
    )


@damage("ANNA-0004: run 3 that issued it should be completed, found failed.", NOVEMBER)
def _run_that_failed(ledger):
    ledger.change("billing_run", "status = 'failed', failure = 'x'", "id = 3")


@damage("ANNA-0004: run 77 that issued it should be completed, found no such run.", NOVEMBER)
def _run_that_never_was(ledger):
    ledger.change("invoice", "run_id = 77", "number = 'ANNA-0004'")


@damage("ANNA-0003: month of run 2 that issued it should be 2026-10, found 2026-11.")
def _run_of_another_month(ledger):
    ledger.change("billing_run", "period = '2026-11-01'", "id = 2")


@damage("document: rows with invoice BRUNO-0001 should be 1, found 2.")
def _second_pdf_of_an_invoice(ledger):
    ledger.copy("document", f"invoice_id = {OF_BRUNO.format(1)}", s3_key="elsewhere")


@damage("invoice 999: it should be there, as 1 row belongs to it in document, found none.")
def _pdf_without_an_invoice(ledger):
    ledger.copy(
        "document", f"invoice_id = {OF_BRUNO.format(1)}", invoice_id=999, s3_key="elsewhere"
    )


@damage("BRUNO-0001: delivery should be there, found none.")
def _delivery_taken_out(ledger):
    delivery = f"(SELECT id FROM delivery WHERE invoice_id = {OF_BRUNO.format(1)})"
    ledger.execute(f"DELETE FROM delivery_event WHERE delivery_id = {delivery}")
    ledger.execute(f"DELETE FROM delivery WHERE id = {delivery}")


@damage(
    "BRUNO-0001: history of delivery 2 should be steps from new to delivered,"
    " found new → queued, queued → sending, sending → sent."
)
def _delivery_that_says_more_than_its_history(ledger):
    ledger.change("delivery", "status = 'delivered'", f"invoice_id = {OF_BRUNO.format(1)}")


@damage(
    "BRUNO-0001: history of delivery 2 should be steps from new to sent,"
    " found new → queued, sending → sent."
)
def _history_with_a_gap(ledger):
    ledger.execute("DELETE FROM delivery_event WHERE delivery_id = 2 AND to_status = 'sending'")


@damage("BRUNO-0001: history of delivery 2 should be of allowed steps, found queued → sent.")
def _step_that_was_let_through(ledger):
    ledger.execute("INSERT INTO delivery_transition VALUES ('queued', 'sent', 'by hand')")
    ledger.execute("DELETE FROM delivery_event WHERE delivery_id = 2 AND to_status = 'sending'")
    ledger.execute(
        "UPDATE delivery_event SET from_status = 'queued'"
        " WHERE delivery_id = 2 AND to_status = 'sent'"
    )


@damage("delivery_transition: sent → queued should not be there, found a row of it.")
def _transition_added(ledger):
    ledger.execute("INSERT INTO delivery_transition VALUES ('sent', 'queued', 'by hand')")


@damage("delivery_transition: sent → bounced should be there, found none.")
def _transition_taken_out(ledger):
    ledger.execute(
        "DELETE FROM delivery_transition WHERE (from_status, to_status) = ('sent', 'bounced')"
    )


@damage("BRUNO-0001: deliveries on their way should be 1 at most, found 2.")
def _two_emails_on_their_way(ledger):
    for delivery_id in (800, 801):
        ledger.copy(
            "delivery",
            "id = 2",
            id=delivery_id,
            status="queued",
            message_id=None,
        )


class TestALedgerWithoutGuards:
    @pytest.mark.parametrize("period", [OCTOBER, NOVEMBER], ids=str)
    def test_that_nobody_damaged_has_nothing_but_that_against_it(self, verify, period):
        assert verify(period) == ([], 1)

    @pytest.mark.parametrize(("spoil", "period", "sentence"), DAMAGES.values(), ids=DAMAGES)
    def test_is_named_for_what_was_done_to_it(self, ledger, verify, spoil, period, sentence):
        spoil(ledger)

        sentences, exit_code = verify(period)

        assert sentence in sentences
        assert exit_code == 1
