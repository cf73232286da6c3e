"""A month is the same month everywhere: whatever zone pays, computes or keeps the books."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.aws import s3
from chalicelib.billing.period import Period
from chalicelib.export.parquet import DATASETS, export_key
from chalicelib.steps.bill_month import bill_month, period_to_bill
from chalicelib.steps.correct_invoice import correct_invoice
from chalicelib.store.closing import close
from chalicelib.store.connection import engine, period_lock
from tests.conftest import forget
from tests.integration.test_issuing import without_ids

OCTOBER = Period.month(2026, 10)
NOW = datetime(2026, 11, 1, 3, 15, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)
YEARS = range(2025, 2030)  # 2028 is a leap year
FIRSTS = [date(year, month, 1) for year in YEARS for month in range(1, 13)]

FIXED = [
    f"Etc/GMT{offset:+d}" for offset in range(-14, 13)
]  # UTC+14 to UTC-12: the sign is POSIX's
HALF_HOURS = [
    "Asia/Kolkata",  # +05:30
    "Asia/Kathmandu",  # +05:45
    "Australia/Eucla",  # +08:45
    "Pacific/Marquesas",  # -09:30
    "America/St_Johns",  # -03:30, with daylight saving
    "Australia/Lord_Howe",  # daylight saving of half an hour
    "Pacific/Chatham",  # +12:45 and +13:45
]
AWKWARD = [
    "Europe/Kyiv",
    "America/New_York",  # clocks go back on the first of November 2026
    "America/Havana",  # and forward at midnight
    "Africa/Cairo",  # back at midnight
    "Atlantic/Azores",
    "Asia/Beirut",
    "America/Scoresbysund",
    "Pacific/Apia",
    "Pacific/Kiritimati",
]
ZONES = [*FIXED, *HALF_HOURS, *AWKWARD]


@pytest.fixture
def billed_in(settings):
    """The default period of a run at an instant, for a payer in a zone."""

    def default(zone, instant):
        payer = replace(settings, billing_timezone=ZoneInfo(zone))
        return period_to_bill(payer, None, instant)

    return default


@pytest.fixture(params=["UTC", "Pacific/Kiritimati", "Etc/GMT+12", "Asia/Kathmandu"])
def process_in(request, monkeypatch):
    """The whole process in another zone."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


