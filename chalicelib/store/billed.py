"""What a month has been billed, for the preview of the next."""

from __future__ import annotations

import polars as pl
from sqlalchemy import Connection, text

from chalicelib.billing.period import Period
from chalicelib.billing.preview import LastMonth
from chalicelib.billing.schemas import Frame, dtypes

PEOPLE = "SELECT id, code, full_name FROM employee"

# Credit notes have negative hours and totals: an invoice and its credit note are nothing.
BILLED = """
    SELECT employee_id, currency, sum(hours), sum(total)
    FROM (
        SELECT employee_id, currency, total,
               (SELECT sum(hours) FROM invoice_line WHERE invoice_id = invoice.id) AS hours
        FROM invoice WHERE period = :start
    ) AS issued
    GROUP BY employee_id, currency
    HAVING sum(hours) <> 0 OR sum(total) <> 0
    ORDER BY employee_id, currency
"""


def billed_in(connection: Connection, period: Period) -> pl.DataFrame:
    """`LastMonth`, of what is booked in *period*."""
    return read(connection, BILLED, LastMonth, start=period.start)


def read(connection: Connection, query: str, model: type[Frame], **values: object) -> pl.DataFrame:
    rows = connection.execute(text(query), values).fetchall()
    connection.rollback()
    return pl.DataFrame(rows, schema=dtypes(model), orient="row")
