"""Values as JSON has them."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from .period import Period


def plain(value: Any) -> Any:  # noqa: ANN401 -- any nesting of values, and JSON
    """Any nesting of dataclasses, dicts and lists for ``json.dumps``: money and dates as text."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Decimal | date | Period):
        return str(value)
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {key: plain(member) for key, member in value.items()}
    return [plain(member) for member in value] if isinstance(value, list) else value