def midnight(zone, day):
    """The instant a *day* begins in a zone; if clocks skip midnight, the one they skip it at."""
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def month_ago(first, months):
    place = first.year * 12 + first.month - 1 - months
    return Period.month(place // 12, place % 12 + 1)


class TestADay:
    @given(st.dates(date(1, 2, 1), date(9998, 11, 30)))
    def test_is_in_its_own_month_and_in_neither_neighbour(self, day):
        own = Period.month(day.year, day.month)

        assert day in own
        assert day not in own.preceding
        assert day not in own.following

    def test_is_in_exactly_one_period_of_five_years(self):
        periods = [Period.month(first.year, first.month) for first in FIRSTS]
        days = [date(2025, 1, 1) + timedelta(days) for days in range(5 * 365 + 1)]

        assert days[-1] == date(2029, 12, 31)
        for day in days:
            [period] = [period for period in periods if day in period]
            assert str(period) == day.isoformat()[:7]
        lengths = [sum(day in period for day in days) for period in periods]
        assert set(lengths) == {28, 29, 30, 31}
        assert sum(lengths) == len(days)

    def test_follows_without_a_gap(self):
        for first in FIRSTS:
            period = Period.month(first.year, first.month)
            assert period.end == period.following.start
            assert period.start == period.preceding.end


class TestTheDefaultPeriod:
    @pytest.mark.parametrize("zone", ZONES)
    def test_changes_at_midnight_of_the_first_where_the_payer_is(self, billed_in, zone):
        for first in FIRSTS:
            turns = midnight(zone, first)

            assert billed_in(zone, turns - INSTANT) == month_ago(first, 2), first
            assert billed_in(zone, turns) == month_ago(first, 1), first

    def test_does_so_in_every_zone_there_is(self, billed_in):
        zones = sorted(available_timezones() - {"localtime"})

        assert len(zones) > 400
        for zone in zones:
            for first in (date(2026, month, 1) for month in range(1, 13)):
                turns = midnight(zone, first)
                before, after = billed_in(zone, turns - INSTANT), billed_in(zone, turns)
                assert (before, after) == (month_ago(first, 2), month_ago(first, 1)), zone

    def test_spans_from_the_first_zone_of_the_day_to_the_last(self, billed_in):
        """At 10:30 UTC it is three different days on earth; here, two different months."""
        instant = datetime(2026, 10, 31, 10, 30, tzinfo=UTC)

        assert str(billed_in("Etc/GMT-14", instant)) == "2026-10"
        assert str(billed_in("UTC", instant)) == "2026-09"
        assert str(billed_in("Etc/GMT+12", instant + timedelta(days=1))) == "2026-09"
        assert str(billed_in("UTC", instant + timedelta(days=1))) == "2026-10"

    @pytest.mark.parametrize(
        ("zone", "day"),
        [
            ("Europe/Kyiv", date(2026, 3, 29)),
            ("Europe/Kyiv", date(2026, 10, 25)),
            ("America/New_York", date(2026, 3, 8)),
            ("America/New_York", date(2026, 11, 1)),
            ("Australia/Lord_Howe", date(2026, 4, 5)),
            ("Australia/Lord_Howe", date(2026, 10, 4)),
            ("America/Havana", date(2026, 11, 1)),
            ("Africa/Cairo", date(2026, 4, 24)),
            ("Africa/Cairo", date(2026, 10, 30)),
        ],
    )
    def test_stays_through_a_day_on_which_the_clocks_change(self, billed_in, zone, day):
        begins, ends = midnight(zone, day), midnight(zone, day + timedelta(days=1))
        quarters = int((ends - begins) / timedelta(minutes=15))
        offsets = {
            (begins + quarter * timedelta(minutes=15)).astimezone(ZoneInfo(zone)).utcoffset()
            for quarter in range(-8, quarters + 8)
        }

        assert len(offsets) == 2, "the clocks change"
        assert {
            billed_in(zone, begins + quarter * timedelta(minutes=15)) for quarter in range(quarters)
        } == {month_ago(day.replace(day=1), 1)}

    def test_does_not_ask_where_the_process_runs(self, billed_in, process_in):
        for zone in ("Europe/Kyiv", "Pacific/Marquesas"):
            turns = midnight(zone, OCTOBER.end)

            assert billed_in(zone, turns - INSTANT) == OCTOBER.preceding
            assert billed_in(zone, turns) == OCTOBER

    def test_does_not_ask_in_which_zone_the_moment_is_stated(self, billed_in):
        turns = midnight("Europe/Kyiv", OCTOBER.end)

        for zone in ZONES:
            stated = turns.astimezone(ZoneInfo(zone))
            assert billed_in("Europe/Kyiv", stated) == OCTOBER
            assert billed_in("Europe/Kyiv", stated - INSTANT) == OCTOBER.preceding


def borders(year):
    """The first and the last day of each month of a *year*, and its neighbours'."""
    firsts = [date(year, month, 1) for month in range(1, 13)] + [date(year + 1, 1, 1)]
    return sorted({*firsts, *(first - timedelta(days=1) for first in firsts)})


def a_small_month(books, settings):
    """Two days at either end, a correction, and a late workday of the closed month before."""
    books.employee()
    for day in (date(2026, 9, 30), date(2026, 10, 1), date(2026, 10, 31), date(2026, 11, 1)):
        books.workday(day=day)
    bill_month(settings, OCTOBER.preceding, NOW)
    with period_lock(engine(settings.database_url), OCTOBER.preceding) as connection:
        close(connection, OCTOBER.preceding)
    books.workday(day=date(2026, 9, 1))
    bill_month(settings, OCTOBER, NOW)
    books.execute("UPDATE workday SET hours = 7.5 WHERE work_date = '2026-10-31'")
    correct_invoice(settings, "ANNA-0002", NOW)


def parquet(settings):
    return {name: s3.get(settings.export_bucket, export_key(name, OCTOBER)) for name in DATASETS}


def ledger_of(fresh_ledger, *, timezone="UTC", datestyle="ISO, MDY"):
    """The rows and files of the small month in a database with these settings."""
    with fresh_ledger() as (books, settings):
        [name] = books.column("SELECT current_database()")
        books.execute(f"ALTER DATABASE {name} SET timezone = '{timezone}'")
        books.execute(f"ALTER DATABASE {name} SET datestyle = '{datestyle}'")
        forget(settings.database_url)
        with psycopg.connect(settings.database_url) as session:
            stated = [
                session.execute(f"SHOW {name}").fetchone() for name in ("timezone", "datestyle")
            ]
            assert stated == [(timezone,), (datestyle,)]
        a_small_month(books, settings)
        return without_ids(books), parquet(settings)


class TestTheLedger:
    def test_bills_each_day_of_a_year_s_borders_in_its_own_month(self, books, settings):
        """2028 has a February of 29 days; the books are kept at the far end of the world."""
        books.employee(self_billing_agreed_on=date(2026, 1, 1))
        for day in borders(2028):
            books.workday(day=day)

        for month in range(1, 13):
            bill_month(settings, Period.month(2028, month), datetime(2029, 2, 1, tzinfo=UTC))

        billed = books.rows(
            "SELECT work_date, period FROM invoice_workday JOIN invoice ON invoice.id = invoice_id"
            " ORDER BY work_date"
        )
        inside = [day for day in borders(2028) if day.year == 2028]
        assert billed == [(day, day.replace(day=1)) for day in inside]
        assert len(inside) == 24

    @pytest.mark.parametrize("timezone", ["Pacific/Kiritimati", "Etc/GMT+12", "Asia/Kathmandu"])
    def test_does_not_ask_for_the_database_s_zone(self, fresh_ledger, timezone):
        assert ledger_of(fresh_ledger, timezone=timezone) == ledger_of(fresh_ledger)

    @pytest.mark.parametrize("datestyle", ["German, DMY", "SQL, DMY", "SQL, MDY", "Postgres, DMY"])
    def test_does_not_ask_for_the_database_s_way_of_writing_dates(self, fresh_ledger, datestyle):
        assert ledger_of(fresh_ledger, datestyle=datestyle) == ledger_of(fresh_ledger)

    def test_does_not_ask_where_the_process_runs(self, fresh_ledger, process_in):
        here = ledger_of(fresh_ledger)

        os.environ["TZ"] = "Europe/Kyiv"
        time.tzset()
        assert here == ledger_of(fresh_ledger)
