"""Corrections on a real ledger: what was billed changes upstream, and is put right."""

import io
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from rich.console import Console

from chalicelib.billing.period import Period
from chalicelib.steps.bill_month import bill_month
from chalicelib.steps.close_month import close_period
from chalicelib.steps.correct_invoice import CannotCorrect, correct_invoice, would_correct
from chalicelib.store.closing import NotYetBilled, PeriodClosed
from chalicelib.store.connection import engine
from chalicelib.store.runs import fail_run
from jobs.drift import show_drift

OCTOBER = Period.month(2026, 10)
NOVEMBER = Period.month(2026, 11)
NOW = datetime(2026, 12, 1, 3, tzinfo=UTC)

LEDGER = """
    SELECT number, kind, CAST(period AS text), subtotal FROM invoice ORDER BY id
"""


@pytest.fixture
def settings(operator_settings):
    """A person corrects and closes."""
    return operator_settings


@pytest.fixture
def billed(books, settings):
    """Anna's two days of eight hours, billed as ANNA-0001."""
    books.employee()
    books.workday(day=1)
    books.workday(day=2)
    bill_month(settings, OCTOBER, NOW)
    return books


def correct(settings, number="ANNA-0001"):
    return correct_invoice(settings, number, NOW)


class TestCorrecting:
    def test_credits_the_whole_and_bills_what_is_left(self, settings, billed, cloud):
        cloud.to_render()
        billed.execute("UPDATE workday SET hours = 4 WHERE work_date = '2026-10-01'")

        correction = correct(settings)

        assert (correction.credited_by, correction.replaced_by) == ("ANNA-0002", "ANNA-0003")
        assert correction.difference == Decimal("-240.00")
        assert billed.rows(LEDGER) == [
            ("ANNA-0001", "invoice", "2026-10-01", Decimal("800.00")),
            ("ANNA-0002", "credit_note", "2026-10-01", Decimal("-800.00")),
            ("ANNA-0003", "invoice", "2026-10-01", Decimal("600.00")),
        ]
        assert len(cloud.to_render()) == 3  # the first was never rendered here

    def test_says_beforehand_what_it_will_do_and_does_nothing(self, settings, billed):
        billed.execute("DELETE FROM workday WHERE work_date = '2026-10-01'")
        before = billed.contents()

        forecast = would_correct(settings, "ANNA-0001", NOW)

        assert billed.contents() == before
        assert correct(settings) == forecast

    def test_issues_no_new_invoice_where_nothing_is_left(self, settings, billed):
        billed.execute("DELETE FROM workday")

        assert correct(settings).replaced_by is None
        assert billed.numbers() == ["ANNA-0001", "ANNA-0002"]

    def test_rejects_what_is_not_valid_any_more(self, settings, billed):
        billed.execute("UPDATE workday SET hours = 25 WHERE work_date = '2026-10-01'")

        assert correct(settings).rejected == 1

    def test_takes_todays_rate_and_keeps_the_credit_at_the_old_one(self, settings, billed):
        billed.execute("UPDATE rate SET hourly_rate = 55")

        correct(settings)

        rates = billed.column("SELECT unit_rate FROM invoice_line ORDER BY invoice_id")
        assert rates == [Decimal("50.0000"), Decimal("50.0000"), Decimal("55.0000")]

    def test_bills_nobody_else(self, settings, billed):
        billed.employee("BOHDAN", self_billing_agreed_on=None)
        billed.execute(
            "UPDATE workday SET employee_id = (SELECT id FROM employee WHERE code = 'BOHDAN')"
            " WHERE work_date = '2026-10-01'"
        )

        correction = correct(settings)

        assert correction.difference == Decimal("-480.00")
        assert billed.numbers() == ["ANNA-0001", "ANNA-0002", "ANNA-0003"]

    def test_leaves_a_day_that_moved_to_another_month_to_that_month(self, settings, billed):
        billed.execute("UPDATE workday SET work_date = '2026-11-02' WHERE work_date = '2026-10-01'")
        correct(settings)

        bill_month(settings, NOVEMBER, NOW)

        assert billed.rows(LEDGER)[-1] == (
            "ANNA-0004",
            "invoice",
            "2026-11-01",
            Decimal("400.00"),
        )

    def test_leaves_nothing_for_the_next_run(self, settings, billed):
        billed.execute("UPDATE workday SET hours = 4")
        correct(settings)

        assert bill_month(settings, OCTOBER, NOW).invoices == 0

    def test_can_be_done_again_to_the_new_invoice(self, settings, billed):
        billed.execute("UPDATE workday SET hours = 4")
        correct(settings)
        billed.execute("UPDATE workday SET hours = 5")

        assert correct(settings, "ANNA-0003").replaced_by == "ANNA-0005"
        turns = billed.column("SELECT turn FROM invoice_workday ORDER BY work_date, turn")
        assert turns == [1, 2, 3, 4, 5] * 2

    def test_keeps_the_month_s_own_report(self, settings, billed):
        billed.execute("UPDATE workday SET hours = 4")
        correct(settings)

        runs = billed.rows("SELECT status, corrects_invoice_id FROM billing_run ORDER BY id")
        assert runs == [("issued", None), ("issued", 1)]


