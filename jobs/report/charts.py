"""
The charts of the page as lengths and labels; the template draws them.

Lengths are decimals too: no amount ever becomes a float.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from chalicelib.billing.control import SIDES
from chalicelib.billing.statuses import ARRIVED, ON_THEIR_WAY
from chalicelib.store.reporting import MonthTotal, PeriodReport
from jobs.wording import DELIVERIES

from .words import compact, in_words, money, share

ZERO = Decimal(0)
# The drawing area of a chart by months, in its own units.
STEP, TOP, HEIGHT = 54, 18, 100
# No part of a bar is shorter than the whole divided by this.
LEAST = 80


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar along a track of 100; ``label`` and ``meaning`` say it in words."""

    start: Decimal
    length: Decimal
    label: str
    meaning: str
    tone: str = "billed"
    share: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """One month in a chart; ``value`` stands at height ``at``."""

    x: int
    y: Decimal
    height: Decimal
    month: str
    value: str
    at: Decimal
    current: bool


@dataclass(frozen=True, slots=True)
class Columns:
    """A chart of one currency by months."""

    currency: str
    columns: Sequence[Column]
    zero: Decimal
    meaning: str


def balance_bars(report: PeriodReport) -> list[Bar]:
    """Where the workdays went that the newest completed run extracted."""
    control = report.run.control if report.run else None
    if control is None:
        return []
    return _stack([(side, getattr(control, side).rows, side) for side in SIDES[1:]])


def delivery_bars(report: PeriodReport) -> list[Bar]:
    """The documents, by the status of their latest delivery."""
    counts = report.deliveries
    return _stack([(status, counts.get(status, 0), tone(status)) for status in DELIVERIES])


def tone(status: str) -> str:
    """The colour of a delivery's status."""
    if status in ARRIVED:
        return "billed"
    return "held" if status in ON_THEIR_WAY else "rejected"


def _stack(parts: Sequence[tuple[str, int, str]]) -> list[Bar]:
    """
    Bars side by side that fill the track, each for a name, a count and a tone.

    Every part that is not zero is wide enough to be seen.
    """
    counts = [count for _, count, _ in parts if count]
    least = Decimal(sum(counts)) / LEAST
    whole, start, bars = sum(max(Decimal(count), least) for count in counts), ZERO, []
    for name, count, tone in parts:
        if count:
            length = max(Decimal(count), least) * 100 / whole
            said = f"{count:,}, {share(count, sum(counts))}"
            bars.append(Bar(_units(start), _units(length), name, said, tone))
            start += length
    return bars


def bars(currency: str, amounts: Sequence[tuple[str, Decimal]]) -> list[Bar]:
    """
    A bar for each name and amount, on a track as long as their sum.

    If an amount is negative, the track runs from the lowest to the highest and shares are left
    out.
    """
    values = [amount for _, amount in amounts]
    low, whole = min(ZERO, *values), sum(values, ZERO)
    unit = 100 / ((max(ZERO, *values) - low if low else whole) or Decimal(1))
    return [
        Bar(
            start=_units((min(amount, ZERO) - low) * unit),
            length=_units(abs(amount) * unit),
            label=f"{name}: {money(amount)} {currency}",
            meaning=f"of {money(whole)} {currency}",
            tone="billed" if amount >= 0 else "rejected",
            share="" if low else share(amount, whole),
        )
        for name, amount in amounts
    ]


def charts(report: PeriodReport) -> list[Columns]:
    """The last months' totals, a chart for each currency."""
    currencies = sorted({row.currency for row in report.months})
    return [
        _chart(currency, [row for row in report.months if row.currency == currency])
        for currency in currencies
    ]


def _chart(currency: str, months: Sequence[MonthTotal]) -> Columns:
    totals = [row.total for row in months]
    low, high = min(ZERO, *totals), max(ZERO, *totals)
    unit = HEIGHT / ((high - low) or Decimal(1))
    columns = []
    for place, row in enumerate(months):
        top, length = (high - max(row.total, ZERO)) * unit + TOP, abs(row.total) * unit
        columns.append(
            Column(
                x=place * STEP,
                y=_units(top),
                height=_units(length),
                month=f"{row.period.start:%b}",
                value=compact(row.total) if row.documents else "",
                at=_units(top - 5 if row.total >= 0 else top + length + 12),
                current=place == len(months) - 1,
            )
        )
    meaning = ", ".join(f"{in_words(row.period)} {money(row.total)}" for row in months)
    return Columns(currency, columns, _units(high * unit + TOP), meaning)


def _units(length: Decimal) -> Decimal:
    return length.quantize(Decimal("0.01"))
