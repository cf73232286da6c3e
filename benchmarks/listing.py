"""Pages of the API's listings: about as fast from a million invoices as from a thousand."""

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
from .sizes import Sizes

PAGE = 50
AT_MOST = 1.5

# By kind of page: its filters and, as a fraction of the archive, where it begins.
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


def out_of_a_million(server: Server, sizes: Sizes) -> Measured:
    """Each kind of page takes at most half as long again as from a thousand."""
    server.prepare("few", archive_of(sizes.few_invoices))
    server.prepare("many", archive_of(sizes.many_invoices))
    few, many = server.database("few"), server.database("many")
    with engine(few).connect() as small, engine(many).connect() as large:
        return Measured([_claim(small, large, what, sizes) for what in PAGES])


def _claim(small: Connection, large: Connection, what: str, sizes: Sizes) -> Claim:
    filters, part = PAGES[what]
    few, many = sizes.few_invoices, sizes.many_invoices
    ours, floor = interleaved(
        sizes.pages,
        partial(_page, large, filters, None if part is None else int(many * part)),
        partial(_page, small, filters, None if part is None else int(few * part)),
    )
    return Speed(f"{what}, of {many:,}", ours, floor, f"the same, of {few:,}", AT_MOST)


def _page(connection: Connection, filters: Filters, before_id: int | None) -> int:
    page = queries.page(filters, true(), before_id=before_id, limit=PAGE + 1)
    return len(connection.execute(page).mappings().all())