class TestRefusals:
    @pytest.mark.parametrize(
        ("number", "why"),
        [
            ("ANNA-0001", "have not changed since it was billed"),
            ("ANNA-0009", "no invoice has this number"),
        ],
    )
    def test_without_drift_or_invoice(self, settings, billed, number, why):
        before = billed.contents()

        with pytest.raises(CannotCorrect, match=why):
            correct(settings, number)

        assert billed.contents() == before

    def test_of_credit_notes_and_credited_invoices(self, settings, billed):
        billed.execute("UPDATE workday SET hours = 4")
        correct(settings)
        billed.execute("UPDATE workday SET hours = 5")

        with pytest.raises(CannotCorrect, match="ANNA-0002 already credits it"):
            correct(settings)
        with pytest.raises(CannotCorrect, match="credit note of ANNA-0001"):
            correct(settings, "ANNA-0002")

    def test_of_held_employees_which_issue_nothing(self, settings, billed):
        billed.execute("UPDATE workday SET hours = 4")
        billed.execute("UPDATE employee SET self_billing_agreed_on = NULL")

        with pytest.raises(CannotCorrect, match="no_agreement"):
            correct(settings)

        assert billed.numbers() == ["ANNA-0001"]


class TestClosing:
    def test_sends_late_work_to_the_next_open_month_with_its_own_date(self, settings, billed):
        close_period(settings.database_url, OCTOBER)
        billed.workday(day=3)

        with pytest.raises(PeriodClosed, match="bill 2026-11 instead"):
            bill_month(settings, OCTOBER, NOW)
        bill_month(settings, NOVEMBER, NOW)

        assert billed.rows(LEDGER)[-1][2] == "2026-11-01"
        days = billed.column("SELECT CAST(work_date AS text) FROM invoice_workday")
        assert days[-1] == "2026-10-03"

    def test_books_a_correction_in_the_next_open_month(self, settings, billed):
        close_period(settings.database_url, OCTOBER)
        billed.execute("UPDATE workday SET hours = 4")

        correct(settings)

        assert [row[2] for row in billed.rows(LEDGER)] == ["2026-10-01", "2026-11-01", "2026-11-01"]

    def test_wants_a_completed_run(self, settings, books):
        with pytest.raises(NotYetBilled, match="bill it, then close it"):
            close_period(settings.database_url, OCTOBER)

    def test_twice_changes_nothing(self, settings, billed):
        close_period(settings.database_url, OCTOBER)
        closed = billed.rows("SELECT * FROM closed_period")

        close_period(settings.database_url, OCTOBER)

        assert billed.rows("SELECT * FROM closed_period") == closed
        assert len(closed) == 1


class TestARunThatIsOver:
    def test_does_not_fail_afterwards(self, settings, billed):
        """Its commit may have succeeded and only the answer been lost."""
        with engine(settings.database_url).connect() as connection:
            fail_run(connection, 1, "the connection was lost")

        assert billed.column("SELECT status FROM billing_run") == ["issued"]


class TestDriftOnATerminal:
    def test_shows_brackets_in_names_and_codes_as_they_are(self, settings, books):
        books.employee("ANNA", full_name="Anna [external] Nowak")
        books.workday("ANNA", project="DNIPRO[/x]")
        bill_month(settings, OCTOBER, NOW)
        books.execute("UPDATE workday SET hours = 4")
        console = Console(file=io.StringIO(), width=200)

        assert show_drift(settings, OCTOBER, console)

        assert "ANNA-0001 Anna [external] Nowak" in console.file.getvalue()
        assert "DNIPRO[/x] regular" in console.file.getvalue()
