"""
Assign the time of an entry to days.

The tool's duration says how long an entry lasts, because the tool's totals add up durations. Begin
and end say on which days. What counts is the time that passed: when clocks change, an hour on the
clock may be none or two.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from itertools import product
from zoneinfo import ZoneInfo

from .clock import DateOrder, Unplaced, clock, day, hundredths, seconds
from .records import Record

ONE_DAY = timedelta(days=1)
# Times without seconds may be a minute off, durations in hundredths of an hour some seconds more.
INEXACT = Fraction(90)
LONGEST_DAYS = 31
SECONDS_OF_A_DAY = 24 * 3600


@dataclass(frozen=True, slots=True)
class Zones:
    """
    The time zones and the date order of a file.

    Attributes:
        clock: The zone of the times in the file.
        days: The zone whose midnights separate the days.
        order: How the file's dates are written.
    """

    clock: ZoneInfo
    days: ZoneInfo
    order: DateOrder


def place(record: Record, zones: Zones) -> dict[date, Fraction]:
    """
    The seconds of *record* on each day, in order.

    Raises:
        Unplaced: If it is not work, contradicts itself, or does not show its days.
    """
    if record.get("type").casefold() == "break":
        raise Unplaced("it is a break")
    lasted = seconds(record.get("duration"))
    if "start_time" not in record.fields:
        return _on_one_day(day(record.get("start_date"), zones.order), lasted)
    begin, end = _begin_and_end(record, zones, lasted)
    passed = _passed(begin, end)
    _check(lasted, passed, over_midnight=len(_split(begin, passed, zones.days)) > 1)
    # Begin and end say on which days; if they are short of the duration, the rest goes to the last.
    days = _split(begin, min(lasted, passed) or lasted, zones.days)
    last = max(days)
    return {**days, last: days[last] + lasted - sum(days.values())}


def _check(lasted: Fraction, passed: Fraction, *, over_midnight: bool) -> None:
    if lasted > passed + INEXACT:
        raise Unplaced(
            f"its duration is {hundredths(lasted)} hours, but its times are only"
            f" {hundredths(passed)} hours apart; correct it where it was recorded"
        )
    if over_midnight and lasted < passed - INEXACT:
        raise Unplaced(
            f"it runs past midnight with {hundredths(lasted)} hours of work in {hundredths(passed)}"
            " hours, so the day of its break is unknown; split it at midnight"
        )


def _on_one_day(worked: date, lasted: Fraction) -> dict[date, Fraction]:
    if lasted > SECONDS_OF_A_DAY:
        raise Unplaced(
            f"it has {hundredths(lasted)} hours on one day and no times to split it by; correct it"
            " where it was recorded"
        )
    return {worked: lasted}


def _begin_and_end(record: Record, zones: Zones, lasted: Fraction) -> tuple[datetime, datetime]:
    """
    Both in UTC.

    Of an hour that the clock shows twice, the one that fits the duration is taken.
    """
    begin = _moment(record.get("start_date"), record.get("start_time"), zones.order)
    fits = list(_candidates(record, zones, begin, lasted))
    if not fits:
        raise Unplaced("it ends before it begins")
    return min(fits, key=lambda pair: abs(_passed(*pair) - lasted))


def _candidates(
    record: Record, zones: Zones, begin: datetime, lasted: Fraction
) -> Iterator[tuple[datetime, datetime]]:
    for fold, end_fold in product((0, 1), repeat=2):
        start = begin.replace(tzinfo=zones.clock, fold=fold).astimezone(UTC)
        for end in _ends(record, zones.order, begin):
            stop = end.replace(tzinfo=zones.clock, fold=end_fold).astimezone(UTC)
            if stop >= start:
                yield start, stop
                if _passed(start, stop) >= lasted - INEXACT:
                    break


def _passed(begin: datetime, end: datetime) -> Fraction:
    return Fraction((end - begin) // timedelta(microseconds=1), 10**6)


def _ends(record: Record, order: DateOrder, begin: datetime) -> list[datetime]:
    """When it may have ended: an end without a date may be on any day from the first on."""
    written = record.get("end_time")
    if not written:
        raise Unplaced("it has no end time; stop its timer and export again")
    if record.get("end_date") or "-" in written:
        return [_moment(record.get("end_date"), written, order)]
    ends = clock(written)
    first = datetime.combine(begin.date(), ends)
    return [first + ONE_DAY * count for count in range(LONGEST_DAYS + 1)]


def _moment(dated: str, timed: str, order: DateOrder) -> datetime:
    """A date and a time; some exports repeat the date before the time."""
    before, _, last = timed.strip().partition(" ")
    if "-" in before:
        return datetime.combine(day(before, order), clock(last))
    return datetime.combine(day(dated, order), clock(timed))


def _split(begin: datetime, lasted: Fraction, zone: ZoneInfo) -> dict[date, Fraction]:
    """*lasted* seconds from *begin* on, by day of *zone*."""
    days: dict[date, Fraction] = {}
    left = lasted
    while left > 0:
        today = begin.astimezone(zone).date()
        midnight = datetime.combine(today + ONE_DAY, time(), zone).astimezone(UTC)
        here = min(left, _passed(begin, midnight))
        days[today] = here
        left -= here
        begin = midnight
    return days
