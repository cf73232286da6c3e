import json
from datetime import UTC, date, datetime
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from chalicelib.billing.period import Period
from chalicelib.billing.preview import Bounds, CurrencyPreview, Preview
from chalicelib.steps import preview_month as step
from chalicelib.steps.bill_month import bill_month
from chalicelib.steps.correct_invoice import correct_invoice
from chalicelib.steps.preview_month import preview_month
from chalicelib.steps.run import UnprintablePayer
from chalicelib.store.closing import PeriodClosed, close
from chalicelib.store.connection import engine, period_lock
from chalicelib.store.reporting import report_period
from chalicelib.store.silent import Silent
from jobs.preview import as_json, in_words, show

from .conftest import load_as_operator

FIXTURES = Path(__file__).parents[2] / "data" / "fixtures"
SEPTEMBER = Period.month(2026, 9)
OCTOBER = Period.month(2026, 10)
NOW = datetime(2026, 11, 1, 3, 15, tzinfo=UTC)


@pytest.fixture
def settings(operator_settings):
    """A person previews."""
    return operator_settings


def preview(settings, period=OCTOBER, **bounds):
    previewed = preview_month(settings, period, NOW, Bounds(**bounds))
    Preview.validate(previewed.comparison, lazy=True)
    CurrencyPreview.validate(previewed.money, lazy=True)
    return previewed


def bill(settings, period=OCTOBER):
    return bill_month(settings, period, NOW)


def load_fixtures(settings):
    load_as_operator(FIXTURES, settings)


def report(settings):
    with engine(settings.database_url).connect() as connection:
        return report_period(connection, OCTOBER)


def compared(previewed, *names):
    """The named columns of the comparison, by employee code."""
    return {row[0]: row[1:] for row in previewed.comparison.select("code", *names).iter_rows()}


def printed(previewed):
    console = Console(file=StringIO(), width=140)
    show(previewed, console)
    return console.file.getvalue()


class TestPreview:
    def test_is_what_the_run_then_issues_to_the_cent(self, settings, books):
        load_fixtures(settings)

        previewed = preview(settings)
        bill(settings)

        assert compared(previewed, "currency", "hours", "total") == {
            code: tuple(amounts)
            for code, *amounts in books.rows(
                "SELECT series, currency, sum(hours), total"
                " FROM invoice JOIN invoice_line ON invoice_id = id GROUP BY id"
            )
        }
        assert previewed.draft.lines.select("position", "hours", "unit_rate", "amount").rows() == (
            books.rows(
                "SELECT position, hours, unit_rate, amount FROM invoice_line"
                " JOIN invoice ON id = invoice_id ORDER BY employee_id, position"
            )
        )

    def test_names_the_rejects_and_helds_that_the_report_then_names(self, settings, books):
        load_fixtures(settings)

        previewed = preview(settings)
        bill(settings)

        reported = report(settings)
        assert (len(previewed.rejects), len(previewed.helds)) == (6, 3)
        assert previewed.rejects == reported.rejects
        assert previewed.helds == reported.helds

    def test_comes_to_the_money_of_the_report(self, settings, books):
        load_fixtures(settings)

        previewed = preview(settings)
        bill(settings)

        assert previewed.money.select("currency", "invoices", "total").rows() == [
            (row.currency, row.invoices, row.total) for row in report(settings).money
        ]

    def test_writes_nothing(self, settings, books, cloud):
        load_fixtures(settings)
        bill(settings, SEPTEMBER)
        books.workday("KOVALCHUK", date(2026, 9, 29))
        cloud.to_render()
        before = books.contents()

        preview(settings, SEPTEMBER)
        preview(settings)

        assert books.contents() == before
        assert cloud.to_render() == []

    def test_could_not_write_if_it_would(self, settings, books, monkeypatch):
        def write(connection, _period):
            connection.execute(text("INSERT INTO project (code, name) VALUES ('X', 'X')"))

        monkeypatch.setattr(step, "silent_people", write)

        with pytest.raises(DBAPIError, match="read-only"):
            preview(settings)

    def test_leaves_its_connection_fit_for_the_run(self, settings, books):
        books.employee()
        books.workday()

        preview(settings)
        bill(settings)

        assert books.numbers() == ["ANNA-0001"]

    def test_does_not_wait_for_a_run_at_work(self, settings, books):
        books.employee()
        books.workday()

        with period_lock(engine(settings.database_url), OCTOBER):
            previewed = preview(settings)

        assert previewed.draft.invoices.height == 1

    def test_is_of_one_moment_even_if_a_run_commits_meanwhile(self, settings, books, monkeypatch):
        """What was extracted a moment before it was billed must not count twice."""
        books.employee()
        books.workday()
        waiting = [bill]

        def extract_and_be_overtaken(connection, period):
            snapshot = extract_month(connection, period)
            while waiting:
                waiting.pop()(settings)
            return snapshot

        extract_month = step.extract_month
        monkeypatch.setattr(step, "extract_month", extract_and_be_overtaken)

        previewed = preview(settings)

        assert previewed.draft.invoices.is_empty()
        assert previewed.money.select("total", "earlier_total").rows() == [
            (0, Decimal(400) * Decimal("1.2"))
        ]

    def test_refuses_a_closed_period_as_the_run_does(self, settings, books):
        bill(settings)
        with period_lock(engine(settings.database_url), OCTOBER) as connection:
            close(connection, OCTOBER)

        with pytest.raises(PeriodClosed) as refused:
            preview(settings)
        with pytest.raises(PeriodClosed, match=str(refused.value)):
            bill(settings)

    def test_takes_late_work_of_a_closed_period_as_the_run_does(self, settings, books):
        books.employee()
        books.workday(day=date(2026, 9, 1))
        bill(settings, SEPTEMBER)
        with period_lock(engine(settings.database_url), SEPTEMBER) as connection:
            close(connection, SEPTEMBER)
        books.workday(day=date(2026, 9, 2))

        assert compared(preview(settings), "hours") == {"ANNA": (Decimal(8),)}

    def test_refuses_a_payer_that_cannot_be_printed(self, settings, monkeypatch):
        monkeypatch.setattr("chalicelib.steps.run.unprintable", lambda _: "🌻")

        with pytest.raises(UnprintablePayer):
            preview(settings)


