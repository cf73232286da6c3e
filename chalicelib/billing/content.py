"""The fingerprint of an invoice: what is printed, in one canonical form."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal

HEADER = (
    "number",
    "kind",
    "credits_number",
    "period",
    "currency",
    "subtotal",
    "tax_rate",
    "tax_category",
    "tax",
    "total",
    "issued_on",
    "due_on",
    "locale",
    "supplier_name",
    "supplier_address",
    "supplier_country",
    "supplier_tax_id",
    "supplier_iban",
    "supplier_email",
    "buyer_name",
    "buyer_address",
    "buyer_country",
    "buyer_tax_id",
    "rounding_policy",
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
    """Decimals and dates as text, so that no reader rounds them."""
    return str(value) if isinstance(value, Decimal | date) else value
