"""
How numbers and dates are written on a document.

Public, so that whoever compares a stored value with the PDF's text writes it the same way.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

MINUS: Final = "\N{MINUS SIGN}"
"""As wide as a digit in our fonts, unlike the hyphen."""


def money(amount: Decimal) -> str:
    """Write an amount or hours with 2 places and thousands separators: ``1,234.50``."""
    return f"{amount:,.2f}".replace("-", MINUS)


def rate(unit_rate: Decimal) -> str:
    """Write a rate with 2 to 4 places, no more than it needs: ``33.50``, ``37.735``."""
    whole, _, places = f"{unit_rate:,.4f}".replace("-", MINUS).partition(".")
    return f"{whole}.{places.rstrip('0').ljust(2, '0')}"


def percentage(fraction: Decimal) -> str:
    """Write a tax rate: 0 is ``0 %``, 0.055 is ``5.5 %``."""
    places = f"{fraction * 100:f}"
    return f"{places.rstrip('0').rstrip('.') if '.' in places else places} %"


def places(figure: str) -> int:
    """Count the digits after the decimal point."""
    return len(figure.partition(".")[2])


def iban(text: str) -> str:
    """Group an account number in fours."""
    compact = "".join(text.split())
    return " ".join(compact[start : start + 4] for start in range(0, len(compact), 4))