class TestLastMonth:
    def test_stands_beside_this_one(self, settings, books):
        books.employee("ANNA", tax_rate=0)
        books.employee("BOHDAN", tax_rate=0)
        for code in ("ANNA", "BOHDAN"):
            books.workday(code, date(2026, 9, 1))
        bill(settings, SEPTEMBER)
        books.workday("ANNA", 1, "4.00")

        previewed = preview(settings)

        sides = ("hours", "total", "last_hours", "last_total", "change", "flag")
        eight, four = Decimal(8), Decimal(4)
        assert compared(previewed, *sides) == {
            "ANNA": (four, Decimal(200), eight, Decimal(400), Decimal(-200), None),
            "BOHDAN": (None, None, eight, Decimal(400), Decimal(-400), "gone"),
        }

    def test_is_net_of_a_correction(self, settings, books):
        books.employee(tax_rate=0)
        workday = books.workday(day=date(2026, 9, 1), hours="8.00")
        bill(settings, SEPTEMBER)
        books.execute("UPDATE workday SET hours = 6 WHERE id = %s", workday)
        correct_invoice(settings, "ANNA-0001", NOW)
        books.workday()

        previewed = preview(settings)

        assert books.numbers() == ["ANNA-0001", "ANNA-0002", "ANNA-0003"]
        assert compared(previewed, "last_hours", "last_total", "change") == {
            "ANNA": (Decimal(6), Decimal(300), Decimal(100))
        }

    def test_leaves_out_who_was_credited_for_good(self, settings, books):
        books.employee()
        books.workday(day=date(2026, 9, 1))
        bill(settings, SEPTEMBER)
        books.execute("DELETE FROM workday")
        correct_invoice(settings, "ANNA-0001", NOW)

        assert preview(settings).comparison.is_empty()

    def test_keeps_who_worked_for_nothing(self, settings, books):
        books.employee(rate="0.0000")
        books.workday(day=date(2026, 9, 1))
        bill(settings, SEPTEMBER)
        books.workday()

        assert compared(preview(settings), "last_total", "flag") == {"ANNA": (Decimal(0), None)}

    def test_may_have_been_in_another_currency(self, settings, books):
        books.employee()
        books.workday(day=date(2026, 9, 1))
        bill(settings, SEPTEMBER)
        books.execute("UPDATE employee SET currency = 'PLN'")
        books.workday()

        previewed = preview(settings)

        assert compared(previewed, "currency", "last_currency", "change", "flag") == {
            "ANNA": ("PLN", "EUR", None, None)
        }

    def test_does_not_make_everybody_gone_once_the_month_is_billed(self, settings, books):
        books.employee()
        for day in (date(2026, 9, 1), date(2026, 10, 1)):
            books.workday(day=day)
        bill(settings, SEPTEMBER)
        bill(settings)

        previewed = preview(settings)

        assert compared(previewed, "total", "flag") == {"ANNA": (None, None)}
        assert not previewed.needs_a_person
        assert (
            in_words(previewed) == "Billing 2026-10 now would issue nothing; nothing looks wrong."
        )

    def test_is_compared_with_the_whole_month_when_work_comes_late(self, settings, books):
        books.employee(tax_rate=0)
        books.workday(day=date(2026, 9, 1))
        bill(settings, SEPTEMBER)
        books.workday(day=1, hours="7.00")
        bill(settings)
        books.workday(day=2, hours="1.00")

        previewed = preview(settings)

        assert compared(previewed, "total", "earlier_total", "change", "flag") == {
            "ANNA": (Decimal(50), Decimal(350), Decimal(0), None)
        }
        assert "billed" in printed(previewed)


