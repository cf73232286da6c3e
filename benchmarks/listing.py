"""Pages of the API's listings: out of a million invoices about as fast as out of a thousand."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from sqlalchemy import Connection, true

from chalicelib.billing.period import Period
from chalicelib.store import queries
from chalicelib.store.connection import engine
from chalicelib.store.queries import Filters

from .archive import archive_of
from .claims import Claim, Measured, Speed, interleaved
from .server import Server

FEW = 1_000
MANY = 1_000_000
PAGE = 50
REPEATS = 101
AT_MOST = 1.5

# By what a page is: its filters and, as a part of the archive, where it begins.
PAGES: Mapping[str, tuple[Filters, float | None]] = {
    "the first page": (Filters(), None),
    "a page deep in": (Filters(), 0.5),
    "a month": (Filters(period=Period.parse("2020-03")), None),
    "a month, deep in": (Filters(period=Period.parse("2020-03")), 0.205),
    "a contractor": (Filters(employee="E7"), None),
    "a department": (Filters(department="D3"), None),
    "a department, deep in": (Filters(department="D3"), 0.5),
    "a project": (Filters(project="P7"), None),
    "a rare project": (Filters(project="RARE"), None),
    "credit notes": (Filters(kind="credit_note"), None),
    "delivered": (Filters(delivery="delivered"), None),
    "bounced": (Filters(delivery="bounced"), None),
    "bounced in a month": (Filters(delivery="bounced", period=Period.parse("2020-03")), None),
}


def out_of_a_million(server: Server) -> Measured:
    """Each kind of page, at most half as slow again as out of a thousand."""
    server.prepare("few", archive_of(FEW))
    server.prepare("many", archive_of(MANY))
    few, many = server.database("few"), server.database("many")
    with engine(few).connect() as small, engine(many).connect() as large:
        return Measured([_claim(small, large, what) for what in PAGES])


def _claim(small: Connection, large: Connection, what: str) -> Claim:
    filters, part = PAGES[what]
    ours, floor = interleaved(
        REPEATS,
        partial(_page, large, filters, None if part is None else int(MANY * part)),
        partial(_page, small, filters, None if part is None else int(FEW * part)),
    )
    return Speed(f"{what}, of {MANY:,}", ours, floor, f"the same of {FEW:,}", AT_MOST)


def _page(connection: Connection, filters: Filters, before_id: int | None) -> int:
    page = queries.page(filters, true(), before_id=before_id, limit=PAGE + 1)
    return len(connection.execute(page).mappings().all())
