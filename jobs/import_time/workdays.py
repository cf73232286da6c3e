"""From a tool's file to workdays, with every entry that could not be used and why."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

from jobs.load.read import Refusal

from .clock import DateOrder, Unplaced, hundredths, needs_order, order_of, seconds
from .days import SECONDS_OF_A_DAY, Zones, place
from .people import Directory
from .records import Record, read_records
from .tools import Tool

HEADING = ("employee", "work_date", "project", "kind", "hours", "note")
# As Clockify has it until somebody changes the setting.
USUAL_ORDER = DateOrder.MONTH_FIRST

Key = tuple[str, date, str]


@dataclass(frozen=True, slots=True)
class Workday:
    """Regular hours of one employee, day and project, in hundredths."""

    employee: str
    work_date: date
    project: str
    hours: Decimal


@dataclass(frozen=True, slots=True)
class Imported:
    """
    What became of a file.

    Attributes:
        workdays: By employee, day and project.
        entries: How many the file has.
        refusals: Those that are in no workday, and why.
        notices: Those that are, but that somebody should check.
        read: Seconds of all entries whose duration can be read.
        placed: Seconds of those that are in workdays.
        assumed: How dates were read if the file does not show it; None if it does.
    """

    workdays: list[Workday]
    entries: int
    refusals: list[Refusal]
    notices: list[Refusal]
    read: Fraction
    placed: Fraction
    assumed: DateOrder | None

    @property
    def needs_a_person(self) -> bool:
        """Whether anything was left out, or looks wrong."""
        return bool(self.refusals or self.notices)

    @property
    def hours(self) -> Decimal:
        """Of all workdays."""
        return sum((workday.hours for workday in self.workdays), Decimal("0.00"))


def import_time(
    path: Path,
    tool: Tool,
    known: Directory,
    zone: ZoneInfo,
    *,
    days: ZoneInfo | None = None,
    order: DateOrder | None = None,
) -> Imported:
    """
    The workdays of a time export.

    Each employee's time on a project and day is added up exactly, and rounded once, to a hundredth
    of an hour, halves up: a workday differs from its entries by 18 seconds at most.

    Args:
        path: The file.
        tool: What wrote it.
        known: The people and projects that it may name.
        zone: The time zone of its times.
        days: The zone whose midnights separate the days; *zone* if left out.
        order: How it writes dates; worked out from the dates if left out.

    Raises:
        UnreadableFile: If it is not *tool*'s export.
        MixedDates: If it writes dates in two ways.
    """
    records = read_records(path, tool)
    dates = [record.get(name) for record in records for name in ("start_date", "end_date")]
    seen = order or order_of(dates)
    zones = Zones(zone, days or zone, seen or USUAL_ORDER)
    totals: dict[Key, Fraction] = defaultdict(Fraction)
    lines: dict[Key, int] = {}
    refusals, notices = [], []
    for record in records:
        try:
            placed, who, what = place(record, zones), *_named(record, known)
        except Unplaced as unplaced:
            refusals.append(Refusal(path.name, record.line, str(unplaced)))
            continue
        for worked, lasted in placed.items():
            totals[who, worked, what] += lasted
            lines.setdefault((who, worked, what), record.line)
        if sum(placed.values()) > SECONDS_OF_A_DAY:
            notices.append(Refusal(path.name, record.line, _long(placed)))
    workdays = [Workday(*key, hundredths(total)) for key, total in sorted(totals.items())]
    return Imported(
        workdays=[workday for workday in workdays if workday.hours],
        entries=len(records),
        refusals=refusals,
        notices=notices + _vanished(path.name, workdays, lines),
        read=sum((_length(record) for record in records), Fraction()),
        placed=sum(totals.values(), Fraction()),
        assumed=None if seen or not needs_order(dates) else zones.order,
    )


def _named(record: Record, known: Directory) -> tuple[str, str]:
    return known.employee_of(record), known.project_of(record)


def _long(placed: dict[date, Fraction]) -> str:
    parts = ", ".join(f"{worked} {hundredths(lasted)}" for worked, lasted in placed.items())
    total = hundredths(sum(placed.values(), Fraction()))
    return f"it lasts {total} hours (split at midnight into {parts}); was a timer left running?"


def _vanished(file: str, workdays: list[Workday], lines: dict[Key, int]) -> list[Refusal]:
    """Those that round to zero; every run would reject a workday without hours."""
    reason = "the time on that day and project rounds to 0.00 hours, so there is no workday for it"
    return [
        Refusal(file, lines[workday.employee, workday.work_date, workday.project], reason)
        for workday in workdays
        if not workday.hours
    ]


def _length(record: Record) -> Fraction:
    try:
        return seconds(record.get("duration"))
    except Unplaced:
        return Fraction()


def as_csv(workdays: list[Workday]) -> str:
    """The file that ``load`` takes."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(HEADING)
    for workday in workdays:
        day = workday.work_date.isoformat()
        writer.writerow((workday.employee, day, workday.project, "regular", workday.hours, ""))
    return written.getvalue()
