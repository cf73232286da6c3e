"""
Query parameters in, values out; what cannot be read is named.

A query is a `msgspec.Struct`: the types of its fields check the parameters and describe them in the
OpenAPI document.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, TypeVar, get_args, get_type_hints

from chalice.app import BadRequestError
from msgspec import Meta, Struct, ValidationError, convert
from sqlalchemy import RowMapping

from chalicelib.billing.period import InvalidPeriod, Period
from chalicelib.billing.statuses import DeliveryStatus

from .shapes import Kind

Query = TypeVar("Query", bound=Struct)

DEFAULT_LIMIT = 50
MAX_LIMIT = 200
MAX_TEXT = 100

Month = Annotated[
    str,
    Meta(
        pattern=r"^[1-9][0-9]{3}-(0[1-9]|1[0-2])$",
        examples=["2026-10"],
        description="Month as YYYY-MM.",
    ),
]
Code = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=MAX_TEXT,
        # No control characters: PostgreSQL stores no NUL, and no code holds the others.
        pattern=r"^[^\u0000-\u001f\u007f-\u009f]*$",
        description=f"A code of 1 to {MAX_TEXT} printable characters.",
    ),
]
Number = Annotated[
    str,
    Meta(
        min_length=1,
        description="The number of an invoice or credit note.",
        examples=["HUDZ-0001"],
    ),
]
Limit = Annotated[
    int,
    Meta(ge=1, le=MAX_LIMIT, description=f"Rows per page: a whole number from 1 to {MAX_LIMIT}."),
]
Cursor = Annotated[
    str,
    Meta(
        # The id of the last row: as many digits as a bigint surely holds.
        pattern=r"^[0-9]{1,18}$",
        description="The next_cursor of the previous page.",
    ),
]


class NoQuery(Struct, frozen=True):
    """A route without parameters."""


class Page(Struct, frozen=True, kw_only=True):
    """Which page of a list."""

    limit: Limit = DEFAULT_LIMIT
    cursor: Cursor | None = None

    @property
    def before_id(self) -> int | None:
        """The id to continue before; None for the first page."""
        return None if self.cursor is None else int(self.cursor)

    def following(self, rows: Sequence[RowMapping]) -> str | None:
        """The cursor of the next page, of *rows* one more than a page has; None on the last."""
        return str(rows[self.limit - 1]["id"]) if len(rows) > self.limit else None


class InvoiceQuery(Page, frozen=True, kw_only=True):
    """The filters of a list of invoices."""

    period: Month | None = None
    employee: Code | None = None
    department: Code | None = None
    project: Code | None = None
    kind: Kind | None = None
    delivery: DeliveryStatus | None = None


class RunQuery(Page, frozen=True, kw_only=True):
    """The filters of a list of runs."""

    period: Month | None = None


MUST = {
    "period": "be a month as YYYY-MM",
    "kind": f"be one of {', '.join(get_args(Kind))}",
    "delivery": f"be one of {', '.join(get_args(DeliveryStatus))}",
    "limit": f"be a whole number from 1 to {MAX_LIMIT}",
    "cursor": "be a next_cursor from this API",
}
A_CODE = f"be a code of 1 to {MAX_TEXT} printable characters"


def read(shape: type[Query], given: Mapping[str, str]) -> Query:
    """
    Read the parameters *given* as *shape*.

    Raises:
        BadRequestError: Naming the first that cannot be read or is unknown.
    """
    types = get_type_hints(shape, include_extras=True)
    for name in given:
        if name not in types:
            known = f"use {', '.join(types)}" if types else "this route takes no parameters"
            raise BadRequestError(f"{name[:MAX_TEXT]} is not a known parameter; {known}")
    return shape(**{name: _value(name, text, types[name]) for name, text in given.items()})


def month(text: str) -> Period:
    """
    Raises:
        BadRequestError: If *text* is no month.
    """
    try:
        return Period.parse(text)
    except InvalidPeriod:
        raise _bad("period") from None


def _value(name: str, text: str, kind: Any) -> Any:  # noqa: ANN401 -- any annotation, its value
    try:
        # Lax, for a whole number arrives as text; that alone reads "null" and "1e1" too.
        value = convert(text, kind, strict=False)
    except ValidationError:
        raise _bad(name) from None
    if str(value) != text:
        raise _bad(name)
    return value


def _bad(name: str) -> BadRequestError:
    return BadRequestError(f"{name} must {MUST.get(name, A_CODE)}")
