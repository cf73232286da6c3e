"""What the sweep finds late or gone wrong, in a real ledger."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from chalicelib.billing.period import Period
from chalicelib.steps import sweep
from chalicelib.steps.bill_month import bill_month
from chalicelib.store.closing import close
from chalicelib.store.connection import engine, period_lock
from chalicelib.store.watching import Watch, watch

from .conftest import load_as_operator

FIXTURES = Path(__file__).parents[2] / "data" / "fixtures"
KYIV = ZoneInfo("Europe/Kyiv")
OCTOBER = Period.month(2026, 10)
DUE = datetime(2026, 11, 1, 3, tzinfo=KYIV)


@pytest.fixture
def look(settings):
    """Watches the ledger as of a moment."""

    def at(now):
        with engine(settings.database_url).connect() as connection:
            return watch(connection, KYIV, now)

    return at


@pytest.fixture
def october(settings):
    load_as_operator(FIXTURES, settings)


def finished(books, moment):
    """Have every run end at *moment*."""
    with books.unguarded("billing_run"):
        books.execute("UPDATE billing_run SET finished_at = %s", moment)


def fail_first(books):
    """Have the first mail fail, as the mailer does."""
    first = books.value("SELECT min(id) FROM delivery")
    books.execute(
        "UPDATE delivery SET status = 'sending', claimed_at = %s WHERE id = %s", DUE, first
    )
    books.execute("UPDATE delivery SET status = 'failed', error = 'no' WHERE id = %s", first)


class TestTheRun:
    def test_is_not_late_before_it_is_due(self, look, october):
        assert look(DUE - timedelta(seconds=1)).hours_late == 0

    def test_is_late_by_the_hours_since(self, look, october):
        assert look(DUE + timedelta(hours=5, minutes=59)).hours_late == 5

    def test_is_due_by_the_clock_of_the_billing_zone(self, look, october):
        """Three in Kyiv is one in UTC in winter."""
        assert look(datetime(2026, 11, 1, 3, tzinfo=UTC)).hours_late == 2

    def test_is_no_more_late_once_it_has_completed(self, look, october, settings, books):
        bill_month(settings, OCTOBER, DUE)
        finished(books, DUE)

        assert look(DUE + timedelta(days=3)).hours_late == 0

    def test_is_late_though_the_month_was_billed_while_it_lasted(
        self, look, october, settings, books
    ):
        bill_month(settings, OCTOBER, DUE)
        finished(books, DUE - timedelta(days=2))

        assert look(DUE + timedelta(hours=2)).hours_late == 2

    def test_is_late_while_its_attempts_fail(self, look, october, books):
        books.add("billing_run", period=date(2026, 10, 1), status="running")
        books.execute(
            "UPDATE billing_run SET status = 'failed', finished_at = %s, failure = 'no'", DUE
        )

        assert look(DUE + timedelta(hours=4)).hours_late == 4

    def test_is_not_missed_where_nobody_worked(self, look):
        assert look(DUE + timedelta(days=1)).hours_late == 0

    def test_is_not_missed_for_a_closed_month(
        self, look, october, settings, operator_settings, books
    ):
        bill_month(settings, OCTOBER, DUE)
        finished(books, DUE - timedelta(days=2))
        with period_lock(engine(operator_settings.database_url), OCTOBER) as connection:
            close(connection, OCTOBER)

        assert look(DUE + timedelta(days=1)).hours_late == 0


class TestMails:
    @pytest.fixture(autouse=True)
    def billed(self, october, settings):
        bill_month(settings, OCTOBER, DUE)

    def test_that_wait_are_as_old_as_the_oldest(self, look):
        assert look(DUE + timedelta(hours=7)).oldest_waiting_hours == 7

    def test_that_failed_are_counted_until_they_are_old_news(self, look, books):
        fail_first(books)

        assert look(DUE + timedelta(days=1)).undelivered == 1
        assert look(DUE + timedelta(days=32)).undelivered == 0

    def test_that_were_sent_again_are_not_counted(self, look, books):
        fail_first(books)
        books.execute(
            "INSERT INTO delivery (invoice_id, recipient, status, queued_at)"
            " SELECT invoice_id, recipient, 'queued', queued_at FROM delivery"
            " WHERE status = 'failed'"
        )

        assert look(DUE + timedelta(days=1)).undelivered == 0


class TestTheSweep:
    def test_says_what_it_found(self, environment, october, settings, capsys):
        bill_month(settings, OCTOBER, datetime.now(UTC) - timedelta(hours=30))

        answer = sweep.handle()

        figures = json.loads(capsys.readouterr().out)
        assert figures["OldestWaitingHours"] == answer["oldest_waiting_hours"] == 30
        assert figures["Undelivered"] == 0


class TestAnEmptyLedger:
    def test_has_nothing_wrong_with_it(self, look):
        assert look(DUE + timedelta(days=1)) == Watch(0, 0, 0)
