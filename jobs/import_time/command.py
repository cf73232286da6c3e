"""The command: where names come from, where workdays go, and what is said about them."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rich.console import Console

from chalicelib.billing.errors import BillingError
from jobs import environment
from jobs.load.read import UnreadableFile
from jobs.terminal import plural

from .clock import DateOrder, hundredths
from .people import Directory, of_database, of_folder
from .tools import TOOLS, ToolName
from .workdays import Imported, as_csv, import_time

BEGINS_WITH = {DateOrder.MONTH_FIRST: "month", DateOrder.DAY_FIRST: "day"}


class NoZone(BillingError):
    """There is no time zone of that name."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"{name!r} is not a time zone; write it like Europe/Kyiv")


def known(folder: Path | None, say: environment.Say) -> Directory:
    """Whom and what the file may name: of *folder*'s CSV files, or of the database."""
    return of_folder(folder) if folder else of_database(environment.database_url(say))


def run(
    file: Path,
    tool: ToolName,
    directory: Directory,
    zones: tuple[str, str | None],
    order: DateOrder | None,
) -> Imported:
    """
    `import_time`, with zones by name: of the clock, and of the days if it is another.

    Raises:
        NoZone: If there is no such zone.
    """
    clock, days = zones
    return import_time(
        file, TOOLS[tool], directory, _zone(clock), days=_zone(days or clock), order=order
    )


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise NoZone(name) from None


def write(imported: Imported, target: Path | None, out: Console) -> None:
    """
    The workdays, as ``load`` takes them, to *target* or to *out*.

    Raises:
        UnreadableFile: If *target* cannot be written.
    """
    content = as_csv(imported.workdays)
    if target is None:
        out.file.write(content)
        return
    try:
        target.write_text(content, encoding="utf-8")
    except OSError as error:
        raise UnreadableFile(str(target), f"cannot be written: {error.strerror}") from None


def tell(imported: Imported, err: Console) -> None:
    """What was left out and what looks wrong, line by line, and how the hours add up."""
    for refusal in imported.refusals:
        err.print(f"left out {refusal}", style="yellow", markup=False)
    for notice in imported.notices:
        err.print(f"look at {notice}", style="yellow", markup=False)
    if imported.assumed:
        first = BEGINS_WITH[imported.assumed]
        err.print(f"Dates are read as beginning with the {first}; if not so, say --dates.")
    err.print(_sums(imported), markup=False)


def _sums(imported: Imported) -> str:
    left_out = len(imported.refusals)
    return (
        f"{imported.entries:,} {_entries(imported.entries)}, {hundredths(imported.read)} h"
        f" = {len(imported.workdays):,} {plural('workday', len(imported.workdays))},"
        f" {imported.hours} h, and {left_out:,} {_entries(left_out)} left out,"
        f" {hundredths(imported.read - imported.placed)} h;"
        f" rounding made {imported.hours - hundredths(imported.placed):+} h."
    )


def _entries(count: int) -> str:
    return "entry" if count == 1 else "entries"
