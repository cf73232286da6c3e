from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.billing.period import InvalidPeriod, Period

periods = st.builds(Period.month, st.integers(2, 9998), st.integers(1, 12))


class TestPeriod:
    @given(periods)
    def test_reads_back_what_it_writes(self, period):
        assert Period.parse(str(period)) == period

    @given(st.builds(Period.month, st.integers(2, 9997), st.integers(1, 12)))
    def test_stands_between_its_neighbours(self, period):
        assert period.following.start == period.end
        assert period.preceding.end == period.start
        assert period.following.preceding == period

    def test_ends_on_the_first_day_it_does_not_hold(self):
        december = Period.month(2026, 12)

        assert december.end == date(2027, 1, 1)
        assert december.end not in december
        assert date(2026, 12, 31) in december

    @pytest.mark.parametrize(
        "text",
        ["2026", "2026-13", "2026-00", "2026-7", "july", "2026-07-01", "0000-01", "9999-12",
         "²026-07", " 2026-07", ""],
    )  # fmt: skip
    def test_refuses_anything_but_a_month(self, text):
        with pytest.raises(InvalidPeriod, match="write it as YYYY-MM") as refused:
            Period.parse(text)

        assert refused.value.text == text

    @given(st.dates(date(2, 1, 1), date(9998, 12, 31)))
    def test_before_a_day_is_the_month_that_ended_last(self, day):
        period = Period.before(day)

        assert period.end == day.replace(day=1)
        assert period.end - timedelta(days=1) in period

    @pytest.mark.parametrize("offset", range(-12, 15))
    def test_of_the_first_of_a_month_is_decided_by_the_zone(self, offset):
        zone = timezone(timedelta(hours=offset))
        just_after_midnight = datetime(2026, 11, 1, 0, 0, 1, tzinfo=zone).astimezone(UTC)

        assert str(Period.before(just_after_midnight.astimezone(zone).date())) == "2026-10"
        just_before = just_after_midnight - timedelta(seconds=2)
        assert str(Period.before(just_before.astimezone(zone).date())) == "2026-09"


class TestTheEndsOfTheCalendar:
    @pytest.mark.parametrize("text", ["0000-01", "0001-01", "0001-12", "9999-01", "9999-12"])
    def test_are_refused_with_the_years_that_are_not(self, text):
        with pytest.raises(InvalidPeriod, match="of a year from 0002 to 9998"):
            Period.parse(text)

    @pytest.mark.parametrize("text", ["0002-01", "9998-12"])
    def test_leave_every_other_month_its_neighbours(self, text):
        month = Period.parse(text)

        assert month.preceding.following == month == month.following.preceding
