"""
The export: one Parquet file per dataset and period, for analysts.

``exports/{dataset}/period=YYYY-MM/part-0.parquet``; decimals and dates as such, sorted, rewritten
whole.  S3 replaces an object at once, so a reader never sees half.
"""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import Any

import polars as pl
from sqlalchemy import Connection

from chalicelib import objects
from chalicelib.billing.money import HOURS, MONEY, RATE, TAX_RATE
from chalicelib.billing.period import Period
from chalicelib.store.extraction import copy_frame

PARQUET = "application/vnd.apache.parquet"
MOMENT = pl.Datetime("us", "UTC")
LINE_HOURS = pl.Decimal(9, 2)


@dataclass(frozen=True, slots=True)
class Dataset:
    """One kind of export: its query, of ``{start}``, and its columns in that order."""

    query: str
    schema: dict[str, Any]


DATASETS = {
    "invoices": Dataset(
        """
        SELECT number, kind,
               (SELECT original.number FROM invoice AS original
                WHERE original.id = invoice.credits_invoice_id),
               employee.code, supplier_name, department_code, invoice.currency, subtotal,
               invoice.tax_rate, tax, total, issued_on, due_on, run_id, content_sha256
        FROM invoice
        JOIN employee ON employee.id = employee_id
        WHERE period = {start} ORDER BY number COLLATE "C"
        """,
        {
            "number": pl.String,
            "kind": pl.String,
            "credits_number": pl.String,
            "employee": pl.String,
            "supplier_name": pl.String,
            "department": pl.String,
            "currency": pl.String,
            "subtotal": MONEY,
            "tax_rate": TAX_RATE,
            "tax": MONEY,
            "total": MONEY,
            "issued_on": pl.Date,
            "due_on": pl.Date,
            "run_id": pl.Int64,
            "content_sha256": pl.String,
        },
    ),
    "lines": Dataset(
        """
        SELECT number, position, employee.code, department_code, project_code, project_name,
               invoice_line.kind, hours, unit_rate, amount, invoice.currency
        FROM invoice_line
        JOIN invoice ON invoice.id = invoice_id
        JOIN employee ON employee.id = employee_id
        WHERE invoice.period = {start} ORDER BY number COLLATE "C", position
        """,
        {
            "number": pl.String,
            "position": pl.Int32,
            "employee": pl.String,
            "department": pl.String,
            "project": pl.String,
            "project_name": pl.String,
            "kind": pl.String,
            "hours": LINE_HOURS,
            "unit_rate": RATE,
            "amount": MONEY,
            "currency": pl.String,
        },
    ),
    "workdays": Dataset(
        """
        SELECT number, position, employee.code, work_date, project.code, billed.kind, hours,
               unit_rate, turn, workday_id
        FROM invoice_workday AS billed
        JOIN invoice ON invoice.id = invoice_id
        JOIN employee ON employee.id = billed.employee_id
        JOIN project ON project.id = billed.project_id
        WHERE invoice.period = {start}
        ORDER BY number COLLATE "C", position, work_date
        """,
        {
            "number": pl.String,
            "position": pl.Int32,
            "employee": pl.String,
            "work_date": pl.Date,
            "project": pl.String,
            "kind": pl.String,
            "hours": HOURS,
            "unit_rate": RATE,
            "turn": pl.Int32,
            "workday_id": pl.Int64,
        },
    ),
    "rejects": Dataset(
        """
        SELECT employee.code, work_date, project.code, kind, hours, rule, value, workday_id, run_id
        FROM rejected_workday
        JOIN employee ON employee.id = employee_id
        JOIN project ON project.id = rejected_workday.project_id
        WHERE run_id = (
            SELECT max(id) FROM billing_run
            WHERE period = {start} AND corrects_invoice_id IS NULL
              AND status IN ('issued', 'empty')
        )
        ORDER BY employee.code COLLATE "C", work_date, project.code COLLATE "C", kind COLLATE "C"
        """,
        {
            "employee": pl.String,
            "work_date": pl.Date,
            "project": pl.String,
            "kind": pl.String,
            "hours": HOURS,
            "rule": pl.String,
            "value": pl.String,
            "workday_id": pl.Int64,
            "run_id": pl.Int64,
        },
    ),
    "deliveries": Dataset(
        """
        SELECT delivery.id, number, employee.code, recipient, status, attempts, message_id, error,
               to_char(queued_at AT TIME ZONE 'UTC', {moment}),
               to_char(sent_at AT TIME ZONE 'UTC', {moment})
        FROM delivery
        JOIN invoice ON invoice.id = invoice_id
        JOIN employee ON employee.id = employee_id
        WHERE invoice.period = {start} ORDER BY delivery.id
        """,
        {
            "delivery_id": pl.Int64,
            "number": pl.String,
            "employee": pl.String,
            "recipient": pl.String,
            "status": pl.String,
            "attempts": pl.Int32,
            "message_id": pl.String,
            "error": pl.String,
            "queued_at": MOMENT,
            "sent_at": MOMENT,
        },
    ),
}

# Polars reads this form as a moment in UTC whatever the session's zone and style.
MOMENT_FORMAT = 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'


def export_period(connection: Connection, bucket: str, period: Period) -> dict[str, int]:
    """
    Rewrite every dataset of *period* from the ledger.

    Call it while holding the period's lock, so that an older state never replaces a newer one.

    Returns:
        Rows written, by dataset.
    """
    written = {}
    with connection.begin():
        for name, dataset in DATASETS.items():
            frame = read_dataset(connection, dataset, period)
            objects.put(bucket, export_key(name, period), _parquet(frame), PARQUET)
            written[name] = frame.height
    return written


def read_dataset(connection: Connection, dataset: Dataset, period: Period) -> pl.DataFrame:
    """The rows of *dataset* in *period*, in its order and with its types."""
    values = {"start": period.start, "moment": MOMENT_FORMAT}
    return copy_frame(connection, dataset.query, dataset.schema, values)


def export_key(dataset: str, period: Period) -> str:
    """Where a dataset of *period* lies in the export bucket."""
    return f"exports/{dataset}/period={period}/part-0.parquet"


def _parquet(frame: pl.DataFrame) -> bytes:
    file = BytesIO()
    frame.write_parquet(file, compression="zstd")
    return file.getvalue()
