"""Tables in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """One line per row; a bar inside a cell does not end it."""
    return "\n".join([_row(heading), "|" + "---|" * len(heading), *map(_row, rows)])


def code(text: str) -> str:
    """*text* in the type of code; empty stays empty."""
    return f"`{text}`" if text else ""


def _row(cells: Sequence[str]) -> str:
    escaped = [cell.replace("|", r"\|") for cell in cells]
    return f"| {' | '.join(escaped)} |"
