"""Crediting: the credit note that takes an invoice back, in the caller's transaction."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, insert, literal, select, text

from chalicelib.billing.content import SNAPSHOT, content_sha256
from chalicelib.billing.period import Period
from chalicelib.billing.records import InvoiceRecord, LineRecord

from . import records
from .numbering import number, take_sequences
from .tables import delivery, employee, invoice, invoice_line, invoice_workday

# What a credit note has of its invoice: what that states, and what it is filed under.
KEPT = ("series", "employee_id", "department_code", *SNAPSHOT)


def credit(
    connection: Connection,
    original: InvoiceRecord,
    *,
    run_id: int,
    period: Period,
    issued_at: datetime,
    issued_on: date,
) -> int:
    """
    Write the credit note of *original* and return its id.

    It copies the snapshot and the tax, negates every line, and frees exactly the workdays of
    *original*; its email goes to the employee's current address.

    Args:
        connection: In the transaction that issues what replaces *original*.
        original: The invoice to take back.
        run_id: The correction.
        period: Where the credit note is booked.
        issued_at: The moment of issue, aware.
        issued_on: Its date in the billing time zone.
    """
    sequence = take_sequences(connection, [original.series])[original.series]
    header = {
        **{name: getattr(original, name) for name in KEPT},
        "number": number(original.series, sequence),
        "kind": "credit_note",
        "period": period.start,
        "subtotal": -original.subtotal,
        "tax": -original.tax,
        "total": -original.total,
        "issued_on": issued_on,
        "due_on": issued_on,
    }
    negated = [_negated(line) for line in records.lines_of(connection, original.id)]
    fingerprint = content_sha256({**header, "credits_number": original.number}, negated)
    credit_id: int = connection.execute(
        insert(invoice)
        .values(
            **header,
            sequence=sequence,
            credits_invoice_id=original.id,
            run_id=run_id,
            issued_at=issued_at,
            content_sha256=fingerprint,
        )
        .returning(invoice.c.id)
    ).scalar_one()
    of_credit = [{**line, "invoice_id": credit_id} for line in negated]
    connection.execute(insert(invoice_line), of_credit)
    _free(connection, original.id, credit_id)
    _queue(connection, credit_id, original.employee_id, issued_at)
    return credit_id


def _negated(line: LineRecord) -> dict[str, Any]:
    return asdict(replace(line, hours=-line.hours, amount=-line.amount))


def _free(connection: Connection, original_id: int, credit_id: int) -> None:
    """The next, even turn of each workday of the credited invoice."""
    kept = ("employee_id", "work_date", "project_id", "kind", "position", "workday_id", "unit_rate")
    billed = select(
        *(invoice_workday.c[name] for name in kept),
        invoice_workday.c.turn + 1,
        -invoice_workday.c.hours,
        literal(credit_id),
        literal(original_id),
    ).where(invoice_workday.c.invoice_id == original_id)
    columns = [*kept, "turn", "hours", "invoice_id", "credits_invoice_id"]
    connection.execute(insert(invoice_workday).from_select(columns, billed))


def _queue(connection: Connection, credit_id: int, employee_id: int, moment: datetime) -> None:
    address = select(literal(credit_id), employee.c.email, text("'queued'"), literal(moment)).where(
        employee.c.id == employee_id
    )
    columns = ["invoice_id", "recipient", "status", "queued_at"]
    connection.execute(insert(delivery).from_select(columns, address))
