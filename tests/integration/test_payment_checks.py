"""What to check before paying, in the preview and in the report, from a real ledger."""

import json
from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pytest
from rich.console import Console

from chalicelib.billing.period import Period
from chalicelib.billing.preview import Bounds
from chalicelib.steps.bill_month import bill_month
from chalicelib.steps.correct_invoice import correct_invoice
from chalicelib.steps.preview_month import preview_month
from chalicelib.store import reporting
from chalicelib.store.connection import engine
from chalicelib.store.reporting import report_period
from cloud.roles import OPERATOR
from jobs import preview as preview_view
from jobs.report import view as report_view
from jobs.report.page import page

SEPTEMBER, OCTOBER = Period.month(2026, 9), Period.month(2026, 10)
NOW = datetime(2026, 11, 1, 3, 15, tzinfo=UTC)
OLD, NEW = "PL61109010140000071219812874", "PL27114020040000300201355387"
SHOWN_OLD, SHOWN_NEW = "PL61…2874", "PL27…5387"
TODAY = datetime.now(UTC).date


@pytest.fixture
def settings(operator_settings):
    """What the command line finds."""
    return operator_settings


@pytest.fixture(autouse=True)
def anna_at_her_desk(monkeypatch):
    monkeypatch.setenv("SELFBILL_ACTOR", "anna@desk")


@pytest.fixture
def login(books):
    books.execute("SET selfbill.claimed = 'anna@desk'")
    return books.value("SELECT session_user::text")


def bill(settings, period=OCTOBER):
    return bill_month(settings, period, NOW)


def preview(settings):
    return preview_month(settings, OCTOBER, NOW, Bounds())


def report(settings, period=OCTOBER):
    with engine(settings.database_url).connect() as connection:
        return report_period(connection, period)


def printed(show, *what):
    console = Console(file=StringIO(), width=160)
    show(*what, console)
    return console.file.getvalue()


def flags(found):
    return [
        (check.flag, check.employee, check.old, check.new, check.others)
        for check in found.payment_checks
    ]


def paid_in_september(settings, books, *codes, **fields):
    for code in codes or ("ANNA",):
        books.employee(code, **fields)
        books.workday(code, date(2026, 9, 1))
        books.workday(code, date(2026, 10, 1))
    bill(settings, SEPTEMBER)


def both(settings):
    """What the preview flags, which the report of the run that follows must flag too."""
    previewed = flags(preview(settings))
    bill(settings)
    assert flags(report(settings)) == previewed
    return previewed


class TestNothingIsFlagged:
    def test_where_the_last_invoice_said_the_same(self, settings, books):
        paid_in_september(settings, books)

        previewed = preview(settings)

        assert (both(settings), previewed.needs_a_person) == ([], False)

    def test_of_a_replacement_that_says_what_the_last_live_invoice_said(self, settings, books):
        paid_in_september(settings, books)
        bill(settings)
        books.execute("UPDATE workday SET hours = 7 WHERE work_date = '2026-10-01'")
        correct_invoice(settings, "ANNA-0002", NOW)

        assert flags(report(settings)) == []


class TestAChange:
    @pytest.mark.parametrize(
        ("change", "flag", "old", "new"),
        [
            (f"UPDATE employee SET iban = '{NEW}'", "account", SHOWN_OLD, SHOWN_NEW),
            (
                "UPDATE employee SET email = 'x@b.example'",
                "email",
                "anna@contractors.example",
                "x@b.example",
            ),
            (
                "UPDATE rate SET hourly_rate = 55",
                "rate",
                "regular 50.0000 EUR",
                "regular 55.0000 EUR",
            ),
            (
                "INSERT INTO rate SELECT employee_id, '2026-10-01', 55, 1.5 FROM rate",
                "rate",
                "regular 50.0000 EUR",
                "regular 55.0000 EUR",
            ),
        ],
    )
    def test_since_the_last_invoice_is_flagged_with_who_made_it(
        self, settings, books, login, change, flag, old, new
    ):
        paid_in_september(settings, books)
        books.execute(change)

        previewed = preview(settings)
        bill(settings)
        reported = report(settings)

        for found, number in ((previewed, None), (reported, "ANNA-0002")):
            [check] = [row for row in found.payment_checks if row.flag == flag]
            assert (check.employee, check.number, check.old, check.new) == (
                "ANNA",
                number,
                old,
                new,
            )
            assert (check.actor, check.claimed) == (login, "anna@desk")
            assert datetime.now(UTC) - check.changed_at < timedelta(minutes=5)
        assert previewed.needs_a_person
        assert not reported.needs_a_person

    def test_after_the_run_is_not_blamed_for_it(self, settings, books, login):
        paid_in_september(settings, books)
        books.execute("UPDATE employee SET iban = %s", NEW)
        bill(settings)
        books.execute("SET selfbill.claimed = 'bohdan@desk'")
        books.execute("UPDATE employee SET iban = 'X'")

        [account] = [row for row in report(settings).payment_checks if row.flag == "account"]

        assert account.claimed == "anna@desk"

    def test_that_was_taken_back_is_none(self, settings, books):
        paid_in_september(settings, books)
        books.execute("UPDATE employee SET iban = %s", NEW)
        books.execute("UPDATE employee SET iban = %s", OLD)

        assert both(settings) == []

    def test_is_flagged_once_and_not_in_the_month_after(self, settings, books):
        paid_in_september(settings, books)
        books.execute("UPDATE employee SET iban = %s", NEW)
        bill(settings)
        books.workday(day=date(2026, 11, 2))
        bill(settings, OCTOBER.following)

        assert flags(report(settings, OCTOBER.following)) == []


