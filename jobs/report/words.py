"""How the page writes dates, amounts and shares."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from chalicelib.billing.period import Period


def in_words(period: Period) -> str:
    return f"{period.start:%B} {period.start.year}"


def day(value: date) -> str:
    return f"{value.day} {value:%b} {value.year}"


def moment(value: datetime) -> str:
    there = value.astimezone(UTC)
    return f"{day(there.date())}, {there:%H:%M} UTC"


def money(amount: Decimal) -> str:
    return f"{amount:,.2f}"


def compact(amount: Decimal) -> str:
    """
    A rounded amount in about five characters.

    >>> compact(Decimal("286827.75")), compact(Decimal("-1234.00")), compact(Decimal("0.00"))
    ('287k', '-1.2k', '0')
    """
    for size, suffix in ((10**9, "bn"), (10**6, "m"), (10**3, "k")):
        scaled = amount / size
        if abs(scaled) >= 1:
            return f"{scaled:,.{0 if abs(scaled) >= 100 else 1}f}{suffix}"  # noqa: PLR2004
    return f"{amount:,.0f}"


def share(part: Decimal | int, whole: Decimal | int) -> str:
    """
    A percentage, never rounded to 0 or 100; empty if there is no whole.

    >>> share(139, 174), share(1, 50_000), share(49_999, 50_000), share(0, 0)
    ('79.9%', 'under 0.1%', 'over 99.9%', '')
    """
    if not whole:
        return ""
    shown = f"{Decimal(part) * 100 / whole:.1f}%"
    if shown == "0.0%" and part:
        return "under 0.1%"
    return "over 99.9%" if shown == "100.0%" and part != whole else shown
