"""Ledger rows as the shapes of the API."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, TypeVar

from msgspec import Struct
from sqlalchemy import RowMapping

from . import shapes

Shape = TypeVar("Shape", bound=Struct)


def summary(row: RowMapping) -> shapes.InvoiceSummary:
    """One invoice of a listing, from a row of `queries.invoices`."""
    return _shaped(shapes.InvoiceSummary, row, **_named(row))


def detail(
    row: RowMapping,
    lines: Sequence[RowMapping],
    days: Sequence[RowMapping],
    deliveries: Sequence[RowMapping],
) -> shapes.Invoice:
    """One invoice with everything on it and what became of it."""
    return _shaped(
        shapes.Invoice,
        row,
        **_named(row),
        supplier=_party(shapes.Supplier, row, "supplier"),
        buyer=_party(shapes.Buyer, row, "buyer"),
        lines=[_shaped(shapes.Line, line) for line in lines],
        days=[_shaped(shapes.WorkedDay, day) for day in days],
        document=_shaped(shapes.Document, row) if row["s3_key"] else None,
        deliveries=[_shaped(shapes.Delivery, delivery) for delivery in deliveries],
    )


def run(row: RowMapping) -> shapes.Run:
    """One run, from a row of `queries.runs`."""
    return _shaped(shapes.Run, row, period=_month(row["period"]))


def moment(value: datetime) -> str:
    """ISO 8601 in UTC."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _named(row: RowMapping) -> dict[str, Any]:
    """What the API calls otherwise than the ledger."""
    return {
        "period": _month(row["period"]),
        "employee": row["employee_code"],
        "employee_name": row["supplier_name"],
        "department": row["department_code"],
        "credits": row["credits_number"],
        "credited_by": row["credited_by_number"],
        "delivery": row["delivery_status"],
        "rendered": row["s3_key"] is not None,
    }


def _party(shape: type[Shape], row: RowMapping, side: str) -> Shape:
    return shape(**{name: row[f"{side}_{name}"] for name in shape.__struct_fields__})


def _shaped(shape: type[Shape], row: RowMapping, **given: object) -> Shape:
    """A *shape* of what is *given* and, for the rest, of the columns of the same names."""
    plain = {name: _plain(row[name]) for name in shape.__struct_fields__ if name not in given}
    return shape(**plain, **given)


def _month(first: date) -> str:
    return first.isoformat()[:7]


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return moment(value)
    return str(value) if isinstance(value, Decimal | date) else value
