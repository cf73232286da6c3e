"""
Email addresses in one form: ASCII in lower case, the domain as IDNA 2008 encodes it.

The database's own ``lower`` depends on a locale, and the program folded case before it stored an
address: ``ß`` became ``ss``.  An address that can be brought to the new form without a doubt whose
it is, is.  Every other one stays what it is, gets no email and opens no account until it is loaded
again; ``migrate`` lists them.
"""

from __future__ import annotations

from collections import Counter

import sqlalchemy as sa
from alembic import op

from chalicelib.billing.email_address import NotAnAddress, carried_over

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TABLES = ("employee", "app_user")

# What `email_address.stored` gives; a test compares the two.  In the collation "C", so that no
# locale decides what is a letter.
ATOM = "[a-z0-9!#$%&''*+/=?^_`{|}~-]+"
LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
FORM = (
    rf"""email COLLATE "C" ~ '^{ATOM}(\.{ATOM})*@{LABEL}(\.{LABEL})*$'"""
    " AND length(email) <= 254 AND position('@' IN email) <= 65"
)


def upgrade() -> None:
    for table in TABLES:
        _carry_over(table)
        _constrain(table)


def _carry_over(table: str) -> None:
    """Bring each address of *table* to the new form, unless two rows would become one."""
    connection = op.get_bind()
    listed = sa.text(f"SELECT email FROM {table} WHERE email COLLATE \"C\" ~ '[^ -~]'")
    moved = {old: new for old in connection.execute(listed).scalars() if (new := _new(old))}
    owners = Counter(moved.values())
    move = sa.text(
        f"UPDATE {table} SET email = :new WHERE email = :old"
        f" AND NOT EXISTS (SELECT FROM {table} WHERE email = :new)"
    )
    for old, new in moved.items():
        if owners[new] == 1:
            connection.execute(move, {"old": old, "new": new})


def _new(old: str) -> str | None:
    try:
        return carried_over(old)
    except NotAnAddress:
        return None


def _constrain(table: str) -> None:
    """A rule for what is written from now on; for what is there too, if all of it keeps it."""
    op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {table}_email_check")
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {table}_email_check CHECK ({FORM}) NOT VALID")
    broken = sa.text(f"SELECT EXISTS (SELECT FROM {table} WHERE NOT ({FORM}))")
    if not op.get_bind().execute(broken).scalar_one():
        op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {table}_email_check")
