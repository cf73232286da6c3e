"""
Exact money arithmetic for Polars expressions.

Polars multiplies two decimals at the larger of their scales, half to even: at scale 2,
``170.50 * 67.25`` gives ``11466.12``, not ``11466.13``.  So every product here is taken at a
scale that holds it whole, and rounded once, halves away from zero.
"""

from __future__ import annotations

from typing import Final

import polars as pl

HOURS: Final = pl.Decimal(5, 2)
HOURS_SUM: Final = pl.Decimal(14, 2)
RATE: Final = pl.Decimal(12, 4)
MONEY: Final = pl.Decimal(14, 2)
# The widest product is money (2) times a tax rate (6).
EXACT: Final = pl.Decimal(38, 8)

ROUNDING_POLICY: Final = "half-away/line/1"


def exact_product(left: pl.Expr, right: pl.Expr) -> pl.Expr:
    """Multiply two decimals without losing a digit (their scales may add up to 8)."""
    return left.cast(EXACT) * right.cast(EXACT)


def to_money(amount: pl.Expr) -> pl.Expr:
    """Round *amount* once to cents, halves away from zero."""
    return amount.round(2, mode="half_away_from_zero").cast(MONEY)


def to_rate(rate: pl.Expr) -> pl.Expr:
    """Round *rate* once to four decimals, halves away from zero."""
    return rate.round(4, mode="half_away_from_zero").cast(RATE)
