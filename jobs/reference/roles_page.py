"""docs/reference/roles.md, from what `cloud.roles` declares."""

from __future__ import annotations

from cloud import roles

from .markdown import code, table

HEAD = f"""# Rights of the database's roles

Written by `python -m jobs.reference` from `cloud/roles.py`. Whose each role is, and how to set its
password: [Roles of the database](../roles.md).

What is not listed is refused. *Not* names the columns that a right leaves out. `selfbill_owner`
owns every table, so it is not listed; {", ".join(map(code, roles.OWNERS_ALONE))} is its alone.
Nobody may make a temporary table or become another role.
"""

USABLE = {**roles.SEQUENCES, **roles.FUNCTIONS}
VERBS = {"SELECT": "read", "INSERT": "add", "UPDATE": "change", "DELETE": "delete"}


def page() -> str:
    """The whole page, in Markdown."""
    sections = [f"## `{role}`\n\n{_rights(role)}\n" for role in roles.RIGHTS]
    return "\n".join([HEAD, *sections])


def _rights(role: str) -> str:
    rows = [
        (code(relation), *(_columns(rights.get(privilege)) for privilege in VERBS))
        for relation, rights in sorted(roles.RIGHTS[role].items())
    ]
    return table(("table or view", *VERBS.values()), rows) + _further(role)


def _further(role: str) -> str:
    """A sentence on the sequences and functions that *role* may use."""
    used = [name for name, takers in USABLE.items() if role in takers]
    return f"\n\nAlso uses {', '.join(map(code, used))}." if used else ""


def _columns(columns: roles.Columns | None) -> str:
    if columns is None:
        return ""
    names = ", ".join(map(code, sorted(columns.names)))
    if columns.others:
        return f"not {names}" if names else "yes"
    return names
