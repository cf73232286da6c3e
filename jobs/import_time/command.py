"""The command: where names come from, where workdays go, and what it reports about them."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rich.console import Console

from chalicelib.billing.errors import BillingError
from jobs import environment
from jobs.console import sentence
from jobs.console import write as write_out
from jobs.csv_file import UnreadableFile
from jobs.wording import counted

from .clock import DateOrder, hundredths
from .people import Directory, of_database, of_folder
from .tools import TOOLS, ToolName
from .workdays import Imported, as_csv, import_time

ORDERS = {DateOrder.MONTH_FIRST: "month-first", DateOrder.DAY_FIRST: "day-first"}


class NoZone(BillingError):
    """No time zone has that name."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"{name!r} is not a time zone; use a name such as Europe/Kyiv")


def known(folder: Path | None, say: environment.Say) -> Directory:
    """The people and projects that the file may name, from *folder* or from the database."""
    return of_folder(folder) if folder else of_database(environment.database_url(say))


def run(
    file: Path,
    tool: ToolName,
    directory: Directory,
    zones: tuple[str, str | None],
    order: DateOrder | None,
) -> Imported:
    """
    `import_time`, with zones by name: of the times, and of the days if that is another one.

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
        write_out(content, out.file)
        return
    try:
        target.write_text(content, encoding="utf-8")
    except OSError as error:
        raise UnreadableFile(str(target), f"cannot be written: {error.strerror}") from None


def tell(imported: Imported, err: Console) -> None:
    """Print what was left out and what looks wrong, line by line, and how the hours add up."""
    for refusal in imported.refusals:
        err.print(sentence(f"left out: {refusal}"), style="yellow")
    for notice in imported.notices:
        err.print(sentence(f"check: {notice}"), style="yellow")
    if imported.assumed:
        order = ORDERS[imported.assumed]
        err.print(f"Dates are read as {order}. If that is wrong, pass --dates dmy or mdy.")
    err.print(_sums(imported))


def _sums(imported: Imported) -> str:
    left_out = counted(len(imported.refusals), "entry", "entries")
    return (
        f"{counted(imported.entries, 'entry', 'entries')}, {hundredths(imported.read)} h"
        f" = {counted(len(imported.workdays), 'workday')}, {imported.hours} h,"
        f" and {left_out} left out, {hundredths(imported.read - imported.placed)} h;"
        f" rounding added {imported.hours - hundredths(imported.placed):+} h."
    )
