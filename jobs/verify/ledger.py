"""
What is read from the ledger to verify it.

Plain rows, by outer joins: a row whose invoice, employee or run is gone is read all the same, and
no view and no constraint is trusted to have kept anything out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from sqlalchemy import Connection, select, text

from chalicelib.billing import issued as frames
from chalicelib.billing.issued import Issued, Ledger
from chalicelib.billing.period import Period
from chalicelib.billing.records import DayRecord, InvoiceRecord, LineRecord
from chalicelib.billing.schemas import Frame, columns, dtypes
from chalicelib.export.queries import MOMENT_FORMAT
from chalicelib.store import queries
from chalicelib.store.extraction import copy_frame
from chalicelib.store.records import record
from chalicelib.store.tables import invoice, invoice_line

from .references import orphans, repeats

# Enough to hash the ids of half a million documents; with less, PostgreSQL compares each with each.
WORK_MEMORY = "SET LOCAL work_mem = '64MB'"

OF_PERIOD = "(SELECT id FROM invoice WHERE period = {start})"
CREDITED = "(SELECT credits_invoice_id FROM invoice WHERE period = {start})"


def numbered(table: str, key: str) -> str:
    """The number of an outer-joined *table*; with the id where it is missing or given twice."""
    return f"""
        CASE WHEN {table}.number = ANY({{twice}})
             THEN {table}.number || ' (invoice ' || {table}.id || ')'
             ELSE coalesce({table}.number, 'invoice ' || {key}) END"""


TWICE = "SELECT number FROM invoice GROUP BY number HAVING count(*) > 1 ORDER BY 1"

EMPLOYEE = "coalesce(employee.code, 'employee ' || invoice.employee_id)"

CREDITS_NUMBER = f"""
    CASE WHEN invoice.credits_invoice_id IS NOT NULL
         THEN {numbered("original", "invoice.credits_invoice_id")} END"""

ISSUED_DOCUMENTS = f"""
    SELECT {numbered("invoice", "invoice.id")} AS number, invoice.kind,
           {CREDITS_NUMBER} AS credits_number, invoice.series, {EMPLOYEE} AS employee,
           invoice.run_id, invoice.currency, invoice.subtotal, invoice.tax_rate, invoice.tax,
           invoice.total, invoice.rounding_policy
    FROM invoice
    LEFT JOIN employee ON employee.id = invoice.employee_id
    LEFT JOIN invoice AS original ON original.id = invoice.credits_invoice_id
    WHERE invoice.id IN """

ISSUED_LINES = f"""
    SELECT {numbered("invoice", "invoice_id")} AS number, position, project_code, project_name,
           invoice_line.kind, hours, unit_rate, amount
    FROM invoice_line JOIN invoice ON invoice.id = invoice_id
    WHERE invoice_id IN """

# What may bill a workday of the month again: a row of the same employee and day, or of the same id.
# Those of the month's own days are here anyway; the rest of the ledger is looked through.
HERE = f"((work_date >= {{start}} AND work_date < {{end}}) OR invoice_id IN {OF_PERIOD})"
OF_DAYS = f"""
    WITH late AS MATERIALIZED (
        SELECT DISTINCT employee_id, work_date FROM invoice_workday
        WHERE invoice_id IN {OF_PERIOD} AND NOT (work_date >= {{start}} AND work_date < {{end}})
    ), chosen AS (
        SELECT * FROM invoice_workday WHERE {HERE}
        UNION ALL
        SELECT day.* FROM invoice_workday AS day JOIN late USING (employee_id, work_date)
        WHERE NOT {HERE}
        UNION ALL
        SELECT day.* FROM invoice_workday AS day
        WHERE NOT {HERE}
          AND workday_id IN (SELECT workday_id FROM invoice_workday WHERE {HERE})
          AND NOT EXISTS (
              SELECT FROM late
              WHERE late.employee_id = day.employee_id AND late.work_date = day.work_date
          )
    )
"""
OF_CREDITED = f"""
    WITH chosen AS (SELECT * FROM invoice_workday WHERE invoice_id IN {CREDITED})
"""
LINKS = f"""
    SELECT {numbered("invoice", "day.invoice_id")} AS number, position,
           coalesce(employee.code, 'employee ' || day.employee_id) AS employee, work_date,
           coalesce(project.code, 'project ' || day.project_id) AS project, day.kind, turn,
           workday_id, hours, unit_rate, invoice.period, invoice.kind AS document_kind,
           CASE WHEN day.credits_invoice_id IS NOT NULL
                THEN {numbered("original", "day.credits_invoice_id")} END AS credits_number
    FROM chosen AS day
    LEFT JOIN invoice ON invoice.id = day.invoice_id
    LEFT JOIN invoice AS original ON original.id = day.credits_invoice_id
    LEFT JOIN employee ON employee.id = day.employee_id
    LEFT JOIN project ON project.id = day.project_id
