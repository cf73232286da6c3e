"""The report of a period: what it reads from a real ledger."""

import json
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from chalicelib.billing.balance import Unbalanced
from chalicelib.billing.period import Period
from chalicelib.steps import bill_month as step
from chalicelib.steps.bill_month import bill_month
from chalicelib.steps.correct_invoice import correct_invoice
from chalicelib.store.connection import engine
from chalicelib.store.reporting import AllRejected, MonthTotal, PeriodReport, report_period
from chalicelib.store.silent import Silent
from jobs.report.page import page
from jobs.report.view import as_json, show

from .conftest import load_as_operator

FIXTURES = Path(__file__).parents[2] / "data" / "fixtures"
EXPECTED = json.loads((FIXTURES / "expected.json").read_text())
OCTOBER = Period.month(2026, 10)
NOW = datetime(2026, 11, 1, 3, 15, tzinfo=UTC)
MONEY = ("hours", "subtotal", "tax", "total")


@pytest.fixture
def settings(operator_settings):
    """A person reads the report."""
    return operator_settings


@pytest.fixture
def report(settings):
    """Read the report of October, or of another period."""

    def read(period=OCTOBER):
        with engine(settings.database_url).connect() as connection:
            return report_period(connection, period)

    return read


@pytest.fixture
def run(settings):
    """Bill October, or another period."""

    def bill(period=OCTOBER):
        return bill_month(settings, period, NOW)

    return bill


@pytest.fixture
def fixture_month(settings, run):
    load_as_operator(FIXTURES, settings)
    run()


def shown(report, width=100):
    console = Console(file=StringIO(), width=width)
    show(report, console)
    return console.file.getvalue()


def move(books, employee, department, name=None):
    """Put *employee* into a department of that code, added if it is new."""
    books.execute(
        "INSERT INTO department (code, name) VALUES (%s, %s) ON CONFLICT DO NOTHING",
        department,
        name or department.title(),
    )
    books.execute(
        "UPDATE employee SET department_id = (SELECT id FROM department WHERE code = %s)"
        " WHERE code = %s",
        department,
        employee,
    )


def check_sums(report):
    """Departments and projects come to the money of each currency, to the cent."""
    for money in report.money:
        departments = [row for row in report.departments if row.currency == money.currency]
        projects = [row for row in report.projects if row.currency == money.currency]
        for what in MONEY:
            assert sum(getattr(row, what) for row in departments) == getattr(money, what)
        assert sum(row.documents for row in departments) == money.invoices + money.credit_notes
        assert sum(row.hours for row in projects) == money.hours
        assert sum(row.amount for row in projects) == money.subtotal
        [last] = [
            row for row in report.months[-len(report.money) :] if row.currency == money.currency
        ]
        assert (last.period, last.total) == (report.period, money.total)
    currencies = {row.currency for row in report.money}
    assert {row.currency for row in report.departments + report.projects} == currencies


