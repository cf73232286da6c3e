"""What was issued, as it is read back to be verified, and how a difference is told."""

from __future__ import annotations

from dataclasses import dataclass

import pandera.polars as pa
import polars as pl

from .schemas import Frame, Hours, HoursSum, Money, TaxRate, UnitRate


class IssuedDocument(Frame):
    """Invoices and credit notes: one row per number."""

    number: str
    kind: str
    credits_number: str = pa.Field(nullable=True)
    series: str
    employee: str
    run_id: pl.Int64
    currency: str
    subtotal: Money
    tax_rate: TaxRate
    tax: Money
    total: Money
    rounding_policy: str


class IssuedLine(Frame):
    """Their lines: one row per number and position."""

    number: str
    position: pl.Int32
    project_code: str
    project_name: str
    kind: str
    hours: HoursSum
    unit_rate: UnitRate
    amount: Money


class IssuedWorkday(Frame):
    """Their lineage: one row per number and billed or credited workday."""

    number: str
    position: pl.Int32
    employee: str
    work_date: pl.Date
    project: str
    kind: str
    turn: pl.Int32
    workday_id: pl.Int64
    hours: Hours
    unit_rate: UnitRate


class IssuedNumber(Frame):
    """Every number of every series, whatever its month: one row each."""

    number: str
    series: str
    sequence: pl.Int32


class Series(Frame):
    """The last number that each series gave: one row per series."""

    series: str
    last_sequence: pl.Int32


class CompletedRun(Frame):
    """What each completed run of the month says it billed: one row per run."""

    run_id: pl.Int64
    billed_rows: pl.Int32
    billed_hours: HoursSum


class Difference(Frame):
    """
    What is not as it should be: one row per difference, by number.

    ``number`` may also be a series, a run or whatever else is at fault.  A null is nothing: nothing
    expected, or nothing found.
    """

    number: str
    what: str
    expected: str = pa.Field(nullable=True)
    found: str = pa.Field(nullable=True)


@dataclass(frozen=True, slots=True)
class Finding:
    """One row of `Difference`; ``str()`` is one sentence."""

    number: str
    what: str
    expected: str | None
    found: str | None

    def __str__(self) -> str:
        should = "not be there" if self.expected is None else f"be {self.expected}"
        found = "none" if self.found is None else self.found
        return f"{self.number}: {self.what} should {should}, found {found}."


@dataclass(frozen=True, slots=True)
class Issued:
    """
    Documents with all that is theirs.

    Attributes:
        documents: `IssuedDocument`.
        lines: `IssuedLine`, by position.
        lineage: `IssuedWorkday`.
    """

    documents: pl.DataFrame
    lines: pl.DataFrame
    lineage: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Ledger:
    """
    What one month is verified from.

    Attributes:
        issued: The month's documents.
        credited: The invoices that those credit, whatever their month.
        numbers: `IssuedNumber`.
        series: `Series`.
        runs: `CompletedRun`.
    """

    issued: Issued
    credited: Issued
    numbers: pl.DataFrame
    series: pl.DataFrame
    runs: pl.DataFrame
