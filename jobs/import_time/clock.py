"""Dates, times and durations as the tools write them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, time
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from math import floor

from chalicelib.billing.errors import BillingError

YEAR_FIRST = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})", re.ASCII)
YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})[-/.](\d{4})", re.ASCII)
CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?\s*(?:([AP])\.?M\.?)?", re.ASCII | re.IGNORECASE)
LENGTH = re.compile(r"(\d+):([0-5]\d)(?::([0-5]\d))?", re.ASCII)
DECIMAL_HOURS = re.compile(r"\d+(?:[.,]\d+)?", re.ASCII)

SECONDS_OF_AN_HOUR = 3600
# A hundredth of an hour.
STEP_SECONDS = 36
MONTHS_OF_A_YEAR = 12
HALF_A_DAY = 12


class Unplaced(BillingError):
    """An entry cannot be assigned to a workday."""


class DateOrder(StrEnum):
    """What comes first in a date that ends with the year: month or day."""

    MONTH_FIRST = "mdy"
    DAY_FIRST = "dmy"


class MixedDates(BillingError):
    """Some dates of a file can only be month-first, others only day-first."""

    def __init__(self, one: str, other: str) -> None:
        super().__init__(
            f"the file mixes month-first dates, such as {one}, and day-first dates, such as"
            f" {other}; export it again with one date format"
        )


def order_of(dates: Iterable[str]) -> DateOrder | None:
    """
    The order that a file's *dates* show; None if they fit both.

    Raises:
        MixedDates: If they show both.
    """
    shown: dict[DateOrder, str] = {}
    for text in dates:
        written = YEAR_LAST.fullmatch(text.strip())
        if written is None:
            continue
        if written[2] == "." or int(written[1]) > MONTHS_OF_A_YEAR:
            shown.setdefault(DateOrder.DAY_FIRST, text)
        elif int(written[3]) > MONTHS_OF_A_YEAR:
            shown.setdefault(DateOrder.MONTH_FIRST, text)
    if len(shown) > 1:
        raise MixedDates(shown[DateOrder.MONTH_FIRST], shown[DateOrder.DAY_FIRST])
    return next(iter(shown), None)


def needs_order(dates: Iterable[str]) -> bool:
    """Whether any of *dates* ends with the year."""
    return any(YEAR_LAST.fullmatch(text.strip()) for text in dates)


def day(text: str, order: DateOrder) -> date:
    """
    Raises:
        Unplaced: If *text* is not a date.
    """
    written = text.strip()
    try:
        if found := YEAR_FIRST.fullmatch(written):
            return date(int(found[1]), int(found[2]), int(found[3]))
        if found := YEAR_LAST.fullmatch(written):
            first, second, year = int(found[1]), int(found[3]), int(found[4])
            if order is DateOrder.DAY_FIRST:
                first, second = second, first
            return date(year, first, second)
    except ValueError:
        pass
    raise Unplaced(f"{written!r} is not a date" if written else "it has no date")


def clock(text: str) -> time:
    """
    A time of day, of 24 hours or with AM or PM.

    Raises:
        Unplaced: If *text* is none.
    """
    found = CLOCK.fullmatch(text.strip())
    try:
        if found:
            return time(_hour(int(found[1]), found[4]), int(found[2]), int(found[3] or 0))
    except ValueError:
        pass
    raise Unplaced(f"{text.strip()!r} is not a time" if text.strip() else "it has no time")


def _hour(hour: int, half: str | None) -> int:
    if half is None:
        return hour
    if not 1 <= hour <= HALF_A_DAY:
        raise ValueError(hour)
    return hour % HALF_A_DAY + (HALF_A_DAY if half.upper() == "P" else 0)


def seconds(text: str) -> Fraction:
    """
    A duration in seconds, exactly: ``h:mm``, ``h:mm:ss``, or decimal hours with a point or comma.

    Raises:
        Unplaced: If *text* is none, or is zero.
    """
    written = text.strip()
    lasted = _seconds(written)
    if lasted is None:
        raise Unplaced(f"{written!r} is not a duration" if written else "it has no duration")
    if lasted == 0:
        raise Unplaced("its duration is 0")
    return lasted


def _seconds(written: str) -> Fraction | None:
    if found := LENGTH.fullmatch(written):
        minutes = int(found[1]) * 60 + int(found[2])
        return Fraction(minutes * 60 + int(found[3] or 0))
    if DECIMAL_HOURS.fullmatch(written):
        return Fraction(written.replace(",", ".")) * SECONDS_OF_AN_HOUR
    return None


def hundredths(lasted: Fraction) -> Decimal:
    """Seconds as hours, rounded once to hundredths, halves up."""
    return Decimal(floor(lasted / STEP_SECONDS + Fraction(1, 2))).scaleb(-2)
