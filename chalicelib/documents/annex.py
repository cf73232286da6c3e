"""The workdays that the lines sum up: each day, its project, work and hours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import reduce
from itertools import pairwise

from chalicelib.language import Language

from . import wording
from .pdf.grid import (
    DARK,
    HAIRLINE,
    HEADING,
    LABEL,
    LEFT,
    LINE,
    RIGHT,
    SMALL,
    SMALL_QUIET,
    STRONG,
    column,
    gap,
    ruled,
)
from .pdf.marks import Band, Rule, Text, aligned_right, beside
from .pdf.pages import Block, paginate
from .printed import PrintedInvoice

_GUTTER = 5.0
_NARROW_GUTTER = 3.5
# Between two columns of days.
_BETWEEN = 10.0
_ROW = 4.6
# Below each row, above the hairline of the next.
_AIR = 0.8


@dataclass(frozen=True, slots=True)
class _Day:
    """One row, as written.  *first* says that its date is not the one of the row above."""

    date: str
    code: str
    name: str
    work: str
    hours: str
    first: bool


@dataclass(frozen=True, slots=True)
class _Columns:
    """Where a column of days has its texts, and its hours end; without a *name*, no names."""

    date: float
    code: float
    name: float | None
    work: float
    hours: float


def annex(invoice: PrintedInvoice, language: Language, room: float) -> list[list[Band]]:
    """
    The workdays on pages of their own, of *room* millimetres; no days, no page.

    What one page cannot hold is set in two columns, without the projects' names, if it fits.
    """
    if not invoice.days:
        return []
    days = list(_days(invoice, language))
    widths = _widths(days, language)
    title, ending = _title(invoice, language), _ending(invoice, language)
    single, double = _single(widths, days), _double(widths)
    labels = _labels([single], language)
    left = room - _height([*title, *labels, *ending.bands])
    rows = int(left / (_ROW + _AIR))
    if len(days) <= rows or not double:
        blocks = [Block((*_listed(day, single), gap(_AIR)), (*title, *labels)) for day in days]
    else:
        heading = (*title, *_labels(double, language))
        blocks = [Block(tuple(page), heading) for page in _in_two(days, double, rows)]
    return paginate(blocks, ending, room)


def _days(invoice: PrintedInvoice, language: Language) -> Iterator[_Day]:
    dates = [None, *(day.work_date for day in invoice.days)]
    for day, (before, date) in zip(invoice.days, pairwise(dates), strict=True):
        line = invoice.lines[day.position - 1]
        yield _Day(
            date=language.figures.workday(day.work_date),
            code=" ".join(line.project_code.split()),
            name=" ".join(line.project_name.split()),
            work=wording.work(line.kind, language),
            hours=language.figures.money(day.hours),
            first=before != date,
        )


def _widths(days: Sequence[_Day], language: Language) -> _Columns:
    """The width that each column needs, in the order of `_Columns`."""
    date, project, work, hours = _words(language)
    return _Columns(
        date=_widest((day.date for day in days), date),
        code=_widest((day.code for day in days), project),
        name=None,
        work=_widest((day.work for day in days), work),
        hours=_widest((day.hours for day in days), hours),
    )


def _words(language: Language) -> tuple[str, str, str, str]:
    return (
        language.gettext("Date"),
        language.gettext("Project"),
        language.gettext("Work"),
        language.gettext("Hours"),
    )


def _widest(texts: Iterable[str], label: str) -> float:
    return max(LABEL.width(label), *map(SMALL.width, texts))


def _single(widths: _Columns, days: Sequence[_Day]) -> _Columns:
    """One column over the whole page; names only if none of them has to be broken."""
    code = LEFT + widths.date + _GUTTER
    work = RIGHT - widths.hours - _GUTTER - widths.work
    name = code + widths.code + _NARROW_GUTTER
    fits = name + _widest((day.name for day in days), "") <= work - _NARROW_GUTTER
    return _Columns(LEFT, code, name if fits else None, work, RIGHT)


def _double(widths: _Columns) -> tuple[_Columns, _Columns] | None:
    """Two columns next to each other; none if a row would have to be broken."""
    code = widths.date + _NARROW_GUTTER
    work = code + widths.code + _NARROW_GUTTER
    hours = work + widths.work + _NARROW_GUTTER + widths.hours
    width = (RIGHT - LEFT - _BETWEEN) / 2
    if hours > width:
        return None
    left, right = (_Columns(x, x + code, None, x + work, x + width) for x in (LEFT, RIGHT - width))
    return left, right


def _title(invoice: PrintedInvoice, language: Language) -> tuple[Band, ...]:
    """The heading of every page of the annex."""
    month = aligned_right(RIGHT, language.figures.month(invoice.period_start), SMALL_QUIET)
    return (Band(8.0, (Text(LEFT, language.gettext("Workdays"), HEADING), month)), gap(5))


def _labels(columns: Sequence[_Columns], language: Language) -> tuple[Band, ...]:
    date, project, work, hours = _words(language)
    texts = tuple(
        text
        for column_ in columns
        for text in (
            Text(column_.date, date, LABEL),
            Text(column_.code, project, LABEL),
            Text(column_.work, work, LABEL),
            aligned_right(column_.hours, hours, LABEL),
        )
    )
    rules = tuple(Rule(one.date, one.hours, 0.0, 0.35, DARK) for one in columns)
    return (Band(LINE, texts), gap(0.6), Band(0.6, rules=rules))


def _listed(day: _Day, columns: _Columns) -> list[Band]:
    """A row of a single column; a long project code goes on below."""
    width = columns.work - columns.code - _NARROW_GUTTER
    code = column(day.code, SMALL_QUIET, columns.code, width, _ROW)
    name = () if columns.name is None else (Text(columns.name, day.name, SMALL),)
    return reduce(beside, (code, [Band(_ROW, name)], [_row(day, columns)]))


def _in_two(
    days: Sequence[_Day], columns: tuple[_Columns, _Columns], rows: int
) -> Iterator[list[Band]]:
    """Pages of so many *rows*, the left column filled first; the last page's are as long."""
    left, right = columns
    for start in range(0, len(days), 2 * rows):
        page = days[start : start + 2 * rows]
        half = (len(page) + 1) // 2
        yield beside(_stacked(page[:half], left), _stacked(page[half:], right))