class TestTheFixtureMonth:
    def test_adds_up_by_department_and_by_project(self, fixture_month, report):
        found = report()

        check_sums(found)
        assert {row.currency: str(row.total) for row in found.money} == {
            currency: sums["total"] for currency, sums in EXPECTED["money"].items()
        }

    def test_has_the_money_of_each_department(self, fixture_month, report):
        rows = [
            (
                row.currency,
                row.department,
                row.name,
                row.documents,
                *map(str, (row.hours, row.total)),
            )
            for row in report().departments
        ]

        assert rows == [
            ("EUR", "DES", "Design", 1, "137.50", "6806.26"),
            ("EUR", "DOC", "Documentation", 1, "123.50", "4175.02"),
            ("EUR", "ENG", "Engineering", 1, "142.20", "5340.32"),
            ("PLN", "ENG", "Engineering", 2, "299.75", "39570.49"),
            ("UAH", "DES", "Design", 1, "157.00", "125667.75"),
            ("UAH", "ENG", "Engineering", 1, "158.00", "161160.00"),
        ]

    def test_has_the_money_of_each_project(self, fixture_month, report):
        rows = [
            (row.currency, row.project, *map(str, (row.hours, row.amount)))
            for row in report().projects
        ]

        assert rows == [
            ("EUR", "ATLAS", "185.25", "6722.21"),
            ("EUR", "BEACON", "217.95", "8465.01"),
            ("PLN", "ATLAS", "16.25", "1917.50"),
            ("PLN", "BEACON", "147.50", "14205.63"),
            ("PLN", "CEDAR", "136.00", "16048.00"),
            ("UAH", "ATLAS", "158.00", "134300.00"),
            ("UAH", "DNIPRO", "157.00", "125667.75"),
        ]

    def test_names_whom_nothing_was_left_to_bill_of(self, fixture_month, report):
        assert report().all_rejected == [
            AllRejected("LINDQVIST", "Åsa Lindqvist", 1, Decimal("80.00"))
        ]

    def test_names_everybody_on_the_terminal_and_on_the_page(self, fixture_month, report):
        found = report()

        for whole in (shown(found, width=120), page(found)):
            for row in [*found.rejects, *found.helds, *found.all_rejected]:
                assert row.name in whole
            for row in [*found.departments, *found.projects]:
                assert row.name in whole

    def test_is_text_throughout_as_json(self, fixture_month, report):
        content = as_json(report())

        assert json.loads(json.dumps(content)) == content
        assert content["run"]["control"] == EXPECTED["control"]
        assert content["unbilled_earlier"] == [{"period": "2026-09", "rows": 1, "hours": "5.50"}]
        assert content["months"][-1] == {
            "period": "2026-10",
            "currency": "UAH",
            "documents": 2,
            "subtotal": "259967.75",
            "tax": "26860.00",
            "total": "286827.75",
        }
        assert (content["balanced"], content["needs_a_person"]) == (True, True)


class TestAfterACorrection:
    @pytest.fixture
    def corrected(self, settings, books, run):
        """Anna moved from ATLAS to BEACON, from 16 hours to 12, and from ENG to RES since."""
        books.employee("ANNA", rate="50.0000")
        books.employee("BOHDAN", rate="33.3335", tax_rate=Decimal("0.23"))
        for code in ("ANNA", "BOHDAN"):
            books.workday(code, 1)
            books.workday(code, 2)
        run()
        books.execute(
            "UPDATE workday SET project_id = %s, hours = 6 WHERE employee_id ="
            " (SELECT id FROM employee WHERE code = 'ANNA')",
            books.project("BEACON"),
        )
        move(books, "ANNA", "RES", "Research")
        return correct_invoice(settings, "ANNA-0001", NOW + timedelta(hours=1))

    def test_adds_up_net_of_the_credit_note(self, corrected, report):
        found = report()

        check_sums(found)
        [euros] = found.money
        assert (euros.invoices, euros.credit_notes) == (3, 1)
        assert str(euros.subtotal) == "1133.34"  # 12 x 50 and 16 x 33.3335, which is 533.336

    def test_moves_hours_between_projects(self, corrected, report):
        rows = [(row.project, *map(str, (row.hours, row.amount))) for row in report().projects]

        assert rows == [("ATLAS", "16.00", "533.34"), ("BEACON", "12.00", "600.00")]

    def test_credits_the_department_that_was_billed(self, corrected, report):
        rows = [
            (row.department, row.name, row.documents, str(row.subtotal))
            for row in report().departments
        ]

        assert rows == [
            ("ENG", "Engineering", 3, "533.34"),
            ("RES", "Research", 1, "600.00"),
        ]

    def test_marks_the_correction_in_the_history(self, corrected, report):
        found = report()

        assert [(run.status, run.corrects) for run in found.history] == [
            ("issued", None),
            ("issued", "ANNA-0001"),
        ]
        assert found.history[1].control.billed.hours == Decimal("12.00")
        assert found.run == found.last_attempt == found.history[0]
        assert found.balanced
        assert "corrects ANNA-0001" in shown(found)

    def test_counts_what_all_runs_together_billed(self, corrected, report):
        found = report()

        assert (found.billed.rows, str(found.billed.hours)) == (4, "28.00")
        assert found.run.control.billed.hours == Decimal("32.00")


