"""
The contents of the export: one model per dataset, columns in the order of the files.

This is the contract with analysts. Types, keys, units and meanings are stated only here; the files,
``exports/_schema.json`` and docs/export.md follow from it.
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
FRACTION = "fraction (0.2 is 20%)"
UTC = "UTC"
ACTOR = "Database login that did it; null from before that was recorded"
CLAIMED = "Whom that login said it acted for; anybody can claim anything"
SIGN = "negative on credit notes"


def _column(meaning: str, unit: str = "", *, nullable: bool = False) -> Any:  # noqa: ANN401 -- as Pandera
    return pa.Field(description=meaning, metadata={"unit": unit}, nullable=nullable)


class ExportedInvoice(Frame):
    """One row per invoice or credit note of the period."""

    number: str = _column("Invoice number, unique: the series and the position in it")
    kind: str = _column("`invoice` or `credit_note`")
    credits_number: str = _column("Number of the invoice that a credit note cancels", nullable=True)
    employee: str = _column("Code of the contractor, who is the supplier")
    supplier_name: str = _column("Name of the contractor as printed")
    department: str = _column("Code of the department as printed")
    currency: str = _column("ISO 4217 code; never add amounts in different currencies")
    subtotal: Money = _column(f"Total before tax; {SIGN}", CURRENCY)
    tax_rate: TaxRate = _column("Tax rate of the whole invoice", FRACTION)
    tax: Money = _column(f"`subtotal` times `tax_rate`, rounded once; {SIGN}", CURRENCY)
    total: Money = _column(f"`subtotal` + `tax`; {SIGN}", CURRENCY)
    issued_on: pl.Date = _column("Issue date, in the billing time zone")
    due_on: pl.Date = _column("Due date")
    run_id: pl.Int64 = _column("The run that issued it: `runs.run_id`")
    content_sha256: str = _column("SHA-256 of everything printed")
    tax_category: str = _column("VAT category (EN 16931): `S`, `Z`, `E`, `AE` or `O`")
    supplier_country: str = _column("Country of the contractor, ISO 3166-1 alpha-2 code")
    locale: str = _column("Language and country it is written for, such as `uk-UA`")


class ExportedLine(Frame):
    """One row per line of an invoice or credit note: one project, kind and rate."""

    number: str = _column("Number of its invoice: `invoices.number`")
    position: pl.Int32 = _column("Position on the invoice, from 1")
    employee: str = _column("Code of the contractor")
    department: str = _column("Code of the department as printed")
    project: str = _column("Code of the project")
    project_name: str = _column("Name of the project as printed")
    kind: str = _column("`regular` or `overtime`")
    hours: LineHours = _column(f"Total hours of its workdays; {SIGN}", HOURS)
    unit_rate: UnitRate = _column(
        "Rate per hour; for overtime, with the multiplier applied", HOURLY
    )
    amount: Money = _column(
        f"`hours` times `unit_rate`, rounded once, before tax; {SIGN}", CURRENCY
    )
    currency: str = _column("Currency of the invoice, ISO 4217 code")


class ExportedWorkday(Frame):
    """One row per workday behind a line, as it was billed or credited."""

    number: str = _column("Number of its invoice: `invoices.number`")
    position: pl.Int32 = _column("Position of its line: `lines.position`")
    employee: str = _column("Code of the contractor")
    work_date: pl.Date = _column("Day worked; in an earlier month if billed late")
    project: str = _column("Code of the project on that day")
    kind: str = _column("`regular` or `overtime`")
    hours: Hours = _column(f"Hours as billed; {SIGN}", HOURS)
    unit_rate: UnitRate = _column("Rate per hour of its line", HOURLY)
    turn: pl.Int32 = _column("1: billed; 2: credited; 3: billed again; and so on")
    workday_id: pl.Int64 = _column("Id of the workday in the `workday` table")


class ExportedReject(Frame):
    """One row per workday that the newest completed run of the period rejected."""

    employee: str = _column("Code of the contractor")
    work_date: pl.Date = _column("Day as recorded")
    project: str = _column("Code of the project")
    kind: str = _column("Kind as recorded, even if unknown")
    hours: Hours = _column("Hours as recorded; may be negative or too many", HOURS)
    rule: str = _column("Rule that it broke: `hours`, `kind` or `day_over_24`")
    value: str = _column("Value that broke the rule")
    workday_id: pl.Int64 = _column("Id of the workday in the `workday` table")
    run_id: pl.Int64 = _column("The run that rejected it: `runs.run_id`")


class ExportedHeld(Frame):
    """One row per contractor held by the newest completed run of the period."""

    employee: str = _column("Code of the contractor")
    reason: str = _column("Reason: `no_agreement`, `no_rate` or `unprintable`")
    detail: str = _column(
        "Details, such as the day without a rate or the letters that cannot be printed"
    )
    run_id: pl.Int64 = _column("The run that held the contractor: `runs.run_id`")


class ExportedRun(Frame):
    """One row per completed run of the period, shards and corrections included."""

    run_id: pl.Int64 = _column("Id of the run; the newest has the highest")
    kind: str = _column(
        "`month` for a monthly run, `shard` for a part of one, or `correction` of one invoice"
    )
    corrects_number: str = _column(
        "Number of the invoice that a correction corrects", nullable=True
    )
    extracted_rows: pl.Int32 = _column("Unbilled workdays extracted", "workdays")
    extracted_hours: HoursSum = _column("Hours of those workdays", HOURS)
    billed_rows: pl.Int32 = _column("Workdays billed", "workdays")
    billed_hours: HoursSum = _column("Hours of those workdays", HOURS)
    rejected_rows: pl.Int32 = _column("Workdays rejected", "workdays")
    rejected_hours: HoursSum = _column("Hours of those workdays", HOURS)
    held_rows: pl.Int32 = _column("Valid workdays of held contractors", "workdays")
    held_hours: HoursSum = _column("Hours of those workdays", HOURS)
    actor: str = _column(ACTOR, nullable=True)
    claimed: str = _column(CLAIMED, nullable=True)


class ExportedDelivery(Frame):
    """One row per delivery of a document of the period, as of the export."""

    delivery_id: pl.Int64 = _column("Id of the delivery; an invoice's newest has the highest")
    number: str = _column("Number of its invoice: `invoices.number`")
    employee: str = _column("Code of the contractor")
    recipient: str = _column("Email address; null if the contractor had none", nullable=True)
    status: str = _column(
        "`queued`, `sending`, `sent`, `delivered`, `bounced`, `complained`, `failed` or `unknown`"
    )
    attempts: pl.Int32 = _column("Number of attempts to send it", "attempts")
    message_id: str = _column("SES message id of the email", nullable=True)
    error: str = _column("Reason why it did not arrive", nullable=True)
    queued_at: Moment = _column(
        "When it was queued; the first delivery is queued at the issue", UTC
    )
    sent_at: Moment = _column("When SES accepted it", UTC, nullable=True)
    reported_at: Moment = _column(
        "When the event happened that SES reported last", UTC, nullable=True
    )
    actor: str = _column(ACTOR, nullable=True)
    claimed: str = _column(CLAIMED, nullable=True)


@dataclass(frozen=True, slots=True)
class Dataset:
    """
    One dataset.

    Attributes:
        model: Its columns; the first line of its docstring says what a row is.
        sorted_by: Columns that its rows are sorted by, and that are unique together.
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
    """The SQL name of *dtype*."""
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
