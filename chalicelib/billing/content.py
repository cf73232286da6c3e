"""The fingerprint of an invoice: what is printed, in one canonical form."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal

# Each column of a party's snapshot, and the field of the employee or the payer it is taken from.
SUPPLIER = {
    "supplier_name": "full_name",
    "supplier_address": "address",
    "supplier_country": "country",
    "supplier_tax_id": "tax_id",
    "supplier_iban": "iban",
    "supplier_email": "email",
}
BUYER = {
    "buyer_name": "name",
    "buyer_address": "address",
    "buyer_country": "country",
    "buyer_tax_id": "tax_id",
}

# What an invoice states once and for all; its credit note states the same.
SNAPSHOT = (
    "currency",
    "tax_rate",
    "tax_category",
    "locale",
    *SUPPLIER,
    *BUYER,
    "rounding_policy",
)

HEADER = (
    "number",
    "kind",
    "credits_number",
    "period",
    "subtotal",
    "tax",
    "total",
    "issued_on",
    "due_on",
    *SNAPSHOT,
)

LINE = ("position", "project_code", "project_name", "kind", "hours", "unit_rate", "amount")


def content_sha256(invoice: Mapping[str, object], lines: Iterable[Mapping[str, object]]) -> str:
    """
    The SHA-256 of everything an invoice states, in hexadecimal.

    All but the days of its annex: they are its lineage, which never changes either.

    Args:
        invoice: At least the fields of `HEADER`; decimals at the scale of their column.
        lines: At least the fields of `LINE`, by position.
    """
    content = {name: _plain(invoice[name]) for name in HEADER}
    content["lines"] = [[_plain(line[name]) for name in LINE] for line in lines]
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: object) -> object:
    """Decimals and dates as text, so that no reader rounds them; -0.00 is 0.00."""
    if isinstance(value, Decimal):
        return str(value or abs(value))
    return str(value) if isinstance(value, date) else value
