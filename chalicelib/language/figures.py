"""
Numbers and dates as a country writes them, after the Unicode CLDR.

Public, so that whoever compares a stored value with a document's text writes it the same way.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Self

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton
from babel.numbers import NumberPattern, get_decimal_symbol, parse_pattern

# As wide as a digit, unlike the hyphen.
MINUS = "\N{MINUS SIGN}"

# American dates and French narrow spaces: plain `en` is English as written outside of America.
_PLAIN = {"en": "en_001"}
_PERCENT = {"en_001": "#,##0 %"}
_REPLACED = str.maketrans({"-": MINUS, "\u202f": "\u00a0", "\u2009": "\u00a0"})

# Latin, Greek and Cyrillic, spaces and punctuation.  Whatever else a country writes with, no
# document can print, and beside English words nobody should have to read.
_ALPHABETS = re.compile(
    r"[ -~\u00a0-\u00ac\u00ae-\u02af\u02b9-\u02dd\u0370-\u03e1\u0400-\u0482\u048a-\u052f"
    r"\u1e00-\u1eff\u2010-\u2027\u2030-\u203a\u2212]*"
)
_ZERO = Decimal(0)
_MONTHS = tuple(date(2026, month, month) for month in range(1, 13))


@dataclass(frozen=True, slots=True)
class Figures:
    """
    How one country writes numbers and dates.  Takes decimals; rounds nothing it is given.

    Attributes:
        locale: Of the numbers.
        calendar: Of the dates, which hold names of months and weekdays.
    """

    locale: Locale
    calendar: Locale
    point: str
    money_pattern: NumberPattern
    rate_pattern: NumberPattern
    percent_pattern: NumberPattern

    @classmethod
    def of(cls, locale: Locale) -> Self:
        decimal = locale.decimal_formats[None].pattern
        percent = _PERCENT.get(str(locale), locale.percent_formats[None].pattern)
        return cls(
            locale=locale,
            calendar=locale,
            point=get_decimal_symbol(locale),
            money_pattern=_pattern(decimal, 2, 2),
            rate_pattern=_pattern(decimal, 2, 4),
            percent_pattern=_pattern(percent, 0, 4),
        )

    def money(self, amount: Decimal) -> str:
        """An amount or hours with 2 places and thousands separators: ``1,234.50``."""
        return _written(self.money_pattern, amount, self.locale)

    def rate(self, unit_rate: Decimal) -> str:
        """A rate with 2 to 4 places, no more than it needs: ``33.50``, ``37.735``."""
        return _written(self.rate_pattern, unit_rate, self.locale)

    def percentage(self, fraction: Decimal) -> str:
        """A tax rate: 0 is ``0 %``, 0.055 is ``5.5 %``."""
        return _written(self.percent_pattern, fraction, self.locale)

    def places(self, figure: str) -> int:
        """How many digits a written *figure* has after its decimal point."""
        return len(figure.partition(self.point)[2])

    def day(self, day: date) -> str:
        """A date with the month in letters: ``1 October 2026``."""
        return _day(day, self.calendar)

    def month(self, day: date) -> str:
        """The month of *day*, standing alone: ``October 2026``."""
        return _dated("yMMMM", day, self.calendar)

    def workday(self, day: date) -> str:
        """A date for a list, short, with the day of the week: ``Thu, 1 Oct 2026``."""
        return _dated("yMMMEd", day, self.calendar)


@lru_cache(maxsize=256)
def figures_of(tag: str) -> Figures:
    """
    How to write for the locale *tag* (BCP 47: ``uk-UA``).  Never raises.

    An unknown country leaves the language, an unknown language or a foreign script English.
    """
    tag = tag.replace("_", "-")
    for part in (tag, tag.partition("-")[0]):
        locale = _locale(part)
        if locale is not None and is_writable(figures := Figures.of(locale)):
            return figures
    return Figures.of(Locale.parse(_PLAIN["en"]))


def is_writable(figures: Figures) -> bool:
    """Whether all *figures* writes is in the alphabets of Europe."""
    dates = (f"{figures.day(day)}{figures.month(day)}{figures.workday(day)}" for day in _MONTHS)
    numbers = figures.money(Decimal("-1234567.89")) + figures.percentage(Decimal("0.055"))
    return _ALPHABETS.fullmatch("".join((numbers, *dates))) is not None


def _locale(tag: str) -> Locale | None:
    try:
        return Locale.parse(_PLAIN.get(tag, tag.replace("-", "_")))
    except (UnknownLocaleError, ValueError):
        return None


def _pattern(pattern: str, least: int, most: int) -> NumberPattern:
    """A number *pattern* with at *least* and at *most* so many places."""
    parsed = parse_pattern(pattern)
    parsed.frac_prec = (least, most)
    return parsed


def _written(pattern: NumberPattern, number: Decimal, locale: Locale) -> str:
    # A negative zero equals zero, so it would come out of the cache as either.
    return _cached(pattern, number or _ZERO, locale)


@lru_cache(maxsize=4096)
def _cached(pattern: NumberPattern, number: Decimal, locale: Locale) -> str:
    return _readable(pattern.apply(number, locale))


@lru_cache(maxsize=1024)
def _day(day: date, locale: Locale) -> str:
    return _readable(format_date(day, "long", locale=locale))


@lru_cache(maxsize=1024)
def _dated(skeleton: str, day: date, locale: Locale) -> str:
    return _readable(format_skeleton(skeleton, day, locale=locale))


def _readable(text: str) -> str:
    return text.translate(_REPLACED)
