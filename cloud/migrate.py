"""Bring the database up to the newest schema, and its roles to their rights."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

from chalicelib.billing.email_address import NotAnAddress, carried_over
from chalicelib.billing.errors import BillingError
from chalicelib.store.connection import check_reachable, engine

from . import grants, roles

MIGRATIONS = Path(__file__).parents[1] / "sql" / "migrations"
MIGRATION_LOCK = 0x53426D

ADDRESSES = """
    SELECT 'employee ' || code || ' gets no email' AS matter, email,
           'correct it in employees.csv and load it' AS remedy
    FROM employee WHERE email IS NOT NULL
    UNION ALL
    SELECT 'the user sees no invoices', email,
           'load users.csv with the right address, then delete this one from app_user'
    FROM app_user
    ORDER BY 1, 2
"""

# Nobody migrates who does not own what there is, or may not make what there is not.
MAY_MIGRATE = text("""
    SELECT current_user,
           coalesce(
               (SELECT pg_has_role(relowner, 'USAGE') FROM pg_class
                WHERE oid = to_regclass('public.alembic_version')),
               has_schema_privilege('public', 'CREATE')
           ) AS may
""")


class MayNotMigrate(BillingError):
    """Somebody who is not the owner would migrate."""

    def __init__(self, role: str) -> None:
        self.role = role
        super().__init__(
            f"the role {role} may not change the database's schema; set DATABASE_OWNER_URL to the"
            f" database's URL for {roles.OWNER}"
        )


def migrate(database_url: str) -> grants.Outstanding:
    """
    Apply every missing migration and right in one transaction; two at once wait for each other.

    Returns:
        What the role in *database_url* may not do about roles and rights. The schema is up to date
        even so.

    Raises:
        DatabaseUnreachable: If the database does not answer.
        MayNotMigrate: If that role owns none of it.
    """
    check_reachable(database_url)
    with engine(database_url).begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        _check_owner(connection)
        upgrade(connection)
        # A function or operator that the owner made would run as whoever migrates.
        connection.execute(text("SET LOCAL search_path = pg_catalog"))
        return grants.apply(connection)


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Apply every migration that is missing up to *revision*, in the caller's transaction."""
    configuration = Config()
    configuration.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    configuration.set_main_option("path_separator", "os")
    configuration.attributes["connection"] = connection
    command.upgrade(configuration, revision)


def doubtful_addresses(database_url: str) -> list[str]:
    """
    A sentence for each address in the master data that is not in its stored form.

    A release before that form left them there: it had folded their case, or two would become one.
    """
    with engine(database_url).connect() as connection:
        rows = connection.execute(text(ADDRESSES)).all()
    doubts = ((row, _doubt(row.email)) for row in rows)
    return [f"{row.matter}: {doubt}; {row.remedy}" for row, doubt in doubts if doubt]


def _doubt(email: str) -> str | None:
    try:
        address = carried_over(email)
    except NotAnAddress as error:
        return f"{email!r} cannot be used: {error.reason}"
    return None if address == email else f"{email!r} stands twice, written in two ways"


def _check_owner(connection: Connection) -> None:
    """
    Raises:
        MayNotMigrate: If the database would refuse the migration.
    """
    role, may = connection.execute(MAY_MIGRATE).one()
    if not may:
        raise MayNotMigrate(role)
