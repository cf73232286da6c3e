"""Read the lines of a CSV file, with refusals that say where and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from jobs.csv_file import UnreadableFile, rows_of, text_of

from .files import Column, CsvFile
from .values import Refused, Value

Row = tuple[Value | int, ...]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A line that was left out."""

    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file} line {self.line}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Line:
    """One record: where it starts in the file, and its fields by column name."""

    number: int
    fields: Mapping[str, str]


def read_lines(path: Path, kind: CsvFile) -> tuple[list[Line], list[Refusal]]:
    """
    The records of *path*, and those that have too few or too many fields.

    Raises:
        UnreadableFile: If it is not UTF-8, or its heading is not that of its *kind*.
    """
    records = rows_of(path, text_of(path))
    try:
        _, heading = next(records)
    except StopIteration:
        raise UnreadableFile(path.name, "is empty; its first line must name the columns") from None
    names = [name.strip() for name in heading]
    _check_heading(path.name, names, kind)
    lines, refusals = [], []
    for number, fields in records:
        if not any(fields):
            continue
        if len(fields) == len(names):
            lines.append(Line(number, dict(zip(names, fields, strict=True))))
        else:
            reason = f"has {len(fields)} fields, but the heading has {len(names)}"
            refusals.append(Refusal(path.name, number, reason))
    return lines, refusals


def _check_heading(name: str, heading: list[str], kind: CsvFile) -> None:
    expected = [column.name for column in kind.columns]
    wanted = ",".join(expected)
    if len(heading) == 1 and any(mark in heading[0] for mark in ";\t|"):
        raise UnreadableFile(name, f"is not separated by commas; its heading must be {wanted}")
    if missing := [
        column.name
        for column in kind.columns
        if column.name not in heading and column.default is None
    ]:
        raise UnreadableFile(
            name, f"lacks these columns: {', '.join(missing)}; its heading must be {wanted}"
        )
    if unknown := [column for column in heading if column not in expected]:
        raise UnreadableFile(
            name, f"has unknown columns: {', '.join(unknown)}; its heading must be {wanted}"
        )
    if len(set(heading)) < len(heading):
        raise UnreadableFile(name, f"names a column twice; its heading must be {wanted}")


def read_row(line: Line, kind: CsvFile, ids: Mapping[str, Mapping[str, int]]) -> Row:
    """
    The values to store, in the order of *kind*'s columns.

    Args:
        line: One record.
        kind: Its file.
        ids: For each table that may be referred to, the id of each code.

    Raises:
        Refused: Naming the first field that cannot be stored.
    """
    row = {column.stored: _value(line, column, ids) for column in kind.columns}
    if kind.check is not None:
        kind.check(row)
    return tuple(row.values())


def _value(line: Line, column: Column, ids: Mapping[str, Mapping[str, int]]) -> Value | int:
    field = line.fields.get(column.name, column.default or "")
    try:
        value = column.read(field)
    except Refused as refused:
        raise Refused(f"{column.name} {refused}") from None
    if column.references is None or value is None:
        return value
    try:
        return ids[column.references][str(value)]
    except KeyError:
        raise Refused(
            f"{column.name} {value!r} does not exist; correct it, or add it to"
            f" {column.references}s.csv"
        ) from None