class TestTheMonths:
    def test_are_six_in_order_with_zeros_where_nothing_was_issued(self, books, run, report):
        books.employee()
        books.workday(day=date(2026, 4, 30))
        books.workday(day=date(2026, 5, 1))
        books.workday(day=date(2026, 9, 1), hours="4.00")
        books.workday(day=date(2026, 11, 1))
        for number in (4, 5, 9, 11):
            run(Period.month(2026, number))

        rows = [(str(row.period), row.documents, str(row.total)) for row in report().months]

        assert rows == [
            ("2026-05", 1, "480.00"),
            ("2026-06", 0, "0.00"),
            ("2026-07", 0, "0.00"),
            ("2026-08", 0, "0.00"),
            ("2026-09", 1, "240.00"),
            ("2026-10", 0, "0.00"),
        ]

    def test_have_every_currency_of_the_six(self, books, run, report):
        books.employee("ANNA", currency="EUR")
        books.employee("OLENA", currency="UAH")
        books.workday("ANNA", date(2026, 9, 1))
        books.workday("OLENA", 1)
        run(OCTOBER.preceding)
        run()

        months = report().months

        assert len(months) == 12
        assert [(row.currency, str(row.total)) for row in months[-4:]] == [
            ("EUR", "480.00"),
            ("UAH", "0.00"),
            ("EUR", "0.00"),
            ("UAH", "480.00"),
        ]
        assert all(isinstance(row, MonthTotal) for row in months)


class TestTheSilent:
    def test_are_named_with_the_day_they_last_worked(self, books, run, report):
        books.employee("ANNA", full_name="Anna [/] Nowak")
        books.employee("BOHDAN")
        books.workday("ANNA", date(2026, 9, 30))
        books.workday("BOHDAN", 1)
        run()

        found = report()

        assert found.silent == [Silent("ANNA", "Anna [/] Nowak", date(2026, 9, 30))]
        assert "Anna [/] Nowak" in shown(found)

    def test_take_a_line_and_a_count_however_many_they_are(self, books, report):
        for place in range(40):
            books.employee(f"E{place:02}", full_name=f"Name{place:02}")

        text = shown(report())

        assert "No workdays recorded: 40" in text
        assert "Name07" in text
        assert "Name08" not in text


class TestTheHistory:
    def test_keeps_a_failed_run_with_its_reason(self, books, run, report, monkeypatch):
        books.employee()
        books.workday()
        run()

        def refuse(*_, **__):
            raise Unbalanced(["extracted and accounted for differ (2 against 1)"])

        monkeypatch.setattr(step, "draft_month", refuse)
        with pytest.raises(Unbalanced):
            run()
        found = report()

        assert [run.status for run in found.history] == ["issued", "failed"]
        assert "differ (2 against 1)" in found.history[1].failure
        assert found.history[1].control is None
        assert found.run == found.history[0]
        assert not found.balanced
        assert "Run 2 failed" in shown(found)
        check_sums(found)

    def test_of_a_month_never_billed_is_empty(self, report):
        found = report()

        assert found == PeriodReport(OCTOBER, None, None, as_of=found.as_of)
        assert found.as_of.tzinfo is not None
        assert "has not been billed" in shown(found)
        assert "Not billed yet" in page(found)

    def test_is_of_that_month_alone(self, books, run, report):
        run(OCTOBER.preceding)
        run()

        assert len(report().history) == 1


class TestReading:
    def test_is_as_of_one_moment(self, settings, books, run):
        """What is issued while the report is read is in none of its parts."""
        books.employee()
        books.workday()
        with engine(settings.database_url).connect() as connection:
            before = report_period(connection, OCTOBER)
            run()
            during = report_period(connection, OCTOBER)
            connection.rollback()
            after = report_period(connection, OCTOBER)

        assert during == before
        assert len(after.money) == 1

    def test_loads_no_frames(self):
        """The API serves it."""
        script = "import sys, chalicelib.store.reporting; print('polars' in sys.modules)"

        finished = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True
        )

        assert finished.stdout.strip() == "False"
