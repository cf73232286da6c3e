"""
What a ledger should come to, worked out the slow and obvious way from the rows themselves.

The reference biller knows the first clean run of a month.  Here is the rest of the design, for a
ledger with a history: what is live, what has drifted, what a run or a correction is to bill.
Nothing is imported from the program.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any, Self

from psycopg.rows import dict_row

from tests.builders_ledger import Books
from tests.reference import biller
from tests.reference.biller import ZERO, Rate, Workday, WorkdayKey

# A letter that the invoice's fonts lack: whoever has it in their name is held.
FLOWER = "🌻"

KEY = 'employee.code, work_date, project.code AS "project", {table}.kind'
OWNERS = """
    JOIN employee ON employee.id = {table}.employee_id
    JOIN project ON project.id = {table}.project_id
"""
TEXTS = (
    "SELECT code, currency, tax_rate, self_billing_agreed_on, full_name, coalesce(email, ''),"
    " tax_id, address, country, coalesce(iban, '') FROM employee"
)
COMPLETED = ("issued", "empty")


@dataclass(frozen=True, slots=True)
class Turn:
    """One row of lineage: a link of a workday's chain."""

    invoice_id: int
    position: int
    key: WorkdayKey
    turn: int
    credits_invoice_id: int | None
    workday_id: int
    hours: Decimal
    unit_rate: Decimal


@dataclass(frozen=True, slots=True)
class Billing:
    """What is to be billed (by workday id), rejected (by id, with rule and value) and held."""

    billed: dict[int, Workday]
    rejects: dict[int, tuple[str, str]]
    helds: dict[str, str]
    extracted: dict[int, Workday]

    @property
    def of_employee(self) -> dict[str, list[Workday]]:
        rows = defaultdict(list)
        for workday in sorted(self.billed.values(), key=lambda workday: workday.key):
            rows[workday.employee].append(workday)
        return rows


