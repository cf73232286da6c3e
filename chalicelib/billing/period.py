"""Billing periods: whole calendar months, as half-open date ranges."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Self

from .errors import BillingError

# The months before and after a month are needed too, and the calendar ends at years 1 and 9999.
FIRST_YEAR, LAST_YEAR = 2, 9998
MONTH = re.compile(r"([0-9]{4})-([0-9]{2})")


class InvalidPeriod(BillingError):
    """The text does not name a calendar month."""

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(
            f"{text!r} is not a month; write it as YYYY-MM, for example 2026-10, of a year from"
            f" {FIRST_YEAR:04} to {LAST_YEAR}"
        )


@dataclass(frozen=True, order=True, slots=True)
class Period:
    """
    One calendar month.

    Attributes:
        start: First day in the period.
        end: First day after the period.
    """

    start: date
    end: date

    @classmethod
    def month(cls, year: int, month: int) -> Self:
        """The period of *month* (1-12) of *year* (1-9998)."""
        following = date(year + month // 12, month % 12 + 1, 1)
        return cls(start=date(year, month, 1), end=following)

    @classmethod
    def parse(cls, text: str) -> Self:
        """
        Read a period written as ``YYYY-MM``.

        Raises:
            InvalidPeriod: If *text* does not name a month.
        """
        written = MONTH.fullmatch(text)
        if written and FIRST_YEAR <= int(written[1]) <= LAST_YEAR:
            with suppress(ValueError):
                return cls.month(int(written[1]), int(written[2]))
        raise InvalidPeriod(text)

    @classmethod
    def before(cls, day: date) -> Self:
        """The last whole month before *day*: what the run of the first of a month bills."""
        return cls.month(day.year - (day.month == 1), (day.month - 2) % 12 + 1)

    @property
    def preceding(self) -> Self:
        """The month before this one."""
        return self.before(self.start)

    @property
    def following(self) -> Self:
        """The month after this one."""
        return self.month(self.end.year, self.end.month)

    def __contains__(self, day: date) -> bool:
        return self.start <= day < self.end

    def __str__(self) -> str:
        return self.start.isoformat()[:7]