class TestANewAccount:
    def test_of_a_new_contractor_is_flagged(self, settings, books):
        books.employee()
        books.workday()

        assert both(settings) == [("first", "ANNA", None, SHOWN_OLD, [])]

    def test_is_none_if_an_invoice_before_the_last_went_to_it(self, settings, books):
        paid_in_september(settings, books)
        books.execute("UPDATE employee SET iban = %s", NEW)
        books.workday(day=date(2026, 9, 2))
        bill(settings, SEPTEMBER)
        books.execute("UPDATE employee SET iban = %s", f" {OLD.lower()}")

        assert both(settings) == [("account", "ANNA", SHOWN_NEW, SHOWN_OLD, [])]

    @pytest.mark.parametrize("sign", ["-", "\u00a0", "\t", ".", "/", "\n"])
    def test_that_another_contractor_has_is_found_however_it_is_written(
        self, settings, books, sign
    ):
        paid_in_september(settings, books, "ANNA")
        paid_in_september(settings, books, "BOHDAN", iban=f"{NEW[:9]}{sign}{NEW[9:].lower()}")
        books.execute("UPDATE employee SET iban = %s WHERE code = 'ANNA'", sign.join(NEW))

        assert ("shared", "ANNA", None, SHOWN_NEW, ["BOHDAN"]) in both(settings)

    def test_that_another_contractor_has_is_flagged_first_of_all(self, settings, books):
        paid_in_september(settings, books, "ANNA")
        paid_in_september(settings, books, "BOHDAN", iban=NEW)
        books.execute("UPDATE employee SET iban = %s WHERE code = 'ANNA'", NEW)

        assert both(settings) == [
            ("shared", "ANNA", None, SHOWN_NEW, ["BOHDAN"]),
            ("account", "ANNA", SHOWN_OLD, SHOWN_NEW, []),
            ("first", "ANNA", None, SHOWN_NEW, []),
        ]

    def test_that_another_contractor_was_paid_to_last_month_is_flagged(self, settings, books):
        """Whoever moves somebody's account to their own may have changed theirs meanwhile."""
        paid_in_september(settings, books, "ANNA")
        paid_in_september(settings, books, "BOHDAN", iban=NEW)
        books.execute("UPDATE employee SET iban = 'X' WHERE code = 'BOHDAN'")
        books.execute("UPDATE employee SET iban = %s WHERE code = 'ANNA'", NEW)

        assert ("shared", "ANNA", None, SHOWN_NEW, ["BOHDAN"]) in both(settings)


class TestTheList:
    def test_is_the_same_for_the_reader_of_the_api(self, settings, books, reader_url):
        paid_in_september(settings, books)
        paid_in_september(settings, books, "BOHDAN", iban=NEW)
        books.execute(
            "UPDATE employee SET iban = %s, email = 'x@b.example' WHERE code = 'ANNA'", NEW
        )
        bill(settings)

        with engine(reader_url).connect() as connection:
            read = report_period(connection, OCTOBER)

        assert {check.flag for check in read.payment_checks} == {
            *("shared", "account", "email", "first")
        }
        assert read.payment_checks == report(settings).payment_checks

    def test_is_printed_by_preview_and_report(self, settings, books, login):
        paid_in_september(settings, books)
        books.execute("UPDATE employee SET iban = %s", NEW)

        previewed = printed(preview_view.show, preview(settings))
        bill(settings)
        reported = printed(report_view.show, report(settings))

        for text in (previewed, reported):
            assert "Check before paying" in text
            changed = f"changed {TODAY()} by {login} (anna@desk)"
            assert f"{SHOWN_OLD} → {SHOWN_NEW}; {changed}" in text
        assert "1 payment to check." in previewed
        assert f"by {OPERATOR} (anna@desk)" in reported

    def test_stands_in_json_and_html(self, settings, books, login):
        paid_in_september(settings, books)
        books.execute("UPDATE employee SET iban = %s", NEW)
        previewed = preview_view.as_json(preview(settings))
        bill(settings)
        found = report(settings)

        content = json.loads(json.dumps(report_view.as_json(found)))

        assert [row["flag"] for row in previewed["payment_checks"]] == ["account", "first"]
        assert content["payment_checks"][0]["claimed"] == "anna@desk"
        assert content["payment_check_counts"] == {"account": 1, "first": 1}
        assert content["run"]["actor"] == OPERATOR
        html = page(found)
        for words in ("Check before paying", SHOWN_NEW, "2 things to check before paying"):
            assert words in html
        assert f"by {OPERATOR} (anna@desk)" in html
        assert f"by {login} (anna@desk)" in html
        assert NEW not in html

    def test_is_cut_in_the_report_and_counted(self, settings, books, monkeypatch):
        for number in range(30):
            books.employee(f"E-{number:02}", iban=f"X{number}")
            books.workday(f"E-{number:02}")
        previewed = printed(preview_view.show, preview(settings))
        bill(settings)
        monkeypatch.setattr(reporting, "CHECKS_LISTED", 25)

        found = report(settings)

        assert len(found.payment_checks) == 25
        assert found.payment_check_counts == {"first": 30}
        for text in (previewed, printed(report_view.show, found)):
            assert "and 10 more" in text
        assert "And 5 more." in page(found)
