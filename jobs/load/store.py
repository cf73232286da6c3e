"""Store everything that could be read, in one transaction, by natural key."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from psycopg import sql
from sqlalchemy import Connection, inspect, text

from chalicelib.billing.errors import BillingError
from chalicelib.store.connection import check_reachable, driver, engine

from .files import FILES, CsvFile
from .read import Line, Refusal, Row, read_lines, read_row
from .values import Refused

REFERRED = ("department", "project", "employee")
BATCH = 10_000
# JSON of some of a table's columns, each read with the type it has there.
STAGED = sql.SQL("json_populate_recordset(NULL::{table}, %s) AS staged")


class NothingToLoad(BillingError):
    """The folder contains none of the files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        names = ", ".join(kind.name for kind in FILES)
        super().__init__(f"{folder} contains none of {names}; pass the folder that contains them")


class MissingSchema(BillingError):
    """The database was never migrated."""

    def __init__(self) -> None:
        super().__init__("the database has no tables yet; run: python -m jobs migrate")


@dataclass(slots=True)
class Loaded:
    """What became of one file: lines read, rows new or changed, lines refused."""

    file: str
    lines: int
    changed: int
    refusals: list[Refusal] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Batch:
    rows: list[Row]
    refusals: list[Refusal]


def load_folder(folder: Path, database_url: str, progress: Callable[[str], None]) -> list[Loaded]:
    """
    Load the CSV files of *folder*, in the order of `FILES`, in one transaction.

    Rows are inserted or updated by their natural key, so loading twice changes nothing.  A line
    that cannot be stored is left out and reported; the rest is kept.

    Args:
        folder: Where the files are; each is optional.
        database_url: Where they go.
        progress: Told each file's name as it begins.

    Raises:
        NothingToLoad: If there is none of the files.
        UnreadableFile: If one of them is not a CSV of its kind; then nothing is loaded.
        DatabaseUnreachable: If the database does not answer.
        MissingSchema: If the database was never migrated.
    """
    present = [(kind, folder / kind.name) for kind in FILES if (folder / kind.name).is_file()]
    if not present:
        raise NothingToLoad(folder)
    read = [(kind, *read_lines(path, kind)) for kind, path in present]
    check_reachable(database_url)
    with engine(database_url).begin() as connection:
        if not inspect(connection).has_table("workday"):
            raise MissingSchema
        loaded = []
        for kind, lines, refusals in read:
            progress(kind.name)
            batch = _batch(connection, kind, lines)
            changed = _upsert(connection, kind, batch.rows)
            left_out = sorted(refusals + batch.refusals, key=lambda refusal: refusal.line)
            loaded.append(Loaded(kind.name, len(lines) + len(refusals), changed, left_out))
        return loaded


def _batch(connection: Connection, kind: CsvFile, lines: list[Line]) -> _Batch:
    """The rows of *lines* that can be stored together, and why the others cannot."""
    ids = {table: _ids(connection, table) for table in REFERRED}
    key_of = _picker(kind, kind.key)
    rows: dict[Row, tuple[int, Row]] = {}
    batch = _Batch([], [])
    for line in lines:
        try:
            row = read_row(line, kind, ids)
            _check_new(rows.get(key_of(row)))
        except Refused as refused:
            batch.refusals.append(Refusal(kind.name, line.number, str(refused)))
        else:
            rows[key_of(row)] = (line.number, row)
    for key, reason in _taken(connection, kind, rows).items():
        batch.refusals.append(Refusal(kind.name, rows.pop(key)[0], reason))
    batch.rows.extend(row for _, row in rows.values())
    return batch


def _check_new(earlier: tuple[int, Row] | None) -> None:
    if earlier is not None:
        raise Refused(f"repeats line {earlier[0]}; keep one of them, or correct its key")


