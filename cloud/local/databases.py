"""The URLs of the ledger's database: one for each who uses it, by what each may do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from chalicelib.billing.errors import BillingError
from cloud import roles

from . import postgres
from .home import Home

OWNER_URL = "DATABASE_OWNER_URL"
WRITER_URL = "DATABASE_WRITER_URL"
READER_URL = "DATABASE_READER_URL"


class OtherDatabase(BillingError):
    """The owner's URL leads to another database than everybody else's."""

    def __init__(self) -> None:
        super().__init__(
            f"{OWNER_URL} names another database than DATABASE_URL; set it to the owner's URL of"
            " the same database, or unset it"
        )


@dataclass(frozen=True, slots=True)
class Databases:
    """
    One database's URLs.

    Attributes:
        operator: The command line's.
        owner: Of migrations.
        writer: The functions'.
        reader: The API's.
        migrator: Whoever brings the database up to date: the owner, or who can create the roles.
    """

    operator: str
    owner: str
    writer: str
    reader: str
    migrator: str

    @classmethod
    def own(cls, home: Home) -> Self:
        """Of the PostgreSQL that the cloud in *home* runs."""
        return cls(
            operator=postgres.url(home, roles.OPERATOR),
            owner=postgres.url(home, roles.OWNER),
            writer=postgres.url(home, roles.WRITER),
            reader=postgres.url(home, roles.READER),
            migrator=postgres.url(home),
        )

    @classmethod
    def named(cls, environment: Mapping[str, str]) -> Self:
        """
        Of the database in ``DATABASE_URL``; what *environment* does not name is that URL too.

        Raises:
            OtherDatabase: If the owner's is of another.
        """
        operator = environment["DATABASE_URL"]
        owner = owner_url(environment) or operator
        return cls(
            operator,
            owner,
            writer=environment.get(WRITER_URL) or operator,
            reader=environment.get(READER_URL) or operator,
            migrator=owner,
        )


def owner_url(environment: Mapping[str, str]) -> str:
    """
    The URL to migrate with, or ``DATABASE_URL`` if it is not set; empty if neither is.

    Raises:
        OtherDatabase: If it is of another database than ``DATABASE_URL``.
    """
    everybodys, owners = environment.get("DATABASE_URL", ""), environment.get(OWNER_URL, "")
    place, elsewhere = _place(everybodys), _place(owners)
    # What a secret holds is not known here.
    if place and elsewhere and place != elsewhere:
        raise OtherDatabase
    return owners or everybodys


def are_same(url: str, other: str) -> bool:
    """Whether both lead to one database, whoever logs in; a secret is the same as itself alone."""
    return url == other or (_place(url) != () and _place(url) == _place(other))


def _place(url: str) -> tuple[object, ...]:
    """Host, port and name; nothing if the URL is of a secret, or empty."""
    if not url:
        return ()
    try:
        parts = conninfo_to_dict(url)
    except ProgrammingError:
        return ()
    return parts.get("host"), parts.get("port") or "5432", parts.get("dbname")
