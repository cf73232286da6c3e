"""How to reach the database."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError

from chalicelib.billing.errors import BillingError
from chalicelib.billing.period import Period
from chalicelib.billing.sharding import Shard

from .actor import claim
from .secret import has_changed, libpq_url

CONNECT_SECONDS = 10
# The first half of the advisory locks' keys; the second is the period, or its shard.
PERIOD_LOCK = 0x53426C
SHARD_LOCK = 0x53426E

WHOLE = "SELECT pg_advisory_lock(:whole, :month)"
PART = """
    SELECT pg_advisory_lock_shared(:whole, :month), pg_advisory_lock(:part, :month * 1024 + :shard)
"""


class DatabaseUnreachable(BillingError):
    """Nothing that speaks Postgres answers at DATABASE_URL."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(
            f"the database at DATABASE_URL is not answering ({reason}); start it or correct the URL"
        )


@cache
def engine(database_url: str) -> Engine:
    """
    The process's one engine for *database_url*: any URL that libpq takes, or a secret's ARN.

    Connections are kept across the invocations of a warm Lambda, and checked before use.
    """

    def connect() -> psycopg.Connection:
        try:
            return _connect(libpq_url(database_url))
        except psycopg.OperationalError:
            if not has_changed(database_url):
                raise
            return _connect(libpq_url(database_url))

    made = create_engine(
        "postgresql+psycopg://",
        creator=connect,
        isolation_level="READ COMMITTED",
        # A statement's values are names and accounts.
        hide_parameters=True,
        pool_pre_ping=True,
        pool_size=2,
        max_overflow=2,
    )
    event.listen(made, "checkout", _say_who)
    return made


def _say_who(connection: psycopg.Connection, record: Any, _proxy: object) -> None:  # noqa: ANN401 -- SQLAlchemy's
    """Tell the session whom it acts for; a kept one may have acted for somebody else before."""
    who = claim(os.environ)
    if record.info.get("claimed") != who:
        connection.execute("SELECT set_config('selfbill.claimed', %s, false)", [who])
        connection.commit()
        record.info["claimed"] = who


def _connect(url: str) -> psycopg.Connection:
    # Nothing is prepared: a plan for any value suits none where values are skewed, and a proxy
    # pins whoever prepares to one connection.
    made = psycopg.connect(url, connect_timeout=CONNECT_SECONDS, prepare_threshold=None)
    # A database may write 1 November as 01.11.2026 or 11/01/2026; COPY is read as ISO.
    made.execute("SET datestyle = 'ISO'")
    made.commit()
    return made


def driver(connection: Connection) -> psycopg.Connection:
    """The psycopg connection below *connection*, for COPY; in the same transaction."""
    below = connection.connection.driver_connection
    if not isinstance(below, psycopg.Connection):
        raise TypeError(type(below))
    return below


def check_reachable(database_url: str) -> None:
    """
    Raises:
        DatabaseUnreachable: If no connection can be made.
    """
    try:
        with engine(database_url).connect():
            return
    except DBAPIError as error:
        raise DatabaseUnreachable(_reason(error)) from error


def _reason(error: DBAPIError) -> str:
    """What libpq says of a connection; of a URL that it cannot read nothing, as it quotes it."""
    if not isinstance(error.orig, psycopg.OperationalError):
        return "it is not a URL that libpq accepts"
    return str(error.orig).strip().splitlines()[0]


@contextmanager
def period_lock(engine: Engine, period: Period, shard: Shard | None = None) -> Iterator[Connection]:
    """
    Hold *period* against every other run of it, waiting for one that has it.

    A run of a *shard* lets those of other shards work beside it, but neither another run of the
    same nor one of the whole.

    The lock belongs to the session, not to a transaction: it is taken before the snapshot, so
    that a run which waited sees what the other committed, and a crash releases it.
    """
    key = {"whole": PERIOD_LOCK, "month": period.start.year * 12 + period.start.month}
    if shard:
        key |= {"part": SHARD_LOCK, "shard": shard.index}
    with engine.connect() as connection:
        connection.execute(text(PART if shard else WHOLE), key)
        connection.commit()
        try:
            yield connection
        except BaseException:
            # Whatever state the session is in, closing it releases the lock.
            connection.invalidate()
            raise
        connection.execute(text("SELECT pg_advisory_unlock_all()"))
        connection.commit()
