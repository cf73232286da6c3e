"""Bring the database up to the newest schema."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import text

from chalicelib.store.connection import check_reachable, engine

MIGRATIONS = Path(__file__).parents[1] / "sql" / "migrations"
MIGRATION_LOCK = 0x53426D


def migrate(database_url: str) -> None:
    """
    Apply every missing migration in one transaction; two at once wait for each other.

    Raises:
        DatabaseUnreachable: If the database does not answer.
    """
    check_reachable(database_url)
    configuration = Config()
    configuration.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    configuration.set_main_option("path_separator", "os")
    with engine(database_url).begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, "head")
