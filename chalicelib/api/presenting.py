"""Ledger rows as JSON.  Money, hours and rates leave as text: no client reads cents as a float."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import RowMapping

LINE = ("position", "project_code", "project_name", "kind", "hours", "unit_rate", "amount")
DELIVERY = (
    "id",
    "recipient",
    "status",
    "attempts",
    "message_id",
    "error",
    "queued_at",
    "sent_at",
)
PARTY = ("name", "address", "country", "tax_id")
SUMMARY = (
    "number",
    "kind",
    "currency",
    "subtotal",
    "tax_rate",
    "tax",
    "total",
    "issued_at",
    "issued_on",
    "due_on",
)


def summary(row: RowMapping) -> dict[str, Any]:
    """One invoice of a listing."""
    return {
        **_plain(row, SUMMARY),
        "period": row["period"].isoformat()[:7],
        "employee": row["employee_code"],
        "employee_name": row["supplier_name"],
        "department": row["department_code"],
        "credits": row["credits_number"],
        "credited_by": row["credited_by_number"],
        "delivery": row["delivery_status"],
        "rendered": row["s3_key"] is not None,
    }


def detail(
    row: RowMapping, lines: Sequence[RowMapping], deliveries: Sequence[RowMapping]
) -> dict[str, Any]:
    """One invoice with everything on it and what became of it."""
    supplier = {name: row[f"supplier_{name}"] for name in (*PARTY, "iban", "email")}
    return {
        **summary(row),
        "supplier": supplier,
        "buyer": {name: row[f"buyer_{name}"] for name in PARTY},
        "rounding_policy": row["rounding_policy"],
        "content_sha256": row["content_sha256"],
        "lines": [_plain(line, LINE) for line in lines],
        "document": _plain(row, ("sha256", "bytes", "rendered_at")) if row["s3_key"] else None,
        "deliveries": [_plain(delivery, DELIVERY) for delivery in deliveries],
    }


def moment(value: datetime) -> str:
    """ISO 8601 in UTC."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _plain(row: RowMapping, names: Sequence[str]) -> dict[str, Any]:
    return {name: _value(row[name]) for name in names}


def _value(value: object) -> object:
    if isinstance(value, datetime):
        return moment(value)
    return str(value) if isinstance(value, Decimal | date) else value
