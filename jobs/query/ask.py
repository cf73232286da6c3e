"""Ask one question of one state of the export."""

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

# Writing an export takes a moment; a query that meets one tries again.
TRIES = 20
PAUSE_SECONDS = 0.25

STAMPS = """
    SELECT DISTINCT regexp_extract(file_name, 'period=([^/]+)/', 1), decode(value)
    FROM parquet_kv_metadata(getvariable('exports') || '/*/*/*.parquet')
    WHERE key = CAST(? AS BLOB) ORDER BY ALL
"""


class NoSuchQuestion(BillingError):
    """The text is neither a file, nor one of our questions, nor SQL."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(
            f"{name!r} is neither a file nor a question; pass SQL in quotes, a file, or one of"
            f" {', '.join(questions())}"
        )


class NothingExported(BillingError):
    """There are no Parquet files where the export should be."""

    def __init__(self, root: str) -> None:
        self.root = root
        super().__init__(
            f"the export in {root} is missing or incomplete; run: python -m jobs export PERIOD"
        )


class QueryRefused(BillingError):
    """DuckDB cannot answer it."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"DuckDB could not run the query: {reason}")


class ExportBusy(BillingError):
    """Every try found the export changing or incomplete."""

    def __init__(self) -> None:
        super().__init__(
            "the export is being rewritten, or was left half written; try again in a minute, and if"
            " the problem persists, run: python -m jobs export PERIOD"
        )


def questions() -> list[str]:
    """The names of our questions."""
    return sorted(file.stem for file in QUESTIONS.glob("*.sql") if file.stem != VIEWS)


def text_of(file_or_sql: str) -> str:
    """
    The SQL of a file, of one of our questions by name, or as given.

    Raises:
        NoSuchQuestion: If it is one word and none of these.
        QueryRefused: If it is not text, or the file is not.
    """
    for place in (Path(file_or_sql), QUESTIONS / f"{file_or_sql}.sql"):
        # SQL may be too long for a file name.
        with suppress(OSError, ValueError):
            if place.is_file():
                return _read(place)
    if len(file_or_sql.split()) <= 1:
        raise NoSuchQuestion(file_or_sql)
    _check_encoded(file_or_sql)
    return file_or_sql


def _check_encoded(sql: str) -> None:
    try:
        sql.encode()
    except UnicodeEncodeError:
        raise QueryRefused("it is not UTF-8; type it again") from None


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise QueryRefused(f"{file} is not UTF-8; save it again as UTF-8") from None


@contextmanager
def answered(sql: str, source: Source) -> Iterator[duckdb.DuckDBPyConnection]:
    """
    A connection whose table `ANSWER` holds the answer to *sql*, in its order.

    The last statement is the question; those before it run first. All it reads comes from one state
    of the export: if that is being rewritten, the question is asked again.

    Raises:
        NothingExported: If there is no export.
        QueryRefused: If it is not SQL, or names what does not exist.
        ExportBusy: If every try found the export changing.
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
    Whether the answer comes from one state of the export.

    DuckDB reads a file in several requests. If the file is replaced between them, the result may be
    an error, bytes that are not text, or nonsense: it only counts if no file changed meanwhile.
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
    if not question.strip():
        raise QueryRefused("it is empty; write a SELECT")
    for statement in first:
        connection.execute(statement)
    connection.execute(f"CREATE TEMP TABLE {ANSWER} AS FROM (\n{question.strip().rstrip(';')}\n)")


def _in_one_line(error: Exception) -> str:
    """DuckDB's message without its drawing of the place."""
    lines = [line.strip() for line in str(error).splitlines()]
    return " ".join(line for line in lines if line and not line.startswith(("LINE", "^")))
