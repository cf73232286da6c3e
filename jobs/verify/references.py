"""
Queries of what the ledger's keys should have refused, made from the tables as the code has them.

Master data is left out: it is other systems', and a run judges it.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Column, Index, PrimaryKeyConstraint, Table, UniqueConstraint

from chalicelib.store.tables import metadata

MASTER_DATA = ("department", "project", "employee", "rate", "workday", "app_user")
# References without a foreign key, which would cost more than the rest of a run.
UNENFORCED = (
    ("invoice_workday", "invoice_id", "invoice"),
    ("invoice_workday", "credits_invoice_id", "invoice"),
    ("billing_run", "corrects_invoice_id", "invoice"),
    ("delivery_event", "delivery_id", "delivery"),
)
# Whose keys have rules of their own, in `chalicelib.billing.verification`.
RULED = ("invoice", "invoice_line", "invoice_workday")

ORPHANS = """
    SELECT '{child}' AS child, '{parent}' AS parent, child.{column}::text AS key, count(*) AS rows
    FROM {child} AS child LEFT JOIN {parent} AS parent ON parent.id = child.{column}
    WHERE child.{column} IS NOT NULL AND parent.id IS NULL GROUP BY child.{column}
"""
REPEATS = """
    SELECT '{table}' AS relation, concat_ws(', ', {named}) AS key, count(*) AS rows
    FROM {table} WHERE {where} GROUP BY {columns} HAVING count(*) > 1
"""


def orphans() -> str:
    """The SELECT of `Orphan`: rows whose parent is gone, of the whole ledger."""
    references = dict.fromkeys([*_enforced(), *UNENFORCED])
    return " UNION ALL ".join(
        ORPHANS.format(child=child, column=column, parent=parent)
        for child, column, parent in references
    )


def repeats() -> str:
    """The SELECT of `Repeat`: keys that several rows have, of the whole ledger."""
    return " UNION ALL ".join(
        REPEATS.format(
            table=table.name,
            named=", ".join(map(_named, columns)),
            columns=", ".join(column.name for column in columns),
            where=where,
        )
        for table in _tables()
        if table.name not in RULED
        for columns, where in _keys(table)
    )


def _tables() -> list[Table]:
    return [table for table in metadata.sorted_tables if table.name not in MASTER_DATA]


def _enforced() -> Iterator[tuple[str, str, str]]:
    for table in _tables():
        for key in table.foreign_keys:
            if key.column.name == "id":
                yield table.name, key.parent.name, key.column.table.name


def _keys(table: Table) -> Iterator[tuple[list[Column[object]], str]]:
    """The columns of each key of *table*, and the condition under which they are one."""
    for constraint in table.constraints:
        if isinstance(constraint, PrimaryKeyConstraint | UniqueConstraint):
            columns = list(constraint.columns)
            yield columns, _filled(columns)
    for index in table.indexes:
        if index.unique:
            columns = [table.c[column.name] for column in index.columns]
            yield columns, f"{_filled(columns)} AND {_condition(index)}"


def _filled(columns: list[Column[object]]) -> str:
    return " AND ".join(f"{column.name} IS NOT NULL" for column in columns)


def _condition(index: Index) -> str:
    where = index.dialect_options["postgresql"]["where"]
    return "true" if where is None else str(where)


def _named(column: Column[object]) -> str:
    """A column and its value; an invoice by its number."""
    value = f"{column.name}::text"
    if any(key.column.table.name == "invoice" for key in column.foreign_keys):
        number = f"(SELECT min(number) FROM invoice WHERE id = {column.name})"
        return f"'invoice ' || coalesce({number}, {value})"
    return f"'{column.name} ' || {value}"
