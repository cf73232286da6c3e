"""The tables of the page as rows of cells; the template draws them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby

from chalicelib.billing.control import SIDES, Count
from chalicelib.store.reporting import (
    CurrencyTotal,
    DepartmentTotal,
    PeriodReport,
    RunReport,
)
from jobs.dead_letters.find import DeadLetters
from jobs.dead_letters.view import strange_words, why
from jobs.wording import DELIVERIES, PAYMENT_CHECKS, RUNS, STEPS, changed_by, who

from .charts import Bar, bars, tone
from .words import day, in_words, moment, money, share

SHARE = "Share"


@dataclass(frozen=True, slots=True)
class Cell:
    """Text, with an optional note below it, swatch before it and bar above it."""

    text: str
    note: str = ""
    swatch: str = ""
    bar: Bar | None = None


@dataclass(frozen=True, slots=True)
class Grid:
    """
    A table; the first cell of a row is its heading.

    Attributes:
        figures: The labels of the columns that hold numbers.
        total: A last row with the sums.
    """

    caption: str
    labels: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    figures: Sequence[str] = ()
    total: Sequence[Cell] = ()

    @property
    def wide(self) -> bool:
        """Whether a phone has to show each row as a block."""
        return len(self.labels) > 4  # noqa: PLR2004 -- what fits 360 points

    @property
    def narrow(self) -> bool:
        """Whether its figures would be too far from their labels."""
        return len(self.labels) < 4  # noqa: PLR2004


def balance(report: PeriodReport) -> Grid | None:
    control = report.run.control if report.run else None
    if control is None:
        return None

    def row(side: str, count: Count, swatch: str = "") -> list[Cell]:
        part = share(count.rows, control.extracted.rows)
        return [Cell(side, swatch=swatch), *_cells(f"{count.rows:,}", part, money(count.hours))]

    labels = ("Workdays", "Number", "Share", "Hours")
    rows = [row(side, getattr(control, side), side) for side in SIDES[1:]]
    total = row("extracted", control.extracted)
    return Grid("Balance", labels, rows, labels[1:], total)


def departments(report: PeriodReport) -> list[tuple[str, Grid]]:
    """By currency, each department's totals, largest first, and their sum."""
    labels = ("Department", SHARE, "Documents", "Hours", "Subtotal", "Tax", "Total")
    sums = {row.currency: row for row in report.money}
    grids = []
    for currency, group in groupby(report.departments, lambda row: row.currency):
        parts, whole = sorted(group, key=lambda row: -row.subtotal), sums[currency]
        shares = _shares(currency, [(row.name, row.subtotal) for row in parts])
        rows = [
            [Cell(row.name, row.department), part, *_cells(f"{row.documents:,}", *_amounts(row))]
            for row, part in zip(parts, shares, strict=True)
        ]
        documents = f"{whole.invoices + whole.credit_notes:,}"
        total = _cells(f"Total {currency}", "", documents, *_amounts(whole))
        grids.append(
            (currency, Grid(f"Departments in {currency}", labels, rows, labels[2:], total))
        )
    return grids


def projects(report: PeriodReport) -> list[tuple[str, Grid]]:
    """By currency, each project's amount, largest first, and their sum."""
    labels = ("Project", SHARE, "Hours", "Amount")
    sums = {row.currency: row for row in report.money}
    grids = []
    for currency, group in groupby(report.projects, lambda row: row.currency):
        parts, whole = sorted(group, key=lambda row: -row.amount), sums[currency]
        shares = _shares(currency, [(row.name, row.amount) for row in parts])
        rows = [
            [Cell(row.name, row.project), part, *_cells(money(row.hours), money(row.amount))]
            for row, part in zip(parts, shares, strict=True)
        ]
        total = _cells(f"Total {currency}", "", money(whole.hours), money(whole.subtotal))
        grids.append((currency, Grid(f"Projects in {currency}", labels, rows, labels[2:], total)))
    return grids


def _shares(currency: str, amounts: Sequence[tuple[str, Decimal]]) -> list[Cell]:
    return [Cell(bar.share, bar=bar) for bar in bars(currency, amounts)]


def _amounts(row: DepartmentTotal | CurrencyTotal) -> list[str]:
    return [money(amount) for amount in (row.hours, row.subtotal, row.tax, row.total)]


def months(report: PeriodReport) -> Grid | None:
    if not report.months:
        return None
    currencies = sorted({row.currency for row in report.months})
    rows = [
        [
            Cell(in_words(period)),
            *(Cell(money(row.total) if row.documents else "none") for row in group),
        ]
        for period, group in groupby(report.months, lambda row: row.period)
    ]
    return Grid("Totals of the last six months", ("Month", *currencies), rows, currencies)