@dataclass(frozen=True)
class Ledger:
    """Everything at one moment: what upstream says, and what was issued."""

    employees: dict[str, biller.Employee]
    rates: dict[str, list[Rate]]
    workdays: dict[int, Workday]
    closed: set[date]
    chain: list[Turn]
    invoices: dict[int, dict[str, Any]]
    lines: dict[int, list[dict[str, Any]]]
    runs: dict[int, dict[str, Any]]
    queued: list[int]
    rejects: dict[int, dict[int, tuple[str, str]]]
    helds: dict[int, dict[str, str]]
    issued: frozenset[str]

    @classmethod
    def read(cls, books: Books) -> Self:
        rates = defaultdict(list)
        for code, *fields in books.rows(
            "SELECT code, valid_from, hourly_rate, overtime_multiplier"
            " FROM rate JOIN employee ON employee.id = employee_id"
        ):
            rates[code].append(Rate(code, *fields))
        lines = defaultdict(list)
        for line in _dicts(books, "SELECT * FROM invoice_line ORDER BY invoice_id, position"):
            lines[line["invoice_id"]].append(line)
        rejects: dict[int, dict[int, tuple[str, str]]] = defaultdict(dict)
        for run, workday, rule, value in books.rows(
            "SELECT run_id, workday_id, rule, value FROM rejected_workday"
        ):
            rejects[run][workday] = (rule, value)
        helds: dict[int, dict[str, str]] = defaultdict(dict)
        for run, code, reason in books.rows(
            "SELECT run_id, code, reason FROM held_employee"
            " JOIN employee ON employee.id = employee_id"
        ):
            helds[run][code] = reason
        return cls(
            employees={row[0]: biller.Employee(*row) for row in books.rows(TEXTS)},
            rates=rates,
            workdays=_workdays(books),
            closed=set(books.column("SELECT period FROM closed_period")),
            chain=_chain(books),
            invoices=_by_id(_dicts(books, "SELECT * FROM invoice ORDER BY id")),
            lines=lines,
            runs=_by_id(_dicts(books, "SELECT * FROM billing_run ORDER BY id")),
            queued=books.column("SELECT invoice_id FROM delivery ORDER BY invoice_id"),
            rejects=rejects,
            helds=helds,
            issued=frozenset(
                text
                for table in ("invoice", "invoice_line", "invoice_workday")
                for text in books.column(f"SELECT '{table}' || row::text FROM {table} AS row")
            ),
        )

    @cached_property
    def live(self) -> dict[WorkdayKey, Turn]:
        """The last link of each chain that ends on an invoice."""
        last: dict[WorkdayKey, Turn] = {}
        for turn in self.chain:
            last[turn.key] = turn
        return {key: turn for key, turn in last.items() if turn.turn % 2 == 1}

    @cached_property
    def net_hours(self) -> dict[WorkdayKey, Decimal]:
        net: dict[WorkdayKey, Decimal] = defaultdict(Decimal)
        for turn in self.chain:
            net[turn.key] += turn.hours
        return net

    @cached_property
    def by_key(self) -> dict[WorkdayKey, Workday]:
        return {workday.key: workday for workday in self.workdays.values()}

    def rate_of(self, workday: Workday) -> Decimal | None:
        rates = self.rates[workday.employee]
        if biller.rate_on(workday.work_date, rates) is None:
            return None
        return biller.unit_rate_of(workday, rates)

    def hold_reason(self, code: str, rows: list[Workday], issued_on: date) -> str | None:
        employee = self.employees[code]
        prints = FLOWER not in employee.full_name
        return biller.hold_reason(employee, self.rates[code], rows, issued_on, prints=prints)

    def of_run(self, start: date, end: date, issued_on: date) -> Billing:
        """What a run takes of the days from *start* to before *end*."""
        live_ids = {turn.workday_id for turn in self.live.values()}
        candidates = {
            number: workday
            for number, workday in self.workdays.items()
            if start <= workday.work_date < end
            and workday.key not in self.live
            and number not in live_ids
        }
        return self._judged(candidates, self.live.values(), issued_on)

    def of_correction(self, invoice_id: int, issued_on: date) -> Billing:
        """What the invoice that replaces *invoice_id* bills."""
        own = [turn for turn in self.live.values() if turn.invoice_id == invoice_id]
        others = [turn for turn in self.live.values() if turn.invoice_id != invoice_id]
        period = self.invoices[invoice_id]["period"]
        start = min(period, *(turn.key.work_date for turn in own))
        employee = own[0].key.employee
        candidates = {
            number: workday
            for number, workday in self.workdays.items()
            if start <= workday.work_date < month_after(period)
            and workday.employee == employee
            and _any_is(own, number, workday.key)
            and not _any_is(others, number, workday.key)
        }
        return self._judged(candidates, others, issued_on)

    def has_drifted(self, invoice_id: int) -> bool:
        """Whether a live invoice is not what its workdays would be billed as now."""
        own = [turn for turn in self.live.values() if turn.invoice_id == invoice_id]
        return any(self._changed(turn) or self._moved_to_nowhere(turn) for turn in own)

    def _changed(self, turn: Turn) -> bool:
        now = self.by_key.get(turn.key)
        return now is None or (now.hours, self.rate_of(now)) != (turn.hours, turn.unit_rate)

    def _moved_to_nowhere(self, turn: Turn) -> bool:
        """Whether the workday has a key now that no live invoice bills."""
        now = self.workdays.get(turn.workday_id)
        return now is not None and now.key not in self.live

    def _judged(
        self, candidates: dict[int, Workday], billed: Iterable[Turn], issued_on: date
    ) -> Billing:
        hours_of_day: dict[tuple[str, date], Decimal] = defaultdict(Decimal)
        for turn in billed:
            hours_of_day[turn.key.employee, turn.key.work_date] += turn.hours
        for workday in candidates.values():
            hours_of_day[workday.employee, workday.work_date] += max(workday.hours, ZERO)
        rejects = {}
        good = defaultdict(dict)
        for number, workday in candidates.items():
            day_total = hours_of_day[workday.employee, workday.work_date]
            broken = broken_rule(workday, day_total)
            if broken:
                rejects[number] = broken
            else:
                good[workday.employee][number] = workday
        billable, helds = {}, {}
        for code, rows in good.items():
            reason = self.hold_reason(code, list(rows.values()), issued_on)
            if reason:
                helds[code] = reason
            else:
                billable |= rows
        return Billing(billable, rejects, helds, candidates)


def broken_rule(workday: Workday, day_total: Decimal) -> tuple[str, str] | None:
    if not 0 < workday.hours <= 24:
        return "hours", f"{workday.hours:.2f}"
    if workday.kind not in biller.KINDS:
        return "kind", workday.kind
    if day_total > 24:
        return "day_over_24", f"{day_total:.2f}"
    return None


def month_after(first: date) -> date:
    return date(first.year + first.month // 12, first.month % 12 + 1, 1)


def month_before(first: date) -> date:
    return date(first.year - (first.month == 1), (first.month - 2) % 12 + 1, 1)


def _any_is(turns: Iterable[Turn], workday_id: int, key: WorkdayKey) -> bool:
    return any(workday_id == turn.workday_id or key == turn.key for turn in turns)


def _workdays(books: Books) -> dict[int, Workday]:
    key, owners = KEY.format(table="workday"), OWNERS.format(table="workday")
    query = f"SELECT workday.id, {key}, hours FROM workday {owners} ORDER BY workday.id"
    return {number: Workday(*fields) for number, *fields in books.rows(query)}


def _chain(books: Books) -> list[Turn]:
    table = "invoice_workday"
    query = f"""
        SELECT invoice_id, position, turn, credits_invoice_id, workday_id, hours, unit_rate,
               {KEY.format(table=table)}
        FROM invoice_workday {OWNERS.format(table=table)} ORDER BY turn
    """
    return [
        Turn(invoice_id, position, WorkdayKey(*key), *fields)
        for invoice_id, position, *fields, key in ((*row[:7], row[7:]) for row in books.rows(query))
    ]


def _dicts(books: Books, query: str) -> list[dict[str, Any]]:
    with books.connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query).fetchall()


def _by_id(rows: list[dict[str, Any]]) -> dict[int, dict[str, Any]]:
    return {row["id"]: row for row in rows}