class TestSilentPeople:
    def test_are_named_with_their_last_day(self, settings, books):
        for code in ("ANNA", "BOHDAN", "CHLOE"):
            books.employee(code, full_name=code.title())
        books.workday("ANNA", date(2026, 8, 31))
        books.workday("BOHDAN")

        previewed = preview(settings)

        assert previewed.silent == [
            Silent("ANNA", "Anna", date(2026, 8, 31)),
            Silent("CHLOE", "Chloe", None),
        ]
        assert "CHLOE     Chloe  never" in printed(previewed)


class TestThePrintedPreview:
    def test_says_plainly_what_would_happen(self, settings):
        load_fixtures(settings)

        previewed = preview(settings, month_hours=Decimal("157.99"))

        assert printed(previewed).splitlines()[-1] == (
            "Billing 2026-10 now would issue 7 invoices; 3 contractors held, 6 workdays rejected;"
            " 1 total looks wrong; 6 contractors are new."
        )
        assert previewed.needs_a_person

    def test_shows_flagged_people_first(self, settings, books):
        for code in ("ANNA", "BOHDAN", "CHLOE", "DANA"):
            books.employee(code)
        for code in ("ANNA", "BOHDAN", "DANA"):
            books.workday(code, date(2026, 9, 1))
        bill(settings, SEPTEMBER)
        for code, hours in (("ANNA", "8.00"), ("CHLOE", "8.00"), ("DANA", "16.01")):
            books.workday(code, 1, hours)

        lines = printed(preview(settings)).splitlines()

        people = [line.split()[:2] for line in lines if "Anna Nowak" in line][:4]
        assert people == [
            ["factor", "DANA"],
            ["gone", "BOHDAN"],
            ["new", "CHLOE"],
            ["ANNA", "Anna"],
        ]

    def test_prints_a_name_as_it_is_written(self, settings, books):
        books.employee(full_name="[red]Anna[/red] [/]")
        books.workday()

        assert "[red]Anna[/red] [/]" in printed(preview(settings))

    def test_is_a_sentence_when_there_is_nothing_to_bill(self, settings, books):
        previewed = preview(settings)

        assert previewed.comparison.is_empty()
        assert not previewed.needs_a_person
        assert printed(previewed).splitlines()[-1] == (
            "Billing 2026-10 now would issue nothing; nothing looks wrong."
        )

    def test_says_one_of_one(self, settings, books):
        books.employee("ANNA")
        books.employee("BOHDAN", rate=None)
        books.employee("CHLOE")
        books.workday("CHLOE", date(2026, 9, 1))
        bill(settings, SEPTEMBER)
        for code in ("ANNA", "BOHDAN"):
            books.workday(code)
        books.workday("ANNA", 2, "80.00")

        assert in_words(preview(settings)) == (
            "Billing 2026-10 now would issue 1 invoice; 1 contractor held, 1 workday rejected;"
            " 1 contractor is new, 1 contractor is gone; 1 payment to check."
        )

    def test_as_json_has_no_float_and_no_exponent(self, settings):
        load_fixtures(settings)

        content = json.loads(
            json.dumps(as_json(preview(settings)), ensure_ascii=False),
            parse_float=pytest.fail,
        )

        assert content["period"] == "2026-10"
        assert content["bounds"] == {"factor": "2", "month_hours": "220"}
        assert content["control"]["extracted"] == {"rows": 174, "hours": "1348.70"}
        assert content["money"][0] == {
            "currency": "EUR",
            "invoices": 3,
            "total": "16321.60",
            "earlier_total": "0.00",
            "last_total": "0.00",
            "change": "16321.60",
        }
        assert content["people"][0]["total"] == "125667.75"
        assert content["people"][0]["last_total"] is None
        assert content["rejects"][0]["hours"] == "-4.00"
        assert content["needs_a_person"] is True
