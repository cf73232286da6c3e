"""Write an answer as a table, CSV, JSON or Parquet; decimals stay exact."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
from rich.console import Console
from rich.table import Table

from chalicelib.billing.errors import BillingError
from chalicelib.billing.escapes import escaped, escaped_json
from jobs.console import Terminal
from jobs.console import write as write_out
from jobs.terminal import add_row, table
from jobs.wording import counted

from .ask import ANSWER
from .forms import Form
from .sources import quoted

MOMENT = "TIMESTAMP WITH TIME ZONE"
WIDEST = 10_000
# Where a spreadsheet sees a formula begin, full-width signs included: at the start of a text, and
# after what parts the cells where a comma parts the decimals.
FORMULA = re.compile(r"^(?= *[=+\-@\t\r\n＝＋－＠])|(?<=;)(?= *[=+\-@＝＋－＠])")  # noqa: RUF001


class NotWritable(BillingError):
    """The file cannot be written."""

    def __init__(self, file: Path, reason: str) -> None:
        self.file = file
        super().__init__(f"{file} cannot be written: {reason}; choose another with --out")


def write(
    connection: duckdb.DuckDBPyConnection, form: Form, file: Path | None, out: Console
) -> None:
    """
    Write the answer in *connection* to *file*, or to *out*.

    Raises:
        NotWritable: If the file cannot be written.
    """
    if file is None:
        write_out(_as_text(connection, form), out.file)
        return
    try:
        if form is Form.PARQUET:
            target = quoted(str(file))
            connection.execute(f"COPY {ANSWER} TO {target} (FORMAT parquet, COMPRESSION zstd)")
        else:
            file.write_text(_as_text(connection, form), encoding="utf-8")
    except (OSError, duckdb.IOException) as error:
        raise NotWritable(file, str(error).splitlines()[0]) from None


def _as_text(connection: duckdb.DuckDBPyConnection, form: Form) -> str:
    return WRITERS[form](*_fetched(connection))


def _fetched(connection: duckdb.DuckDBPyConnection) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Names of columns, and rows; moments as texts in UTC."""
    described = connection.execute(f"DESCRIBE {ANSWER}").fetchall()
    chosen = ", ".join(_selected(name, kind) for name, kind, *_ in described)
    rows = connection.table(ANSWER).project(chosen).fetchall()
    return [name for name, *_ in described], rows


def _selected(name: str, kind: str) -> str:
    column = '"' + name.replace('"', '""') + '"'
    return f"CAST({column} AS VARCHAR)" if kind == MOMENT else column


def _inert(value: Any) -> Any:  # noqa: ANN401 -- any value of SQL
    """
    A cell that no spreadsheet runs and no terminal obeys; figures stay figures.

    Spreadsheets take a text that begins so for a formula, unless an apostrophe stands before it
    (https://owasp.org/www-community/attacks/CSV_Injection).
    """
    if value is None or isinstance(value, int | float | Decimal | date):
        return value
    return escaped(FORMULA.sub("'", str(value)))


def _as_csv(names: list[str], rows: list[tuple[Any, ...]]) -> str:
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow([_inert(name) for name in names])
    writer.writerows([_inert(value) for value in row] for row in rows)
    return written.getvalue()


def _as_json(names: list[str], rows: list[tuple[Any, ...]]) -> str:
    """A list of objects; decimals and dates are strings, as in the API."""
    records = [dict(zip(names, row, strict=True)) for row in rows]
    document = json.dumps(records, indent=2, ensure_ascii=False, default=_as_string)
    return escaped_json(document) + "\n"


def _as_string(value: Any) -> str:  # noqa: ANN401 -- whatever JSON has no form for
    return value.isoformat() if isinstance(value, date) else str(value)


def _as_table(names: list[str], rows: list[tuple[Any, ...]]) -> str:
    """As wide as needed: a figure cut at the edge of the terminal is worse than one that wraps."""
    drawn = io.StringIO()
    Terminal(file=drawn, width=WIDEST).print(_grid(names, rows))
    lines = [line.rstrip() for line in drawn.getvalue().splitlines()]
    return "\n".join([*lines, counted(len(rows), "row")]) + "\n"


WRITERS: dict[Form, Callable[[list[str], list[tuple[Any, ...]]], str]] = {
    Form.CSV: _as_csv,
    Form.JSON: _as_json,
    Form.TABLE: _as_table,
}


def _grid(names: list[str], rows: list[tuple[Any, ...]]) -> Table:
    numbers = tuple(
        name
        for place, name in enumerate(names)
        if any(isinstance(row[place], Decimal | int) for row in rows)
    )
    grid = table(*names, numbers=numbers)
    for row in rows:
        add_row(grid, *("" if value is None else _in_words(value) for value in row))
    return grid


def _in_words(value: Any) -> str:  # noqa: ANN401 -- any value of SQL
    return f"{value:,}" if isinstance(value, Decimal) else str(value)
