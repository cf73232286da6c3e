"""
Extraction: one period's unbilled workdays and their master data, out of one snapshot.

``COPY … TO STDOUT`` into Polars' CSV reader is the fastest way out of Postgres and needs no
other library.  Every column gets its exact type from the schema of its frame, never a guess.
"""

from __future__ import annotations

from datetime import date
from io import BytesIO
from typing import Any

import polars as pl
from psycopg import sql
from sqlalchemy import Connection, text

from chalicelib.billing.month import Extract
from chalicelib.billing.schemas import (
    BilledDay,
    Employee,
    Frame,
    Project,
    Rate,
    Workday,
    dtypes,
)
from chalicelib.billing.sharding import Shard

from .connection import driver
from .unbilled import unbilled

# Of the employees of one shard.
OF_SHARD = " AND employee_id % {shards} = {shard} - 1"

# psycopg fills in the braces, as quoted literals.
WORKDAYS = """
    SELECT workday.id AS workday_id, employee_id, work_date, project_id, kind, hours,
           coalesce(chain.turn, 0) + 1 AS turn
"""
IN_PERIOD = "work_date >= {start} AND work_date < {end}"

# Of a credit note's workdays: those it freed, found by key or by id.  One that moved to another
# employee is for the next run.
FREED = """
      AND employee_id = (SELECT employee_id FROM invoice WHERE id = {credit_note})
      AND (
          workday.id IN (SELECT workday_id FROM invoice_workday WHERE invoice_id = {credit_note})
          OR (employee_id, work_date, project_id, kind) IN (
              SELECT employee_id, work_date, project_id, kind
              FROM invoice_workday WHERE invoice_id = {credit_note}
          )
      )
"""

# Days that have unbilled rows may have billed ones too; they count into the day's 24 hours.
# Credits are negative.
BILLED_DAYS = """
    SELECT employee_id, work_date, sum(hours) AS billed_hours FROM invoice_workday
    WHERE work_date >= {start} AND work_date < {end}
"""
BY_DAY = " GROUP BY employee_id, work_date HAVING sum(hours) > 0"

WORKING = "SELECT employee_id FROM workday WHERE work_date >= {start} AND work_date < {end}"

EMPLOYEES = """
    SELECT employee.id AS employee_id, employee.code, full_name, email,
           department.code AS department_code, currency, tax_rate,
           coalesce(tax_category, CASE WHEN tax_rate > 0 THEN 'S' ELSE 'O' END) AS tax_category,
           tax_id, address, country, iban, self_billing_agreed_on, locale
    FROM employee JOIN department ON department.id = department_id
    WHERE employee.id IN """

PROJECTS = "SELECT id AS project_id, code AS project_code, name AS project_name FROM project"

RATES = (
    "SELECT employee_id, valid_from, hourly_rate, overtime_multiplier FROM rate"
    " WHERE valid_from < {end} AND employee_id IN "
)


class OtherColumns(Exception):
    """A query and the schema of its frame were written for different columns: a defect."""

    def __init__(self, expected: list[str], found: list[str]) -> None:
        self.expected = expected
        self.found = found
        super().__init__(f"the query gives {', '.join(found)}; its frame has {', '.join(expected)}")


def extract(connection: Connection, start: date, end: date, shard: Shard | None = None) -> Extract:
    """
    Read the unbilled workdays from *start* to before *end* and what billing them needs.

    With a *shard*, only those of its employees.

    Call it while holding `connection.period_lock`, outside a transaction: it opens its own, read
    only, whose snapshot all the statements share.
    """
    connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
    try:
        values: dict[str, Any] = {"start": start, "end": end}
        if shard is None:
            return _read(connection, values)
        values |= {"shard": shard.index, "shards": shard.count}
        return _read(connection, values, only=OF_SHARD)
    finally:
        connection.rollback()


def extract_freed(connection: Connection, start: date, end: date, credit_note: int) -> Extract:
    """
    Read, of the workdays from *start* to before *end*, those that a credit note has freed.

    Call it inside the transaction that wrote the credit note with the id *credit_note*.
    """
    values = {"start": start, "end": end, "credit_note": credit_note}
    return _read(connection, values, freed=FREED)


def _read(
    connection: Connection, values: dict[str, Any], *, only: str = "", freed: str = ""
) -> Extract:
    """Read what billing needs, *only* of some employees, or *freed* by a credit note."""
    working = f"({WORKING}{only})"

    def copy(query: str, model: type[Frame]) -> pl.DataFrame:
        return copy_frame(connection, query, dtypes(model), values)

    return Extract(
        workdays=copy(workdays_query(only, freed), Workday),
        billed_days=copy(BILLED_DAYS + only + BY_DAY, BilledDay),
        employees=_composed(copy(EMPLOYEES + working, Employee)),
        projects=_composed(copy(PROJECTS, Project)),
        rates=copy(RATES + working, Rate),
    )


def workdays_query(only: str = "", freed: str = "") -> str:
    """The SELECT of `Workday` from ``{start}`` to before ``{end}``; the rest as in `extract`."""
    return WORKDAYS + unbilled(IN_PERIOD + only) + freed


def copy_frame(
    connection: Connection, query: str, schema: dict[str, Any], values: dict[str, Any]
) -> pl.DataFrame:
    """
    Run *query* as a COPY and read the rows with exactly the types of *schema*.

    Call it in a transaction.

    Args:
        connection: A connection to Postgres.
        query: A SELECT with ``{name}`` for each of *values*.
        schema: Column names, as the query gives them and in its order, and their Polars types.
        values: What the names stand for; they are quoted as SQL literals.

    Raises:
        OtherColumns: If the query gives other columns, or the same in another order.
    """
    literals = {name: sql.Literal(value) for name, value in values.items()}
    statement = sql.SQL("COPY ({}) TO STDOUT (FORMAT csv, HEADER)").format(
        sql.SQL(query).format(**literals)
    )
    rows = BytesIO()
    with driver(connection).cursor() as cursor, cursor.copy(statement) as copy:
        for block in copy:
            rows.write(block)
    rows.seek(0)
    found = rows.readline().decode().rstrip("\n").split(",")
    if found != list(schema):
        raise OtherColumns(list(schema), found)
    if rows.tell() == rows.getbuffer().nbytes:
        return pl.DataFrame(schema=schema)
    # From its heading on: of the first row, Polars would take U+FEFF for a byte order mark.
    rows.seek(0)
    return pl.read_csv(rows, has_header=True, schema=schema)


def _composed(frame: pl.DataFrame) -> pl.DataFrame:
    """Texts in NFC, the only form the fonts can print (Ї is one letter, not two)."""
    return frame.with_columns(pl.col(pl.String).str.normalize("NFC"))
