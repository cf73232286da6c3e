"""
What a CSV field may contain, one reader per kind of column.

A reader turns text into what the database stores, or raises `Refused` with the reason. It refuses
only what cannot be stored as written: whether a workday is *right* is for the run to decide.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date
from decimal import Decimal

from babel import localedata

from chalicelib.billing.email_address import NotAnAddress, stored
from chalicelib.billing.errors import BillingError

DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
EMPLOYEE_CODE = re.compile(r"[A-Z0-9-]{1,20}")
CURRENCY = re.compile(r"[A-Z]{3}")
COUNTRY = re.compile(r"[A-Z]{2}")
LOCALE = re.compile(r"[a-z]{2,3}(-[A-Z]{2})?")
DEFAULT_LOCALE = "en"
TAX_CATEGORIES = ("S", "Z", "E", "AE", "O")
# Codes are indexed.
LONGEST_CODE = 100
# A sign, a point, and some harmless zeros.
LEADING_ZEROS = 12

Value = str | date | Decimal | None
Reader = Callable[[str], Value]


class Refused(BillingError):
    """A field cannot be stored."""


def text(field: str) -> str:
    """Any text, composed (NFC); PostgreSQL stores every character but NUL."""
    if "\0" in field:
        raise Refused("contains a NUL character")
    return unicodedata.normalize("NFC", field.strip())


def required_text(field: str) -> str:
    written = text(field)
    if not written:
        raise Refused("is empty")
    return written


def code(field: str) -> str:
    """What identifies a row; short enough for an index."""
    written = required_text(field)
    if len(written) > LONGEST_CODE:
        raise Refused(f"is longer than {LONGEST_CODE} characters")
    return written


def optional_text(field: str) -> str | None:
    return text(field) or None


def email(field: str) -> str | None:
    """In its stored form, so that one person has one address; None if there is none."""
    return required_email(field) if field.strip() else None


def required_email(field: str) -> str:
    # Not composed first, as other texts are: that makes a K of the Kelvin sign.
    written = field.strip()
    if not written:
        raise Refused("is empty")
    try:
        return stored(written)
    except NotAnAddress as error:
        raise Refused(str(error)) from None


def day(field: str) -> date:
    written = field.strip()
    try:
        if DATE.fullmatch(written):
            return date.fromisoformat(written)
    except ValueError:
        pass
    raise Refused(f"is not a date: {written!r}; write it as YYYY-MM-DD")


def optional_day(field: str) -> date | None:
    return day(field) if field.strip() else None


def decimal(
    precision: int, scale: int, *, low: int | None = None, high: int | None = None
) -> Reader:
    """
    A reader of ``numeric(precision, scale)`` from *low* to *high*.

    Excess decimals are refused, never rounded away.
    """

    def read(field: str) -> Decimal:
        written = field.strip()
        if not NUMBER.fullmatch(written):
            raise Refused(f"is not a number: {written!r}; write it like 7.50")
        if len(written) > precision + LEADING_ZEROS:
            raise Refused(f"is too long: {written[:precision]}…")
        value = Decimal(written)
        if value != round(value, scale):
            raise Refused(f"has more than {scale} decimals: {written}")
        if abs(value) >= 10 ** (precision - scale):
            raise Refused(f"is too large: {written}")
        if (low is not None and value < low) or (high is not None and value > high):
            limits = f"{low} to {high}" if high is not None else f"{low} or more"
            raise Refused(f"must be {limits}: {written}")
        return value

    return read


def pattern(form: re.Pattern[str], example: str) -> Reader:
    """A reader of texts of one *form*."""

    def read(field: str) -> str:
        written = field.strip()
        if not form.fullmatch(written):
            raise Refused(f"is {written!r}; write it like {example}")
        return written

    return read


def tax_category(field: str) -> Value:
    """The VAT category; if empty, it follows from the rate."""
    return choice(*TAX_CATEGORIES)(field) if field.strip() else None


def locale(field: str) -> str:
    """Language, and country if it matters, as in BCP 47; English if there is none."""
    written = field.strip() or DEFAULT_LOCALE
    if not LOCALE.fullmatch(written) or not localedata.exists(written.partition("-")[0]):
        raise Refused(f"is {written!r}; write a language code, such as uk or uk-UA")
    return written


def choice(*allowed: str) -> Reader:
    """A reader of one of a few words."""

    def read(field: str) -> str:
        written = field.strip()
        if written not in allowed:
            raise Refused(f"is {written!r}; write one of {', '.join(allowed)}")
        return written

    return read
