"""What was issued, as it is read back to be verified, and how a difference is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import pandera.polars as pa
import polars as pl

from .schemas import Frame, Hours, HoursSum, Money, TaxRate, UnitRate

Moment = Annotated[pl.Datetime, "us", "UTC"]


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


class ChainLink(Frame):
    """
    Lineage of every document of the same days, and of the same ids: one row per workday and turn.

    ``document_kind`` is null where the document is gone; ``credits_number`` is the invoice
    that the row takes back.
    """

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
    period: pl.Date = pa.Field(nullable=True)
    document_kind: str = pa.Field(nullable=True)
    credits_number: str = pa.Field(nullable=True)


class IssuedNumber(Frame):
    """Every number of every series, whatever its month: one row each."""

    number: str
    series: str
    sequence: pl.Int32
    employee: str
    credits_number: str = pa.Field(nullable=True)
    issued_on: pl.Date
    issued_at: Moment


class Series(Frame):
    """The last number that each series gave: one row per series."""

    series: str
    last_sequence: pl.Int32


class Run(Frame):
    """
    What each run of the month counted, and what it listed: one row per run.

    The counts are null until it completes.
    """

    run_id: pl.Int64
    status: str
    extracted_rows: pl.Int32 = pa.Field(nullable=True)
    extracted_hours: HoursSum = pa.Field(nullable=True)
    billed_rows: pl.Int32 = pa.Field(nullable=True)
    billed_hours: HoursSum = pa.Field(nullable=True)
    rejected_rows: pl.Int32 = pa.Field(nullable=True)
    rejected_hours: HoursSum = pa.Field(nullable=True)
    held_rows: pl.Int32 = pa.Field(nullable=True)
    held_hours: HoursSum = pa.Field(nullable=True)
    listed_rejects: pl.Int32
    listed_hours: HoursSum
    listed_helds: pl.Int32


class Origin(Frame):
    """
    The run of each document, of the month or of one of its runs: one row per number.

    ``run_period`` and ``status`` are null where there is no such run.
    """

    number: str
    period: pl.Date
    run_id: pl.Int64
    run_period: pl.Date = pa.Field(nullable=True)
    status: str = pa.Field(nullable=True)


class DeliveryState(Frame):
    """The deliveries of the month's documents: one row each."""

    number: str
    delivery_id: pl.Int64
    status: str


class DeliveryStep(Frame):
    """Their histories: one row per step."""

    delivery_id: pl.Int64
    event_id: pl.Int64
    from_status: str
    to_status: str


class Transition(Frame):
    """The steps that the database lets a delivery take: one row each."""

    from_status: str
    to_status: str


class Orphan(Frame):
    """Rows whose parent is gone: one row per table and parent."""

    child: str
    parent: str
    key: str
    rows: pl.Int64


class Repeat(Frame):
    """Keys that several rows have: one row per table and key."""

    relation: str
    key: str
    rows: pl.Int64


class Guard(Frame):
    """
    What the database holds its own rules by: one row per trigger, constraint, function and so on.

    ``definition`` is a fingerprint; ``state`` says whether it is switched on.
    """

    number: str
    state: str
    definition: str


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
        chains: `ChainLink`.
        numbers: `IssuedNumber`.
        series: `Series`.
        runs: `Run`.
        origins: `Origin`.
        deliveries: `DeliveryState`.
        steps: `DeliveryStep`.
        transitions: `Transition`.
        orphans: `Orphan`, of the whole ledger.
        repeats: `Repeat`, of the whole ledger.
    """

    issued: Issued
    credited: Issued
    chains: pl.DataFrame
    numbers: pl.DataFrame
    series: pl.DataFrame
    runs: pl.DataFrame
    origins: pl.DataFrame
    deliveries: pl.DataFrame
    steps: pl.DataFrame
    transitions: pl.DataFrame
    orphans: pl.DataFrame
    repeats: pl.DataFrame
