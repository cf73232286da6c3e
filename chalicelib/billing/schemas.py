"""
What each frame holds.  One model per frame; columns in reading order.

Validate eager frames only: Pandera skips every check on values when given a LazyFrame.
"""

from __future__ import annotations

from typing import Annotated

import pandera.polars as pa
import polars as pl
from pandera.polars import PolarsData

HOURS_OF_A_DAY = 24
KINDS = ("regular", "overtime")
# In order of precedence: the first that a workday breaks is the one it is rejected by.
RULES = ("hours", "kind", "day_over_24")

Hours = Annotated[pl.Decimal, 5, 2]
HoursSum = Annotated[pl.Decimal, 14, 2]
UnitRate = Annotated[pl.Decimal, 12, 4]
Multiplier = Annotated[pl.Decimal, 4, 2]
TaxRate = Annotated[pl.Decimal, 7, 6]
Money = Annotated[pl.Decimal, 14, 2]


class Frame(pa.DataFrameModel):
    """A frame with these columns and no others."""

    class Config:
        """Pandera's settings."""

        strict = True


class Workday(Frame):
    """
    Unbilled workdays: one row per employee, day, project and kind.

    ``turn`` is the workday's next place in its chain: 1, or more if it was billed and credited.
    """

    workday_id: pl.Int64
    employee_id: pl.Int64
    work_date: pl.Date
    project_id: pl.Int64
    kind: str
    hours: Hours
    turn: pl.Int32


class BilledDay(Frame):
    """Hours already on a live invoice: one row per employee and day."""

    employee_id: pl.Int64
    work_date: pl.Date
    billed_hours: HoursSum


class Employee(Frame):
    """Today's master data: one row per employee.  Texts are NFC; a missing text is null."""

    employee_id: pl.Int64
    code: str
    full_name: str
    email: str = pa.Field(nullable=True)
    department_code: str
    currency: str
    tax_rate: TaxRate
    tax_category: str
    tax_id: str
    address: str
    country: str
    iban: str = pa.Field(nullable=True)
    self_billing_agreed_on: pl.Date = pa.Field(nullable=True)
    locale: str


class Project(Frame):
    """Projects: one row each."""

    project_id: pl.Int64
    project_code: str
    project_name: str


class Rate(Frame):
    """What an hour costs: one row per employee and first day of validity."""

    employee_id: pl.Int64
    valid_from: pl.Date
    hourly_rate: UnitRate
    overtime_multiplier: Multiplier


class JudgedWorkday(Frame):
    """
    Workdays beside the hours of their whole day; each check is the rejection rule of its name.

    ``day_hours`` are the positive hours of that employee and day, billed ones included.
    """

    workday_id: pl.Int64
    employee_id: pl.Int64
    work_date: pl.Date
    project_id: pl.Int64
    kind: str
    hours: Hours
    day_hours: HoursSum

    @pa.check("hours", name="hours")
    def hours_fit_a_day(cls, column: PolarsData) -> pl.LazyFrame:  # noqa: N805
        return column.lazyframe.select(
            (pl.col(column.key) > 0) & (pl.col(column.key) <= HOURS_OF_A_DAY)
        )

    @pa.check("kind", name="kind")
    def kind_is_known(cls, column: PolarsData) -> pl.LazyFrame:  # noqa: N805
        return column.lazyframe.select(pl.col(column.key).is_in(KINDS))

    @pa.check("day_hours", name="day_over_24")
    def day_has_24_hours(cls, column: PolarsData) -> pl.LazyFrame:  # noqa: N805
        return column.lazyframe.select(pl.col(column.key) <= HOURS_OF_A_DAY)


class Rejected(Frame):
    """Workdays that broke a rule: one row per workday, with the first rule broken."""

    workday_id: pl.Int64
    employee_id: pl.Int64
    work_date: pl.Date
    project_id: pl.Int64
    kind: str
    hours: Hours
    rule: str
    value: str


class Held(Frame):
    """Employees not billed this time: one row each.  ``detail`` names the day or the letters."""

    employee_id: pl.Int64
    reason: str
    detail: str


class PricedWorkday(Frame):
    """Good workdays with what their hour costs; ``unit_rate`` is null where no rate holds."""

    workday_id: pl.Int64
    employee_id: pl.Int64
    work_date: pl.Date
    project_id: pl.Int64
    kind: str
    hours: Hours
    turn: pl.Int32
    unit_rate: UnitRate = pa.Field(nullable=True)


class Line(Frame):
    """Invoice lines: one row per employee, project, kind and unit rate, by position from 1."""

    employee_id: pl.Int64
    position: pl.Int32
    project_id: pl.Int64
    project_code: str
    project_name: str
    kind: str
    hours: HoursSum
    unit_rate: UnitRate
    amount: Money


class DraftInvoice(Frame):
    """Drafts: one row per employee, by employee code."""

    employee_id: pl.Int64
    currency: str
    subtotal: Money
    tax_rate: TaxRate
    tax: Money
    total: Money


class BilledWorkday(Frame):
    """Lineage: one row per billed workday, with the line that bills it."""

    employee_id: pl.Int64
    position: pl.Int32
    workday_id: pl.Int64
    work_date: pl.Date
    project_id: pl.Int64
    kind: str
    turn: pl.Int32
    hours: Hours
    unit_rate: UnitRate


class LiveWorkday(Frame):
    """Lineage of live invoices: one row per billed workday that no credit note has freed."""

    invoice_id: pl.Int64
    workday_id: pl.Int64
    employee_id: pl.Int64
    work_date: pl.Date
    project_id: pl.Int64
    kind: str
    hours: Hours
    unit_rate: UnitRate


class CurrentWorkday(Frame):
    """Workdays as they are now, beside the live invoice that billed their key or their id."""

    invoice_id: pl.Int64
    workday_id: pl.Int64
    employee_id: pl.Int64
    work_date: pl.Date
    project_id: pl.Int64
    kind: str
    hours: Hours


class Drift(Frame):
    """
    Days that are no longer as billed: one row per invoice, day, project and kind.

    A side that is null has no such workday: it was deleted, or moved away or here.
    """

    invoice_id: pl.Int64
    employee_id: pl.Int64
    work_date: pl.Date
    project_id: pl.Int64
    kind: str
    billed_hours: Hours = pa.Field(nullable=True)
    current_hours: Hours = pa.Field(nullable=True)
    billed_rate: UnitRate = pa.Field(nullable=True)
    current_rate: UnitRate = pa.Field(nullable=True)


def dtypes(model: type[Frame]) -> dict[str, pl.DataType]:
    """The Polars type of each column of *model*, in order."""
    return {name: column.dtype.type for name, column in model.to_schema().columns.items()}


def columns(model: type[Frame]) -> list[str]:
    """The names of the columns of *model*, in order."""
    return list(model.to_schema().columns)