def _stacked(days: Sequence[_Day], columns: _Columns) -> list[Band]:
    """Rows below one another; the first of a column has its date in full ink."""
    dated = [*(replace(day, first=True) for day in days[:1]), *days[1:]]
    codes = (Band(_ROW + _AIR, (Text(columns.code, day.code, SMALL_QUIET),)) for day in days)
    return beside([_row(day, columns) for day in dated], list(codes))


def _row(day: _Day, columns: _Columns) -> Band:
    texts = (
        Text(columns.date, day.date, SMALL if day.first else SMALL_QUIET),
        Text(columns.work, day.work, SMALL),
        aligned_right(columns.hours, day.hours, SMALL),
    )
    line = (Rule(columns.date, columns.hours, 0.0, 0.2, HAIRLINE),) if day.first else ()
    return Band(_ROW, texts, line)


def _ending(invoice: PrintedInvoice, language: Language) -> Block:
    """How many days and hours there are."""
    hours = sum((day.hours for day in invoice.days), Decimal(0))
    count = len({day.work_date for day in invoice.days})
    days = language.ngettext("{count} day", "{count} days", count).format(count=count)
    total = aligned_right(RIGHT, language.figures.money(hours), STRONG)
    return Block((ruled(1.0, DARK), Band(6.0, (Text(LEFT, days, SMALL_QUIET), total))))


def _height(bands: Iterable[Band]) -> float:
    return sum(band.height for band in bands)