def _taken(
    connection: Connection, kind: CsvFile, rows: dict[Row, tuple[int, Row]]
) -> dict[Row, str]:
    """
    The keys of *rows* whose unique value belongs to another row, with the reason.

    A row that gets a new value gives up its old one, so that two rows can swap theirs. A row that
    is refused keeps its old value, which may refuse another row in turn.
    """
    if kind.unique is None:
        return {}
    unique_of, owned = _picker(kind, (kind.unique,)), _owners(connection, kind)
    refused: dict[Row, str] = {}
    while True:
        owners = {value: key for value, key in owned.items() if key not in rows or key in refused}
        before = len(refused)
        for key, (_, row) in rows.items():
            [value] = unique_of(row)
            if key in refused or value is None:
                continue
            owner = owners.setdefault(value, key)
            if owner != key:
                refused[key] = f"{kind.unique} {value} already belongs to {owner[0]}"
        if len(refused) == before:
            return refused


def _picker(kind: CsvFile, names: tuple[str, ...]) -> Callable[[Row], Row]:
    stored = [column.stored for column in kind.columns]
    places = [stored.index(name) for name in names]
    return lambda row: tuple(row[place] for place in places)


def _ids(connection: Connection, table: str) -> dict[str, int]:
    rows = connection.execute(text(f"SELECT code, id FROM {table}"))  # noqa: S608 -- of REFERRED
    return {row.code: row.id for row in rows}


def _owners(connection: Connection, kind: CsvFile) -> dict[object, Row]:
    """The key of the row that has each value of the unique column."""
    columns = ", ".join((str(kind.unique), *kind.key))
    rows = connection.execute(text(f"SELECT {columns} FROM {kind.table}"))  # noqa: S608 -- of FILES
    return {row[0]: tuple(row[1:]) for row in rows if row[0] is not None}


def _upsert(connection: Connection, kind: CsvFile, rows: list[Row]) -> int:
    """Insert or update *rows*; returns how many were new or different."""
    changed = 0
    with driver(connection).cursor() as cursor:
        if kind.unique is not None:
            for batch in _batches(kind, rows):
                cursor.execute(_give_up(kind, kind.unique), [batch])
        for batch in _batches(kind, rows):
            cursor.execute(_merge(kind), [batch])
            changed += cursor.rowcount
    return changed


def _batches(kind: CsvFile, rows: list[Row]) -> Iterator[str]:
    """
    *rows* as JSON, for `STAGED`.

    Not as a temporary table: no role of the ledger may make one, as it would be found before the
    ledger's own tables.
    """
    names = [column.stored for column in kind.columns]
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        yield json.dumps([dict(zip(names, row, strict=True)) for row in batch], default=str)


def _give_up(kind: CsvFile, unique: str) -> sql.Composed:
    """Clear the unique values that change, so that two rows can swap theirs."""
    table = sql.Identifier(kind.table)
    same_key = sql.SQL(" AND ").join(
        sql.SQL("{0}.{1} = staged.{1}").format(table, sql.Identifier(name)) for name in kind.key
    )
    return sql.SQL(
        "UPDATE {table} SET {unique} = NULL FROM {staged}"
        " WHERE {same_key} AND {table}.{unique} IS DISTINCT FROM staged.{unique}"
    ).format(
        table=table,
        staged=STAGED.format(table=table),
        unique=sql.Identifier(unique),
        same_key=same_key,
    )


def _merge(kind: CsvFile) -> sql.Composed:
    columns = [column.stored for column in kind.columns]
    others = [name for name in columns if name not in kind.key]
    table = sql.Identifier(kind.table)
    now = sql.SQL(", ").join(sql.Identifier(kind.table, name) for name in others)
    new = sql.SQL(", ").join(sql.Identifier("excluded", name) for name in others)
    return sql.SQL(
        "INSERT INTO {table} ({names}) SELECT {names} FROM {staged}"
        " ON CONFLICT ({key}) DO UPDATE SET ({others}) = ROW ({new})"
        " WHERE ({now}) IS DISTINCT FROM ({new})"
    ).format(
        table=table,
        names=sql.SQL(", ").join(map(sql.Identifier, columns)),
        staged=STAGED.format(table=table),
        key=sql.SQL(", ").join(map(sql.Identifier, kind.key)),
        others=sql.SQL(", ").join(map(sql.Identifier, others)),
        new=new,
        now=now,
    )


def users(database_url: str) -> list[str]:
    """The email addresses of everybody who may use the API, in order."""
    with engine(database_url).connect() as connection:
        return list(connection.execute(text("SELECT email FROM app_user ORDER BY 1")).scalars())
