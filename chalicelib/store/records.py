"""Rows of the ledger read as records: past this module, a column is an attribute with a type."""

from __future__ import annotations

from dataclasses import fields
from typing import TypeVar

from sqlalchemy import Connection, RowMapping

from chalicelib.billing.records import DayRecord, DeliveryRecord, InvoiceRecord, LineRecord

from . import deliveries, queries
from .tables import invoice

_Record = TypeVar("_Record", InvoiceRecord, LineRecord, DayRecord, DeliveryRecord)


def record(kind: type[_Record], row: RowMapping) -> _Record:
    """*row* as a record of *kind*; it may hold more columns than that."""
    return kind(**{field.name: row[field.name] for field in fields(kind)})


def invoice_by_id(connection: Connection, invoice_id: int) -> InvoiceRecord | None:
    rows = connection.execute(queries.invoice_by_id(invoice_id)).mappings()
    return next((record(InvoiceRecord, row) for row in rows), None)


def invoice_by_number(connection: Connection, number: str) -> InvoiceRecord | None:
    rows = connection.execute(queries.invoice_by_number(number)).mappings()
    return next((record(InvoiceRecord, row) for row in rows), None)


def lines_of(connection: Connection, invoice_id: int) -> list[LineRecord]:
    """By position."""
    rows = connection.execute(queries.lines_of(invoice_id)).mappings()
    return [record(LineRecord, row) for row in rows]


def days_of(connection: Connection, invoice_id: int) -> list[DayRecord]:
    """By date and position."""
    rows = connection.execute(queries.days_of(invoice.c.id == invoice_id)).mappings()
    return [record(DayRecord, row) for row in rows]


def delivery_to_send(connection: Connection, delivery_id: int) -> DeliveryRecord | None:
    """The delivery; None while its PDF is not stored."""
    rows = connection.execute(deliveries.to_send(delivery_id)).mappings()
    return next((record(DeliveryRecord, row) for row in rows), None)
