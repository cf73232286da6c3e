"""Read a tool's CSV file into records, under our names for its columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jobs.csv_file import UnreadableFile, rows_of, text_of

from .tools import Tool

SEPARATORS = (",", ";", "\t")


@dataclass(frozen=True, slots=True)
class Record:
    """One entry as written: the line it begins on, and its fields; a missing one is empty."""

    line: int
    fields: Mapping[str, str]

    def get(self, name: str) -> str:
        return self.fields.get(name, "")


def read_records(path: Path, tool: Tool) -> list[Record]:
    """
    The entries of *path*; empty lines are skipped.

    Raises:
        UnreadableFile: If it cannot be read, is not UTF-8, or lacks a column of *tool*'s export.
    """
    content = text_of(path)
    heading = content.splitlines()[0] if content else ""
    separator = max(SEPARATORS, key=heading.count)
    rows = rows_of(path, content, separator)
    _, names = next(rows, (1, []))
    places = _places(path, tool, names)
    return [
        Record(line, {name: _field(row, place) for name, place in places.items()})
        for line, row in rows
        if any(field.strip() for field in row)
    ]


def _places(path: Path, tool: Tool, names: Sequence[str]) -> dict[str, int]:
    """The place of each column that we read; if a tool has used two names, the first one wins."""
    written = [name.strip().casefold() for name in names]
    places = {}
    for name, headings in tool.columns.items():
        found = [written.index(h.casefold()) for h in headings if h.casefold() in written]
        if found:
            places[name] = found[0]
    missing = [tool.columns[name][0] for name in tool.required if name not in places]
    if not {"name", "last_name", "email", "code"} & set(places):
        missing.append(tool.columns.get("name", ("Last Name",))[0])
    if missing:
        wanted = ", ".join(missing)
        raise UnreadableFile(
            path.name, f"is not {tool.report}: these columns are missing: {wanted}; check --format"
        )
    return places


def _field(row: Sequence[str], place: int) -> str:
    return row[place].strip() if place < len(row) else ""
