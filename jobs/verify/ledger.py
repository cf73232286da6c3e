"""What is read from the ledger to verify it: documents, numbers and runs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl
from sqlalchemy import Connection, select

from chalicelib.billing import issued as frames
from chalicelib.billing.issued import Issued, Ledger
from chalicelib.billing.period import Period
from chalicelib.billing.records import DayRecord, InvoiceRecord, LineRecord
from chalicelib.billing.schemas import Frame, dtypes
from chalicelib.store import queries
from chalicelib.store.extraction import copy_frame
from chalicelib.store.records import record
from chalicelib.store.tables import invoice, invoice_line

OF_PERIOD = "(SELECT id FROM invoice WHERE period = {start})"
CREDITED = "(SELECT credits_invoice_id FROM invoice WHERE period = {start})"

ISSUED_DOCUMENTS = """
    SELECT number, kind,
           (SELECT original.number FROM invoice AS original
            WHERE original.id = invoice.credits_invoice_id) AS credits_number,
           series, employee.code AS employee, run_id, invoice.currency, subtotal,
           invoice.tax_rate, tax, total, rounding_policy
    FROM invoice JOIN employee ON employee.id = employee_id
    WHERE invoice.id IN """

ISSUED_LINES = """
    SELECT number, position, project_code, project_name, invoice_line.kind, hours, unit_rate, amount
    FROM invoice_line JOIN invoice ON invoice.id = invoice_id
    WHERE invoice_id IN """

# Lineage has no foreign keys to employees and projects: a deleted one is named by its id.
ISSUED_WORKDAYS = """
    SELECT number, position, coalesce(employee.code, day.employee_id::text) AS employee, work_date,
           coalesce(project.code, day.project_id::text) AS project, day.kind, turn, workday_id,
           hours, unit_rate
    FROM invoice_workday AS day
    JOIN invoice ON invoice.id = invoice_id
    LEFT JOIN employee ON employee.id = day.employee_id
    LEFT JOIN project ON project.id = day.project_id
    WHERE invoice_id IN """

IN_ORDER = {
    ISSUED_DOCUMENTS: ' ORDER BY number COLLATE "C"',
    ISSUED_LINES: ' ORDER BY number COLLATE "C", position',
    ISSUED_WORKDAYS: ' ORDER BY number COLLATE "C", position, work_date',
}

NUMBERS = "SELECT number, series, sequence FROM invoice"

SERIES = "SELECT series, last_sequence FROM invoice_series"

COMPLETED_RUNS = """
    SELECT id AS run_id, billed_rows, billed_hours FROM run_status
    WHERE period = {start} AND completed ORDER BY id
"""


def read_ledger(connection: Connection, period: Period) -> Ledger:
    def copy(query: str, model: type[Frame]) -> pl.DataFrame:
        return copy_frame(connection, query, dtypes(model), {"start": period.start})

    def issued(chosen: str) -> Issued:
        wanted = (
            (ISSUED_DOCUMENTS, frames.IssuedDocument),
            (ISSUED_LINES, frames.IssuedLine),
            (ISSUED_WORKDAYS, frames.IssuedWorkday),
        )
        return Issued(*(copy(query + chosen + IN_ORDER[query], model) for query, model in wanted))

    return Ledger(
        issued=issued(OF_PERIOD),
        credited=issued(CREDITED),
        numbers=copy(NUMBERS, frames.IssuedNumber),
        series=copy(SERIES, frames.Series),
        runs=copy(COMPLETED_RUNS, frames.CompletedRun),
    )


@dataclass(frozen=True, slots=True)
class Document:
    """
    One invoice or credit note as it is printed.

    Attributes:
        lines: By position.
        days: By date and position.
    """

    header: InvoiceRecord
    lines: Sequence[LineRecord]
    days: Sequence[DayRecord]

    @property
    def number(self) -> str:
        return self.header.number


def read_documents(connection: Connection, period: Period) -> list[Document]:
    of_period = invoice.c.period == period.start
    headers = connection.execute(
        queries.invoices().where(of_period).order_by(invoice.c.number.collate("C"))
    )
    lines: dict[int, list[LineRecord]] = defaultdict(list)
    days: dict[int, list[DayRecord]] = defaultdict(list)
    for line in connection.execute(
        select(invoice_line).join(invoice).where(of_period).order_by(invoice_line.c.position)
    ).mappings():
        lines[line["invoice_id"]].append(record(LineRecord, line))
    for day in connection.execute(queries.days_of(of_period)).mappings():
        days[day["invoice_id"]].append(record(DayRecord, day))
    return [
        Document(header, lines[header.id], days[header.id])
        for header in (record(InvoiceRecord, row) for row in headers.mappings())
    ]
