"""Asking: one question over one state of the export."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import duckdb

from chalicelib.billing.errors import BillingError
from chalicelib.export.parquet import STAMP

from .sources import Source, connect, fingerprint

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
    """No try met the export at rest and whole."""

    def __init__(self) -> None:
        super().__init__(
            "the export is being rewritten, or was left half written; ask again in a minute, and"
            " if it stays so run: python -m jobs export PERIOD"
        )


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
        with closing(connect(source)) as connection:
            if _ask(connection, sql, source):
                yield connection
                return
        time.sleep(PAUSE_SECONDS)
    raise ExportBusy


def _ask(connection: duckdb.DuckDBPyConnection, sql: str, source: Source) -> bool:
    """
    Whether the answer is of one state of the export.

    DuckDB reads a file in several requests.  Of one that is replaced between them it may make an
    error, bytes that are no text, or nonsense: nothing counts unless no file changed meanwhile.
    """
    before = fingerprint(source)
    if not before:
        raise NothingExported(source.root)
    refused: Exception | None = None
    try:
        connection.execute((QUESTIONS / f"{VIEWS}.sql").read_text(encoding="utf-8"))
        whole = _whole(connection.execute(STAMPS, [STAMP]).fetchall())
        _run(connection, sql)
    except (duckdb.Error, UnicodeDecodeError) as error:
        refused = error
    if fingerprint(source) != before:
        return False
    if refused is not None:
        raise _refusal(refused, source) from None
    return whole


def _whole(stamps: list[tuple[str, str]]) -> bool:
    """Whether each period has one stamp; it has several while it is being rewritten."""
    return len({period for period, _ in stamps}) == len(stamps)


def _refusal(error: Exception, source: Source) -> BillingError:
    sentence = _in_one_line(error)
    if "No files found" in sentence and source.root in sentence:
        return NothingExported(source.root)
    return QueryRefused(sentence)


def _run(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    *first, question = [statement.query for statement in connection.extract_statements(sql)] or [""]
    for statement in first:
        connection.execute(statement)
    connection.execute(f"CREATE TEMP TABLE {ANSWER} AS FROM (\n{question.strip().rstrip(';')}\n)")


def _in_one_line(error: Exception) -> str:
    """What DuckDB says first, without the drawing of the place."""
    lines = [line.strip() for line in str(error).splitlines()]
    return " ".join(line for line in lines if line and not line.startswith(("LINE", "^")))
