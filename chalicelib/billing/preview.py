"""The preview: what a run would bill beside the month before, and what looks like a mistake."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Self

import polars as pl
from pandera.polars import Field

from .errors import BillingError
from .money import HOURS_SUM, MONEY, exact_product
from .month import MonthDraft
from .schemas import Frame, HoursSum, Money, columns, dtypes

# In order of precedence: the first that applies is the one shown.
FLAGS = ("hours", "factor", "new", "gone")


class InvalidBounds(BillingError):
    """A bound is no number, or one that money cannot be multiplied with exactly."""

    def __init__(self, name: str, value: object, expected: str) -> None:
        self.name = name
        self.value = value
        super().__init__(f"the {name} is {value}; use {expected}")


@dataclass(frozen=True, slots=True)
class Bounds:
    """
    What a month's total and hours may be before somebody should look at them.

    Attributes:
        factor: How many times last month's total, or what part of it; from 1 to 1000, at most 6
            decimals.
        month_hours: How many hours of a person the invoices of a month may come to, late work of
            closed months included; from 0 to 100000, at most 2 decimals.

    Raises:
        InvalidBounds: If either is outside its range.
    """

    factor: Decimal = Decimal(2)
    month_hours: Decimal = Decimal(220)

    def __post_init__(self) -> None:
        _check("factor", self.factor, (1, 1000), 6)
        _check("maximum hours", self.month_hours, (0, 100_000), 2)

    @classmethod
    def parse(cls, factor: str, month_hours: str) -> Self:
        """
        Read the bounds as somebody typed them.

        Raises:
            InvalidBounds: If either is no number or outside its range.
        """
        return cls(_number("factor", factor), _number("maximum hours", month_hours))


class Person(Frame):
    """Employees by name: one row each."""

    employee_id: pl.Int64
    code: str
    full_name: str


class LastMonth(Frame):
    """
    What the month before has billed: one row per employee and currency.

    Credit notes are taken off; who is left with nothing is left out.
    """

    employee_id: pl.Int64
    currency: str
    hours: HoursSum
    total: Money

    class Config(Frame.Config):
        """Pandera's settings."""

        unique = ["employee_id", "currency"]  # noqa: RUF012 -- Pandera's form


class Earlier(LastMonth):
    """What earlier runs of the period itself have billed: one row per employee and currency."""


class Preview(Frame):
    """
    Who would be billed or was billed last month: one row per employee, by code.

    ``currency``, ``hours`` and ``total`` are null for whom the run would not bill; the ``last_``
    ones for whom last month did not; the ``earlier_`` ones for whom this period has not yet.
    """

    employee_id: pl.Int64
    code: str
    full_name: str
    currency: str = Field(nullable=True)
    hours: HoursSum = Field(nullable=True)
    total: Money = Field(nullable=True)
    earlier_hours: HoursSum = Field(nullable=True)
    earlier_total: Money = Field(nullable=True)
    last_currency: str = Field(nullable=True)
    last_hours: HoursSum = Field(nullable=True)
    last_total: Money = Field(nullable=True)
    change: Money = Field(nullable=True)
    flag: str = Field(nullable=True, isin=FLAGS)

    class Config(Frame.Config):
        """Pandera's settings."""

        unique = ["employee_id"]  # noqa: RUF012 -- Pandera's form


class CurrencyPreview(Frame):
    """What the run would add to each currency: one row each, by currency; nothing is zero."""

    currency: str
    invoices: pl.UInt32
    total: Money
    earlier_total: Money
    last_total: Money
    change: Money


