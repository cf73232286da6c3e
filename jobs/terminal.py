"""Building blocks of everything shown on a terminal: tables, titles and explained codes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from chalicelib.billing.escapes import on_one_line
from chalicelib.billing.payment_checks import PaymentCheck
from chalicelib.store.reporting import Held, Reject

from .wording import PAYMENT_CHECKS, REASONS, RULES, changed_by

# Longer lists of payment checks are cut here and the rest is counted.
CHECKS_SHOWN = 20


def table(*columns: str, numbers: tuple[str, ...] = ()) -> Table:
    """A table without lines; the columns named in *numbers* align right and never wrap."""
    grid = Table(box=None, header_style="dim")
    for column in columns:
        right = column in numbers
        justify: Literal["left", "right"] = "right" if right else "left"
        grid.add_column(
            Text(_shown(column)), justify=justify, no_wrap=right, min_width=len(_shown(column))
        )
    return grid


def titled(title: str, *parts: RenderableType) -> RenderableType:
    """*parts* under a title."""
    return Group(Text(f"\n{title}", style="bold"), *parts)


def meanings(known: Mapping[str, str], used: Sequence[str]) -> Text:
    """What each code used in a table means."""
    sentences = [f" {word}: {known[word]}" for word in known if word in used]
    return Text("\n".join(sentences), style="dim")


def add_row(grid: Table, *cells: str, style: str | None = None) -> None:
    """Add a row of cells as written: Rich would read a name like ``[x]`` as markup."""
    grid.add_row(*(Text(_shown(cell)) for cell in cells), style=style)


def _shown(cell: str) -> str:
    """On one line, and as wide as it is printed: a console escapes only what is laid out."""
    return on_one_line(cell)


def rejects(title: str, rows: Sequence[Reject]) -> RenderableType | None:
    """A table of the rejected workdays and what the rules mean; None if there are none."""
    if not rows:
        return None
    names = ("employee", "name", "day", "project", "kind", "hours", "rule")
    grid = table(*names, numbers=("hours",))
    for row in rows:
        what = (row.employee, row.name, str(row.work_date), row.project, row.kind)
        add_row(grid, *what, f"{row.hours:,.2f}", row.rule)
    return titled(title, grid, meanings(RULES, [row.rule for row in rows]))


def helds(title: str, rows: Sequence[Held]) -> RenderableType | None:
    """A table of the held employees and what the reasons mean; None if there are none."""
    if not rows:
        return None
    grid = table("employee", "name", "reason", "details")
    for row in rows:
        add_row(grid, row.employee, row.name, row.reason, row.detail)
    return titled(title, grid, meanings(REASONS, [row.reason for row in rows]))


def payment_checks(rows: Sequence[PaymentCheck], known: int) -> RenderableType | None:
    """A table of what to check before paying, of *known* in all; None if there is nothing."""
    if not rows:
        return None
    shown = rows[:CHECKS_SHOWN]
    grid = table("check", "employee", "name", "details")
    for row in shown:
        add_row(grid, row.flag, row.employee, row.name, _details(row))
    rest = known - len(shown)
    more = [Text(f" and {rest:,} more; --json lists them", style="dim")] if rest else []
    used = meanings(PAYMENT_CHECKS, [row.flag for row in shown])
    return titled("Check before paying", grid, *more, used)


def _details(row: PaymentCheck) -> str:
    what = f"{row.old} → {row.new}" if row.old else row.new or ""
    others = f"also {', '.join(row.others)}" if row.others else ""
    changed = changed_by(row)
    return "; ".join(filter(None, (what, others, changed and f"changed {changed}")))