"""

NUMBERS = f"""
    SELECT invoice.number, invoice.series, invoice.sequence, {EMPLOYEE} AS employee,
           {CREDITS_NUMBER} AS credits_number, invoice.issued_on,
           to_char(invoice.issued_at AT TIME ZONE 'UTC', {{moment}}) AS issued_at
    FROM invoice
    LEFT JOIN employee ON employee.id = invoice.employee_id
    LEFT JOIN invoice AS original ON original.id = invoice.credits_invoice_id
"""

SERIES = "SELECT series, last_sequence FROM invoice_series"

RUNS = """
    SELECT id AS run_id, status, extracted_rows, extracted_hours, billed_rows, billed_hours,
           rejected_rows, rejected_hours, held_rows, held_hours,
           (SELECT count(*) FROM rejected_workday WHERE run_id = billing_run.id) AS listed_rejects,
           (SELECT coalesce(sum(hours), 0) FROM rejected_workday WHERE run_id = billing_run.id)
               AS listed_hours,
           (SELECT count(*) FROM held_employee WHERE run_id = billing_run.id) AS listed_helds
    FROM billing_run WHERE period = {start} ORDER BY id
"""

ORIGINS = f"""
    SELECT {numbered("invoice", "invoice.id")} AS number, invoice.period, invoice.run_id,
           billing_run.period AS run_period, billing_run.status
    FROM invoice LEFT JOIN billing_run ON billing_run.id = invoice.run_id
    WHERE invoice.period = {{start}} OR billing_run.period = {{start}} ORDER BY invoice.id
"""

DELIVERIES = f"""
    SELECT {numbered("invoice", "invoice_id")} AS number, delivery.id AS delivery_id, status
    FROM delivery JOIN invoice ON invoice.id = invoice_id
    WHERE invoice_id IN {OF_PERIOD} ORDER BY delivery.id
"""

STEPS = f"""
    SELECT delivery_id, id AS event_id, from_status, to_status FROM delivery_event
    WHERE delivery_id IN (SELECT id FROM delivery WHERE invoice_id IN {OF_PERIOD})
"""

TRANSITIONS = "SELECT from_status, to_status FROM delivery_transition"


def read_ledger(connection: Connection, period: Period) -> Ledger:
    """
    Everything of *period*, and of the whole ledger what can be read cheaply.

    Of other months: the numbers of every series, the lineage of the same days and workdays, and
    rows without a parent or with a key that is there twice.
    """
    connection.execute(text(WORK_MEMORY))
    values: dict[str, Any] = {
        "start": period.start,
        "end": period.end,
        "moment": MOMENT_FORMAT,
        "twice": list(connection.scalars(text(TWICE))),
    }

    def copy(query: str, model: type[Frame]) -> pl.DataFrame:
        return copy_frame(connection, query, dtypes(model), values)

    def issued(chosen: str, lineage: pl.DataFrame) -> Issued:
        return Issued(
            copy(ISSUED_DOCUMENTS + chosen, frames.IssuedDocument).sort("number"),
            copy(ISSUED_LINES + chosen, frames.IssuedLine).sort("number", "position"),
            lineage.sort("number", "position", "work_date").select(columns(frames.IssuedWorkday)),
        )

    chains = copy(OF_DAYS + LINKS, frames.ChainLink)
    return Ledger(
        issued=issued(OF_PERIOD, chains.filter(pl.col("period") == period.start)),
        credited=issued(CREDITED, copy(OF_CREDITED + LINKS, frames.ChainLink)),
        chains=chains,
        numbers=copy(NUMBERS, frames.IssuedNumber),
        series=copy(SERIES, frames.Series),
        runs=copy(RUNS, frames.Run),
        origins=copy(ORIGINS, frames.Origin),
        deliveries=copy(DELIVERIES, frames.DeliveryState),
        steps=copy(STEPS, frames.DeliveryStep),
        transitions=copy(TRANSITIONS, frames.Transition),
        orphans=copy(orphans(), frames.Orphan),
        repeats=copy(repeats(), frames.Repeat),
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
    # By id: a second PDF or credit note of an invoice, which is named elsewhere, repeats its row.
    by_id = {row["id"]: record(InvoiceRecord, row) for row in headers.mappings()}
    return [Document(header, lines[header.id], days[header.id]) for header in by_id.values()]
