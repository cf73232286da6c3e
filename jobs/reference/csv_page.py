"""docs/reference/csv.md, from the files that `load` knows."""

from __future__ import annotations

from jobs.load.files import FILES, Column, CsvFile
from jobs.load.values import Refused

from .markdown import code, table

HEAD = """# CSV files

Written by `python -m jobs.reference` from `jobs/load/files.py`.

`python -m jobs load DIR` reads these files from one folder, in this order. Every file is optional:
a file may refer to what an earlier load stored.

- **Form.** UTF-8, separated by commas, dates as `2026-10-01`, numbers as `7.50`. The first line
  names the columns, in any order. Put a field that contains a comma into double quotes.
- **Required** means that the first line must name the column. Whether a field may be empty is
  said under *form*. Leaving an optional column out clears what was stored.
- **Loading twice** changes nothing. A row whose key is already stored is updated. Rows that are no
  longer in the file are kept.
- **A refused row** is left out and reported with file, line and reason. All other rows are loaded,
  and the exit code is 1. Correct the row and load again.
- **A refused file** (a column is missing or unknown, or it is not CSV) stops the whole load:
  nothing is stored, and the exit code is 2.

`load` refuses only what cannot be stored. Whether a workday can be billed is decided by the run:
`python -m jobs preview 2026-10` shows what it would reject or hold.
"""


def page() -> str:
    """The whole page, in Markdown."""
    return "\n".join([HEAD, *map(_section, FILES)])


def _section(kind: CsvFile) -> str:
    heading = ("column", "required", "meaning", "form", "example", "refused, for example")
    rows = [
        (
            code(column.name),
            "yes" if column.default is None else "no",
            column.meaning,
            column.form,
            code(column.example),
            _refused(column),
        )
        for column in kind.columns
    ]
    parts = [f"## `{kind.name}`", kind.rows, table(heading, rows), _rules(kind), _example(kind)]
    return "\n\n".join(parts) + "\n"


def _refused(column: Column) -> str:
    """A field that is refused, in the words of `load`."""
    if column.references:
        return f"no {column.references} has the code"
    if column.wrong is None:
        return ""
    try:
        column.read(column.wrong)
    except Refused as refused:
        return str(refused)
    raise ValueError(column.name)


def _rules(kind: CsvFile) -> str:
    *others, last = [code(column.name) for column in kind.columns if column.stored in kind.key]
    key = " and ".join([", ".join(others), last]) if others else last
    rules = [f"Key: {key}. A second line with the same key is refused."]
    if kind.unique:
        rules.append(f"No two rows may have the same {code(kind.unique)}.")
    return " ".join([*rules, kind.rule]).strip()


def _example(kind: CsvFile) -> str:
    lines = [
        ",".join(column.name for column in kind.columns),
        ",".join(_quoted(column.example) for column in kind.columns),
    ]
    return "\n".join(["```csv", *lines, "```"])


def _quoted(field: str) -> str:
    return f'"{field}"' if "," in field else field
