"""Asking: one question over one state of the export."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb

from chalicelib.billing.errors import BillingError
from chalicelib.exports import STAMP

from .sources import Source, connect

QUESTIONS = Path(__file__).parents[2] / "sql" / "analyst"
VIEWS = "views"
ANSWER = "_answer"

# An export is written in a moment; who meets it asks again.
TRIES = 20
PAUSE_SECONDS = 0.25

STAMPS = """
    SELECT DISTINCT regexp_extract(file_name, 'period=([^/]+)/', 1), decode(value)
    FROM parquet_kv_metadata(getvariable('exports') || '/*/*/*.parquet')
    WHERE key = CAST(? AS BLOB) ORDER BY ALL
"""


class NoSuchQuestion(BillingError):
    """Neither a file, nor one of our questions, nor SQL."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(
            f"{name!r} is neither a file nor a question; give SQL in quotes, a file, or one of"
            f" {', '.join(questions())}"
        )


class NothingExported(BillingError):
    """There is no Parquet where the export should be."""

    def __init__(self, root: str) -> None:
        self.root = root
        super().__init__(
            f"nothing is exported in {root}, or not all of it; run: python -m jobs export PERIOD"
        )


class QueryRefused(BillingError):
    """DuckDB cannot answer it."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"DuckDB refused the query: {reason}")


class ExportBusy(BillingError):
    """The export was rewritten during every try."""

    def __init__(self) -> None:
        super().__init__("the export is being rewritten over and over; ask again in a minute")


def questions() -> list[str]:
    """The names of our questions."""
    return sorted(file.stem for file in QUESTIONS.glob("*.sql") if file.stem != VIEWS)


def text_of(file_or_sql: str) -> str:
    """
    The SQL: of a file, of one of our questions by its name, or as it is given.

    Raises:
        NoSuchQuestion: If it is one word and none of these.
    """
    for place in (Path(file_or_sql), QUESTIONS / f"{file_or_sql}.sql"):
        # SQL may be too long to be a name.
        with suppress(OSError):
            if place.is_file():
                return place.read_text(encoding="utf-8")
    if len(file_or_sql.split()) <= 1:
        raise NoSuchQuestion(file_or_sql)
    return file_or_sql


@contextmanager
def answered(sql: str, source: Source) -> Iterator[duckdb.DuckDBPyConnection]:
    """
    A connection whose table `ANSWER` holds the answer to *sql*, in its order.

    The last statement is the question; those before it are run first.  All it reads is of one state
    of the export: while that is being rewritten it is asked again.

    Raises:
        NothingExported: If there is no export.
        QueryRefused: If it is not SQL, or names what does not exist.
        ExportBusy: If no try met the export at rest.
    """
    for _ in range(TRIES):
        connection = connect(source)
        try:
            if _ask(connection, sql, source):
                yield connection
                return
        finally:
            connection.close()
        time.sleep(PAUSE_SECONDS)
    raise ExportBusy


def _ask(connection: duckdb.DuckDBPyConnection, sql: str, source: Source) -> bool:
    """Whether the answer is of one state of the export."""
    try:
        before = _state(connection, source)
        _prepare(connection, source)
        _run(connection, sql)
        return _whole(before) and _state(connection, source) == before
    except duckdb.Error as error:
        if _rewritten(error):
            return False
        raise QueryRefused(_in_one_line(error)) from None


def _state(connection: duckdb.DuckDBPyConnection, source: Source) -> list[tuple[str, str]]:
    """Each period's stamp; several while it is being rewritten."""
    try:
        return connection.execute(STAMPS, [STAMP]).fetchall()
    except duckdb.IOException as error:
        if "No files found" in str(error):
            raise NothingExported(source.root) from None
        raise


def _whole(state: list[tuple[str, str]]) -> bool:
    return len({period for period, _ in state}) == len(state)


def _prepare(connection: duckdb.DuckDBPyConnection, source: Source) -> None:
    try:
        connection.execute((QUESTIONS / f"{VIEWS}.sql").read_text(encoding="utf-8"))
    except duckdb.IOException as error:
        if "No files found" in str(error):
            raise NothingExported(source.root) from None
        raise


def _run(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    *first, question = [statement.query for statement in connection.extract_statements(sql)] or [""]
    for statement in first:
        connection.execute(statement)
    connection.execute(f"CREATE TEMP TABLE {ANSWER} AS FROM (\n{question.strip().rstrip(';')}\n)")


def _rewritten(error: duckdb.Error) -> bool:
    """Whether a file was replaced while it was being read, which DuckDB notices by its ETag."""
    return isinstance(error, duckdb.HTTPException | duckdb.IOException) and "etag" in (
        str(error).lower()
    )


def _in_one_line(error: duckdb.Error) -> str:
    """What DuckDB says first, without the drawing of the place."""
    lines = [line.strip() for line in str(error).splitlines()]
    return " ".join(line for line in lines if line and not line.startswith(("LINE", "^")))
