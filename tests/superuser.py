"""What only a superuser can do, who first takes away what the ledger refuses by."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.builders_ledger import Books

CHECKS = """
    SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE conrelid = %s::regclass AND contype = 'c'
"""
ALWAYS = """
    SELECT tgname FROM pg_trigger
    WHERE tgrelid = %s::regclass AND tgenabled = 'A' AND NOT tgisinternal
"""


@contextmanager
def guards_off(books: Books, *tables: str) -> Iterator[None]:
    """
    Take checks, foreign keys and triggers off *tables*; put them back as if nothing had been.

    Keys that are unique stay; drop them by hand.
    """
    checks = {table: books.rows(CHECKS, table) for table in tables}
    always = {table: books.column(ALWAYS, table) for table in tables}
    for table in tables:
        books.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        for name, _ in checks[table]:
            books.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    yield
    for table in tables:
        books.execute(f"ALTER TABLE {table} ENABLE TRIGGER ALL")
        for name in always[table]:
            books.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}")
        for name, definition in checks[table]:
            # Without values: a check has signs of its own that look like their places.
            books.connection.execute(
                f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition} NOT VALID"
            )
    books.execute("SET allow_system_table_mods = on")
    books.execute("UPDATE pg_constraint SET convalidated = true WHERE NOT convalidated")
    books.execute("RESET allow_system_table_mods")
