"""
What the export holds: one model per dataset, columns in the order of the files.

The contract with analysts.  Types, keys, units and meanings are stated here and nowhere else; the
files, ``exports/_schema.json`` and docs/export.md follow from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import pandera.polars as pa
import polars as pl

from chalicelib.billing.schemas import Frame, Hours, HoursSum, Money, TaxRate, UnitRate

LineHours = Annotated[pl.Decimal, 9, 2]
Moment = Annotated[pl.Datetime, "us", "UTC"]

HOURS = "hours"
CURRENCY = "units of `currency`"
HOURLY = "units of `currency` per hour"
FRACTION = "fraction (0.2 is 20 %)"
UTC = "UTC"
SIGN = "negative on credit notes"


def _column(meaning: str, unit: str = "", *, nullable: bool = False) -> Any:  # noqa: ANN401 -- as Pandera
    return pa.Field(description=meaning, metadata={"unit": unit}, nullable=nullable)


class ExportedInvoice(Frame):
    """One row per invoice or credit note of the period, by number."""

    number: str = _column("Its number, unique: series and place in it")
    kind: str = _column("`invoice` or `credit_note`")
    credits_number: str = _column("The invoice that a credit note takes back", nullable=True)
    employee: str = _column("Code of the contractor, who is the supplier")
    supplier_name: str = _column("The contractor's name as printed")
    department: str = _column("Code of the department as printed")
    currency: str = _column("ISO 4217; amounts of two currencies never add up")
    subtotal: Money = _column(f"Before tax; {SIGN}", CURRENCY)
    tax_rate: TaxRate = _column("Of the whole invoice", FRACTION)
    tax: Money = _column(f"`subtotal` times `tax_rate`, rounded once; {SIGN}", CURRENCY)
    total: Money = _column(f"`subtotal` + `tax`; {SIGN}", CURRENCY)
    issued_on: pl.Date = _column("Issue date, in the billing time zone")
    due_on: pl.Date = _column("Last day to pay")
    run_id: pl.Int64 = _column("The run that issued it: `runs.run_id`")
    content_sha256: str = _column("Fingerprint of everything printed")
    tax_category: str = _column("Why the tax rate is what it is: `S`, `Z`, `E`, `AE` or `O`")
    supplier_country: str = _column("The contractor's country, ISO 3166-1")
    locale: str = _column("Language it is written in, such as `uk-UA`")


class ExportedLine(Frame):
    """One row per line of an invoice or credit note: a project, a kind and a rate."""

    number: str = _column("Of its invoice: `invoices.number`")
    position: pl.Int32 = _column("Its place on the invoice, from 1")
    employee: str = _column("Code of the contractor")
    department: str = _column("Code of the department as printed")
    project: str = _column("Code of the project")
    project_name: str = _column("The project's name as printed")
    kind: str = _column("`regular` or `overtime`")
    hours: LineHours = _column(f"Sum of its workdays; {SIGN}", HOURS)
    unit_rate: UnitRate = _column("What an hour costs; for overtime multiplied already", HOURLY)
    amount: Money = _column(
        f"`hours` times `unit_rate`, rounded once, before tax; {SIGN}", CURRENCY
    )
    currency: str = _column("ISO 4217, of the invoice")


class ExportedWorkday(Frame):
    """One row per workday behind a line, as it was billed or credited."""

    number: str = _column("Of its invoice: `invoices.number`")
    position: pl.Int32 = _column("Of its line: `lines.position`")
    employee: str = _column("Code of the contractor")
    work_date: pl.Date = _column("The day worked; may be of an earlier month, billed late")
    project: str = _column("Code of the project that day")
    kind: str = _column("`regular` or `overtime`")
    hours: Hours = _column(f"As billed; {SIGN}", HOURS)
    unit_rate: UnitRate = _column("Of its line", HOURLY)
    turn: pl.Int32 = _column("1 bills the workday, 2 credits that, 3 bills it again")
    workday_id: pl.Int64 = _column("The workday's id where it is recorded")


class ExportedReject(Frame):
    """One row per workday that the newest completed run of the period rejected."""

    employee: str = _column("Code of the contractor")
    work_date: pl.Date = _column("The day recorded")
    project: str = _column("Code of the project")
    kind: str = _column("As recorded, whether it is known or not")
    hours: Hours = _column("As recorded; may be negative or too many", HOURS)
    rule: str = _column("The rule broken: `hours`, `kind` or `day_over_24`")
    value: str = _column("What broke it")
    workday_id: pl.Int64 = _column("The workday's id where it is recorded")
    run_id: pl.Int64 = _column("The run that rejected it: `runs.run_id`")


class ExportedHeld(Frame):
    """One row per contractor whom the newest completed run of the period did not bill."""

    employee: str = _column("Code of the contractor")
    reason: str = _column("`no_agreement`, `no_rate` or `unprintable`")
    detail: str = _column("The day without a rate, or the letters that cannot be printed")
    run_id: pl.Int64 = _column("The run that held them: `runs.run_id`")


class ExportedRun(Frame):
    """One row per completed run of the period, shards and corrections included."""

    run_id: pl.Int64 = _column("Its id; the newest is the highest")
    kind: str = _column("`month`, `shard` of one, or `correction` of one invoice")
    corrects_number: str = _column("The invoice that a correction corrects", nullable=True)
    extracted_rows: pl.Int32 = _column("Unbilled workdays that it found", "workdays")
    extracted_hours: HoursSum = _column("Their hours", HOURS)
    billed_rows: pl.Int32 = _column("Workdays that it billed", "workdays")
    billed_hours: HoursSum = _column("Their hours", HOURS)
    rejected_rows: pl.Int32 = _column("Workdays that it rejected", "workdays")
    rejected_hours: HoursSum = _column("Their hours", HOURS)
    held_rows: pl.Int32 = _column("Good workdays of held contractors", "workdays")
    held_hours: HoursSum = _column("Their hours", HOURS)


class ExportedDelivery(Frame):
    """One row per delivery of an invoice of the period, as it stood at the export."""

    delivery_id: pl.Int64 = _column("Its id; an invoice's newest is the highest")
    number: str = _column("Of its invoice: `invoices.number`")
    employee: str = _column("Code of the contractor")
    recipient: str = _column("The address; none where the contractor has none", nullable=True)
    status: str = _column(
        "`queued`, `sending`, `sent`, `delivered`, `bounced`, `complained`, `failed` or `unknown`"
    )
    attempts: pl.Int32 = _column("How often sending it was begun", "times")
    message_id: str = _column("SES's id of the mail", nullable=True)
    error: str = _column("Why it did not arrive", nullable=True)
    queued_at: Moment = _column("When it was queued; the first one with the issue", UTC)
    sent_at: Moment = _column("When SES took it", UTC, nullable=True)
    reported_at: Moment = _column("When what SES reports last happened", UTC, nullable=True)


@dataclass(frozen=True, slots=True)
class Dataset:
    """
    One dataset.

    Attributes:
        model: Its columns; the first line of its docstring says what a row is.
        sorted_by: Columns that its rows are sorted by, and no two of them share.
    """

    model: type[Frame]
    sorted_by: tuple[str, ...]


DATASETS = {
    "invoices": Dataset(ExportedInvoice, ("number",)),
    "lines": Dataset(ExportedLine, ("number", "position")),
    "workdays": Dataset(ExportedWorkday, ("number", "position", "work_date")),
    "rejects": Dataset(ExportedReject, ("employee", "work_date", "project", "kind")),
    "helds": Dataset(ExportedHeld, ("employee",)),
    "runs": Dataset(ExportedRun, ("run_id",)),
    "deliveries": Dataset(ExportedDelivery, ("delivery_id",)),
}


def contract() -> dict[str, Any]:
    """
    The contract as plain values, for JSON and for the documentation.

    Returns:
        ``datasets``: by name, their ``rows``, ``sorted_by`` and ``columns``, each of which has a
        ``name``, a ``type`` as SQL writes it, ``nullable``, a ``unit`` (empty where it has none)
        and a ``meaning``.
    """
    return {
        "layout": "exports/{dataset}/period=YYYY-MM/part-0.parquet",
        "datasets": {name: _described(dataset) for name, dataset in DATASETS.items()},
    }


def _described(dataset: Dataset) -> dict[str, Any]:
    return {
        "rows": (dataset.model.__doc__ or "").strip(),
        "sorted_by": list(dataset.sorted_by),
        "columns": [
            {
                "name": name,
                "type": sql_type(column.dtype.type),
                "nullable": column.nullable,
                "unit": (column.metadata or {})["unit"],
                "meaning": column.description,
            }
            for name, column in dataset.model.to_schema().columns.items()
        ],
    }


def sql_type(dtype: pl.DataType) -> str:
    """What SQL calls a column of *dtype*."""
    if isinstance(dtype, pl.Decimal):
        return f"DECIMAL({dtype.precision},{dtype.scale})"
    return SQL_TYPES[dtype.base_type()]


SQL_TYPES: dict[type[pl.DataType], str] = {
    pl.String: "VARCHAR",
    pl.Date: "DATE",
    pl.Int32: "INTEGER",
    pl.Int64: "BIGINT",
    pl.Datetime: "TIMESTAMP WITH TIME ZONE",
}
