"""What the terminal's reports are made of: tables, titles, and what words mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from chalicelib.store.reporting import Held, Reject

RULES = {
    "hours": "the hours of a workday must be over 0 and at most 24",
    "kind": "the kind of a workday must be regular or overtime",
    "day_over_24": "the hours of that day come to more than 24",
}
REASONS = {
    "no_agreement": "no agreement to self-billing before the issue date",
    "no_rate": "no rate for a day worked",
    "unprintable": "a name or address the invoice's fonts cannot print",
}


def plural(word: str, count: int) -> str:
    return word if count == 1 else f"{word}s"


def table(*columns: str, numbers: tuple[str, ...] = ()) -> Table:
    """A table without lines; *numbers* are the columns that stand right and never wrap."""
    grid = Table(box=None, header_style="dim")
    for column in columns:
        right = column in numbers
        justify: Literal["left", "right"] = "right" if right else "left"
        grid.add_column(column, justify=justify, no_wrap=right, min_width=len(column))
    return grid


def titled(title: str, *parts: RenderableType) -> RenderableType:
    """*parts* below their title."""
    return Group(Text(f"\n{title}", style="bold"), *parts)


def meanings(known: Mapping[str, str], used: Sequence[str]) -> Text:
    """What each word used in a table means."""
    sentences = [f" {word}: {known[word]}" for word in known if word in used]
    return Text("\n".join(sentences), style="dim")


def add_row(grid: Table, *cells: str, style: str | None = None) -> None:
    """Add a row of cells as they are written: a name may hold what Rich takes for markup."""
    grid.add_row(*(Text(cell) for cell in cells), style=style)


def rejects(title: str, rows: Sequence[Reject]) -> RenderableType | None:
    """The rejected workdays and what the rules mean; None if there are none."""
    if not rows:
        return None
    names = ("employee", "name", "day", "project", "kind", "hours", "rule")
    grid = table(*names, numbers=("hours",))
    for row in rows:
        what = (row.employee, row.name, str(row.work_date), row.project, row.kind)
        add_row(grid, *what, f"{row.hours:,.2f}", row.rule)
    return titled(title, grid, meanings(RULES, [row.rule for row in rows]))


def helds(title: str, rows: Sequence[Held]) -> RenderableType | None:
    """The held employees and what the reasons mean; None if there are none."""
    if not rows:
        return None
    grid = table("employee", "name", "reason", "")
    for row in rows:
        add_row(grid, row.employee, row.name, row.reason, row.detail)
    return titled(title, grid, meanings(REASONS, [row.reason for row in rows]))
