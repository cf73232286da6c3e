"""Issuing: a balanced draft becomes numbered invoices, in the caller's one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl
from psycopg import sql
from sqlalchemy import Connection, text

from chalicelib.billing.content import BUYER, HEADER, LINE, SUPPLIER, content_sha256
from chalicelib.billing.money import ROUNDING_POLICY
from chalicelib.billing.month import Extract, MonthDraft
from chalicelib.billing.payer import Payer
from chalicelib.billing.period import Period

from .connection import driver
from .numbering import number, take_sequences
from .runs import finish_run

LINE_COLUMNS = ["invoice_id", *LINE]


@dataclass(frozen=True, slots=True)
class Issue:
    """
    What all invoices of one run have in common.

    Attributes:
        issued_at: The moment of issue, aware.
        issued_on: Its date in the billing time zone, as printed.
    """

    run_id: int
    period: Period
    issued_at: datetime
    issued_on: date
    payer: Payer


def issue(connection: Connection, draft: MonthDraft, extract: Extract, common: Issue) -> None:
    """
    Write numbers, invoices, lines, lineage, deliveries, rejects, helds and the run's totals.

    Call it in one READ COMMITTED transaction, while holding the period's lock: everything is
    committed together or not at all.
    """
    if draft.invoices.height:
        invoices = _number(connection, _snapshot(draft, extract, common))
        lines = _of_invoice(draft.lines, invoices).select(LINE_COLUMNS)
        invoices = _fingerprint(invoices, lines)
        lineage = _of_invoice(draft.lineage, invoices)
        _copy_in(connection, "invoice", invoices.drop("credits_number"))
        _copy_in(connection, "invoice_line", lines)
        _copy_in(connection, "invoice_workday", lineage)
        _copy_in(connection, "delivery", _deliveries(invoices))
    of_run = pl.lit(common.run_id).alias("run_id")
    _copy_in(connection, "rejected_workday", draft.rejected.with_columns(of_run))
    _copy_in(connection, "held_employee", draft.held.with_columns(of_run))
    finish_run(connection, common.run_id, draft.control)


def _snapshot(draft: MonthDraft, extract: Extract, common: Issue) -> pl.DataFrame:
    """Everything an invoice prints, frozen: the draft, both parties, the dates."""
    payer = common.payer
    due_on = common.issued_on + timedelta(days=payer.payment_terms_days)
    supplier = extract.employees.select(
        "employee_id",
        "department_code",
        "tax_category",
        "locale",
        series="code",
        **SUPPLIER,
    )
    return draft.invoices.join(supplier, on="employee_id", maintain_order="left").with_columns(
        kind=pl.lit("invoice"),
        credits_number=pl.lit(None, pl.String),
        run_id=pl.lit(common.run_id),
        period=pl.lit(common.period.start),
        issued_at=pl.lit(common.issued_at.isoformat()),
        issued_on=pl.lit(common.issued_on),
        due_on=pl.lit(due_on),
        rounding_policy=pl.lit(ROUNDING_POLICY),
        **{column: pl.lit(getattr(payer, field)) for column, field in BUYER.items()},
    )


def _number(connection: Connection, invoices: pl.DataFrame) -> pl.DataFrame:
    """Add ``id``, ``sequence`` and ``number``."""
    taken = take_sequences(connection, invoices["series"].to_list())
    sequences = [taken[series] for series in invoices["series"]]
    numbers = [number(series, taken[series]) for series in invoices["series"]]
    return invoices.with_columns(
        id=pl.Series(_reserve_ids(connection, invoices.height)),
        sequence=pl.Series(sequences),
        number=pl.Series(numbers),
    )


def _reserve_ids(connection: Connection, count: int) -> list[int]:
    ids = connection.execute(
        text(
            "SELECT nextval(pg_get_serial_sequence('invoice', 'id'))"
            " FROM generate_series(1, :count)"
        ),
        {"count": count},
    )
    return sorted(ids.scalars())


def _of_invoice(rows: pl.DataFrame, invoices: pl.DataFrame) -> pl.DataFrame:
    owner = invoices.select("employee_id", invoice_id="id")
    return rows.join(owner, on="employee_id", maintain_order="left")


def _fingerprint(invoices: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """Add ``content_sha256``; *lines* come by invoice and position."""
    # Polars writes decimals and dates as `content_sha256` does, and much faster.
    written = pl.selectors.decimal() | pl.selectors.date()
    of_invoice: dict[int, list[dict[str, Any]]] = {}
    for line in lines.with_columns(written.cast(pl.String)).iter_rows(named=True):
        of_invoice.setdefault(line["invoice_id"], []).append(line)
    headers = invoices.select("id", *HEADER).with_columns(written.cast(pl.String))
    hashes = [
        content_sha256(header, of_invoice[header["id"]]) for header in headers.iter_rows(named=True)
    ]
    return invoices.with_columns(content_sha256=pl.Series(hashes))


def _deliveries(invoices: pl.DataFrame) -> pl.DataFrame:
    return invoices.select(
        invoice_id="id",
        recipient="supplier_email",
        status=pl.lit("queued"),
        queued_at="issued_at",
    )


def _copy_in(connection: Connection, table: str, frame: pl.DataFrame) -> None:
    """COPY *frame* into the columns of *table* that bear its names."""
    if frame.is_empty():
        return
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, frame.columns))
    )
    with driver(connection).cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(frame.write_csv(include_header=False).encode())