def compare(
    draft: MonthDraft,
    employees: pl.DataFrame,
    last_month: pl.DataFrame,
    *,
    bounds: Bounds,
    earlier: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """
    Set what each employee would be billed beside last month, and flag what looks like a mistake.

    The month is judged as it would stand after the run: with what *earlier* runs of it billed.
    The flag is the first of these that applies, where a value on the bound itself is within it:

    - ``hours``: would be billed, which makes more hours of the month than ``month_hours``;
    - ``factor``: would be billed, which makes the total over ``factor`` times last month's, or
      last month's over ``factor`` times it; never said across currencies;
    - ``new``: would be billed, and was neither last month nor by an earlier run;
    - ``gone``: was billed last month, and is now neither billed, nor billed earlier, nor held.

    Args:
        draft: What the run would issue.
        employees: `Person` or `schemas.Employee`, at least everybody in *draft* and *last_month*.
        last_month: `LastMonth`.  Of an employee with several currencies, the draft's counts, or
            else the first.
        bounds: What is still unremarkable.
        earlier: `Earlier`; None if the period has not been billed before.

    Returns:
        `Preview`.  ``change`` is what the month comes to less last month's total, exactly; a side
        that is missing counts as zero, and it is null where the currencies differ.
    """
    before = pl.DataFrame(schema=dtypes(Earlier)) if earlier is None else earlier
    drafted = _by_employee(draft)
    return (
        drafted.join(_one_each(last_month, drafted), on="employee_id", how="full", coalesce=True)
        .with_columns(own_currency=pl.coalesce("currency", "last_currency"))
        .join(
            before.rename({"hours": "earlier_hours", "total": "earlier_total"}),
            left_on=["employee_id", "own_currency"],
            right_on=["employee_id", "currency"],
            how="left",
        )
        .join(employees.select(columns(Person)), on="employee_id", how="left")
        .with_columns(change=_change(), flag=_flag(draft.held, before, bounds))
        .sort("code")
        .select(columns(Preview))
    )


def compare_currencies(
    draft: MonthDraft, last_month: pl.DataFrame, earlier: pl.DataFrame
) -> pl.DataFrame:
    """
    Total each currency beside last month.

    Args:
        draft: What the run would issue.
        last_month: `LastMonth`.
        earlier: `Earlier`.

    Returns:
        `CurrencyPreview`; the change is what the month comes to less last month.
    """
    sides = [
        draft.invoices.select("currency", "total", invoices=pl.lit(1, pl.UInt32)),
        earlier.select("currency", earlier_total="total"),
        last_month.select("currency", last_total="total"),
    ]
    return (
        pl.concat(sides, how="diagonal")
        .group_by("currency")
        .agg(pl.col("invoices", "total", "earlier_total", "last_total").sum())
        .with_columns(change=pl.col("total") + pl.col("earlier_total") - pl.col("last_total"))
        .sort("currency")
        .select(pl.col(name).cast(dtype) for name, dtype in dtypes(CurrencyPreview).items())
    )


def _by_employee(draft: MonthDraft) -> pl.DataFrame:
    """``employee_id, currency, hours, total`` of each invoice of the draft."""
    hours = draft.lines.group_by("employee_id").agg(pl.col("hours").sum().cast(HOURS_SUM))
    return draft.invoices.join(hours, on="employee_id").select(columns(LastMonth))


def _one_each(last_month: pl.DataFrame, drafted: pl.DataFrame) -> pl.DataFrame:
    """*last_month* as ``employee_id`` and the ``last_`` columns, one row per employee."""
    other = (pl.col("currency") != pl.col("drafted")).fill_null(value=True)
    return (
        last_month.join(
            drafted.select("employee_id", drafted="currency"), on="employee_id", how="left"
        )
        .sort("employee_id", other, "currency")
        .unique("employee_id", keep="first", maintain_order=True)
        .select("employee_id", last_currency="currency", last_hours="hours", last_total="total")
    )


def _change() -> pl.Expr:
    change = _of_month("total") - pl.col("last_total").fill_null(0)
    return pl.when(_one_currency()).then(change.cast(MONEY))


def _flag(held: pl.DataFrame, earlier: pl.DataFrame, bounds: Bounds) -> pl.Expr:
    billed = pl.col("total").is_not_null()
    billed_earlier = pl.col("employee_id").is_in(earlier["employee_id"].implode())
    held_now = pl.col("employee_id").is_in(held["employee_id"].implode())
    applies = {
        "hours": billed & (_of_month("hours") > pl.lit(bounds.month_hours, HOURS_SUM)),
        "factor": billed & _one_currency() & _beyond(bounds.factor),
        "new": billed & pl.col("last_total").is_null() & ~billed_earlier,
        "gone": ~(billed | billed_earlier | held_now),
    }
    return pl.coalesce(pl.when(applies[flag]).then(pl.lit(flag)) for flag in FLAGS)


def _beyond(factor: Decimal) -> pl.Expr:
    """Whether one of the totals is over *factor* times the other; nothing is divided."""
    times = pl.lit(factor)
    total, last = _of_month("total"), pl.col("last_total")
    return (total > exact_product(last, times)) | (last > exact_product(total, times))


def _of_month(column: str) -> pl.Expr:
    """What the whole month comes to: the draft and what was billed earlier."""
    return pl.col(column).fill_null(0) + pl.col(f"earlier_{column}").fill_null(0)


def _one_currency() -> pl.Expr:
    """Whether there are not two currencies in a row."""
    return (pl.col("currency") == pl.col("last_currency")).fill_null(value=True)


def _check(name: str, value: Decimal, limits: tuple[int, int], decimals: int) -> None:
    low, high = limits
    within = value.is_finite() and low <= value <= high
    if not within or value != round(value, decimals):
        raise InvalidBounds(
            name, value, f"a number from {low} to {high} with at most {decimals} decimals"
        )


def _number(name: str, text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise InvalidBounds(name, repr(text), "a number, such as 2 or 220") from None