def deliveries(report: PeriodReport) -> Grid | None:
    rows = [
        [Cell(status, means, swatch=tone(status)), Cell(f"{report.deliveries[status]:,}")]
        for status, means in DELIVERIES.items()
        if status in report.deliveries
    ]
    return _grid("Deliveries by status", ("Status", "Documents"), rows, ("Documents",))


def rejects(report: PeriodReport) -> Grid | None:
    rows = [
        [
            Cell(row.name, row.employee),
            Cell(day(row.work_date)),
            Cell(row.project, row.kind),
            Cell(money(row.hours)),
            Cell(row.rule, f"{row.value} h that day" if row.rule == "day_over_24" else ""),
        ]
        for row in report.rejects
    ]
    labels = ("Contractor", "Day", "Project, kind", "Hours", "Rule broken")
    return _grid("Rejected workdays", labels, rows, ("Hours",))


def helds(report: PeriodReport) -> Grid | None:
    rows = [
        [Cell(row.name, row.employee), Cell(row.reason), Cell(row.detail)] for row in report.helds
    ]
    return _grid("Held contractors", ("Contractor", "Reason", "Details"), rows)


def all_rejected(report: PeriodReport) -> Grid | None:
    rows = [
        [Cell(row.name, row.employee), *_cells(f"{row.rows:,}", money(row.hours))]
        for row in report.all_rejected
    ]
    labels = ("Contractor", "Workdays", "Hours")
    return _grid("Contractors whose every workday was rejected", labels, rows, labels[1:])


def undelivered(report: PeriodReport) -> Grid | None:
    rows = [
        [
            Cell(row.number),
            Cell(row.name, row.employee),
            Cell(row.recipient or "none"),
            Cell(row.status, DELIVERIES[row.status]),
            Cell(row.error or ""),
        ]
        for row in report.undelivered
    ]
    labels = ("Document", "Contractor", "Email", "Status", "Reason")
    return _grid("Documents not received", labels, rows)


def set_aside(dead: DeadLetters) -> Grid | None:
    rows = [
        [
            Cell(row.number or "unrecognised"),
            Cell(row.name or "", row.employee or ""),
            Cell(STEPS[row.step]),
            Cell(moment(row.since)),
            Cell(why(row) if row.number else strange_words(row)),
        ]
        for row in dead.found
    ]
    labels = ("Document", "Contractor", "Step", "Queued", "Reason")
    return _grid("Dead letters", labels, rows)


def payment_checks(report: PeriodReport) -> Grid | None:
    rows = [
        [
            Cell(row.name, row.employee),
            Cell(row.number or ""),
            Cell(row.flag, PAYMENT_CHECKS[row.flag]),
            Cell(row.old or ""),
            Cell(row.new or "", f"also {', '.join(row.others)}" if row.others else ""),
            Cell(changed_by(row)),
        ]
        for row in report.payment_checks
    ]
    labels = ("Contractor", "Document", "Check", "Last invoice", "This invoice", "Changed")
    return _grid("What to check before paying", labels, rows)


def silent(report: PeriodReport) -> Grid | None:
    rows = [
        [
            Cell(row.name, row.employee),
            Cell(day(row.last_worked_on) if row.last_worked_on else "never"),
        ]
        for row in report.silent
    ]
    return _grid("Contractors without workdays", ("Contractor", "Last workday"), rows)


def unbilled(report: PeriodReport) -> Grid | None:
    rows = [
        _cells(in_words(row.period), f"{row.rows:,}", money(row.hours))
        for row in report.unbilled_earlier
    ]
    labels = ("Month", "Workdays", "Hours")
    return _grid("Unbilled workdays from earlier months", labels, rows, labels[1:])


def history(report: PeriodReport) -> Grid | None:
    labels = ("Run", "Started", "Status", "Extracted", "Billed", "Rejected", "Held")
    rows = [_attempt(run) for run in reversed(report.history)]
    return _grid("Runs, newest first", labels, rows, labels[3:])


def _attempt(run: RunReport) -> list[Cell]:
    counts = [f"{getattr(run.control, side).rows:,}" if run.control else "none" for side in SIDES]
    by = who(run.actor, run.claimed)
    return [
        Cell(f"Run {run.id}", f"correction of {run.corrects}" if run.corrects else "monthly run"),
        Cell(moment(run.started_at), by and f"by {by}"),
        Cell(RUNS[run.status], run.failure or ""),
        *_cells(*counts),
    ]


def _grid(
    caption: str, labels: Sequence[str], rows: Sequence[Sequence[Cell]], figures: Sequence[str] = ()
) -> Grid | None:
    return Grid(caption, labels, rows, figures) if rows else None


def _cells(*texts: str) -> list[Cell]:
    return [Cell(text) for text in texts]
