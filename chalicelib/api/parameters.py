"""Query parameters in, values out; what cannot be read is named."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping

from chalice.app import BadRequestError

from chalicelib.billing.period import InvalidPeriod, Period
from chalicelib.store.queries import Filters

DEFAULT_LIMIT = 50
MAX_LIMIT = 200
KINDS = ("invoice", "credit_note")
STATUSES = (
    "queued",
    "sending",
    "sent",
    "delivered",
    "bounced",
    "complained",
    "failed",
    "unknown",
)
NAMES = ("period", "employee", "department", "project", "kind", "delivery", "limit", "cursor")
MAX_TEXT = 100
# The largest id of a bigint column.
MAX_ID = 2**63 - 1


def check_names(query: Mapping[str, str]) -> None:
    """
    Raises:
        BadRequestError: Naming a parameter that does not exist, which would else do nothing.
    """
    for name in query:
        if name not in NAMES:
            raise _bad(name, f"does not exist; use {', '.join(NAMES)}")


def filters(query: Mapping[str, str]) -> Filters:
    """
    Raises:
        BadRequestError: Naming the parameter that cannot be read.
    """
    return Filters(
        period=_period(query),
        employee=_text(query, "employee"),
        department=_text(query, "department"),
        project=_text(query, "project"),
        kind=_choice(query, "kind", KINDS),
        delivery=_choice(query, "delivery", STATUSES),
    )


def limit(query: Mapping[str, str]) -> int:
    """How many rows a page has: 1 to 200, 50 unless given."""
    text = query.get("limit", str(DEFAULT_LIMIT))
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(MAX_LIMIT))):
        raise _bad("limit", f"must be a whole number from 1 to {MAX_LIMIT}")
    if not 1 <= int(text) <= MAX_LIMIT:
        raise _bad("limit", f"must be from 1 to {MAX_LIMIT}")
    return int(text)


def cursor(query: Mapping[str, str]) -> int | None:
    """The id to continue before, from the ``next_cursor`` of the page before."""
    text = query.get("cursor")
    if text is None:
        return None
    try:
        written = base64.b64decode(text, altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, UnicodeError, ValueError):
        raise _bad("cursor", "must be a next_cursor from this API") from None
    if not (written.isdigit() and int(written[:20]) <= MAX_ID):
        raise _bad("cursor", "must be a next_cursor from this API")
    return int(written)


def write_cursor(last_id: int) -> str:
    """The cursor of the page after the row with *last_id*."""
    return base64.urlsafe_b64encode(str(last_id).encode()).decode()


def _period(query: Mapping[str, str]) -> Period | None:
    text = query.get("period")
    try:
        return None if text is None else Period.parse(text)
    except InvalidPeriod as error:
        raise _bad("period", "must be a month as YYYY-MM") from error


def _text(query: Mapping[str, str], name: str) -> str | None:
    text = query.get(name)
    if text is not None and not (0 < len(text) <= MAX_TEXT and text.isprintable()):
        raise _bad(name, f"must be a code of 1 to {MAX_TEXT} printable characters")
    return text


def _choice(query: Mapping[str, str], name: str, allowed: tuple[str, ...]) -> str | None:
    text = query.get(name)
    if text is not None and text not in allowed:
        raise _bad(name, f"must be one of {', '.join(allowed)}")
    return text


def _bad(name: str, what: str) -> BadRequestError:
    return BadRequestError(f"{name} {what}")
