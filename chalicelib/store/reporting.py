"""
The report of a period, as accountants check it, from the ledger alone.

The API serves it too, so nothing here loads Polars.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, text

from chalicelib.billing.control import SIDES, ControlTotals, Count
from chalicelib.billing.payment_checks import PaymentCheck
from chalicelib.billing.period import Period
from chalicelib.billing.statuses import ON_THEIR_WAY

from . import report_queries as sql
from .payees import checks_of_month
from .silent import Silent, silent_people

# In the first month every contractor has a new account, and one answer of the API is limited.
CHECKS_LISTED = 500


@dataclass(frozen=True, slots=True)
class RunReport:
    """
    One run.

    Attributes:
        control: None if it ended before the count.
        corrects: The number of the invoice that it corrects; None for a monthly run.
        actor: The database login that started it; None if that was not recorded then.
        claimed: Whom the program said it acted for.
    """

    id: int
    status: str
    started_at: datetime
    finished_at: datetime | None
    failure: str | None
    control: ControlTotals | None
    corrects: str | None = None
    actor: str | None = None
    claimed: str | None = None


@dataclass(frozen=True, slots=True)
class CurrencyTotal:
    """The totals of one currency, net of credit notes."""

    currency: str
    invoices: int
    credit_notes: int
    hours: Decimal
    subtotal: Decimal
    tax: Decimal
    total: Decimal


@dataclass(frozen=True, slots=True)
class DepartmentTotal:
    """The totals of one department in one currency, net of credit notes."""

    currency: str
    department: str
    name: str
    documents: int
    hours: Decimal
    subtotal: Decimal
    tax: Decimal
    total: Decimal


@dataclass(frozen=True, slots=True)
class ProjectTotal:
    """The amount of one project in one currency, before tax and net of credit notes."""

    currency: str
    project: str
    name: str
    hours: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class MonthTotal:
    """The totals of one month in one currency; zeros if nothing was issued."""

    period: Period
    currency: str
    documents: int
    subtotal: Decimal
    tax: Decimal
    total: Decimal


@dataclass(frozen=True, slots=True)
class Reject:
    """A workday that broke a rule."""

    employee: str
    name: str
    work_date: date
    project: str
    kind: str
    hours: Decimal
    rule: str
    value: str


@dataclass(frozen=True, slots=True)
class Held:
    """An employee who was not billed."""

    employee: str
    name: str
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class AllRejected:
    """An employee without a live invoice because every workday was rejected."""

    employee: str
    name: str
    rows: int
    hours: Decimal


@dataclass(frozen=True, slots=True)
class Undelivered:
    """A document whose latest delivery has not arrived."""

    number: str
    employee: str
    name: str
    recipient: str | None
    status: str
    error: str | None

    @property
    def on_its_way(self) -> bool:
        return self.status in ON_THEIR_WAY


@dataclass(frozen=True, slots=True)
class Unbilled:
    """Workdays of an earlier month that are on no live invoice."""

    period: Period
    rows: int
    hours: Decimal


@dataclass(frozen=True, slots=True)
class PeriodReport:
    """
    One period, as it stands now.

    Attributes:
        run: The newest run that completed; rejects and holds are from it.
        last_attempt: The newest run of all, which may have failed or still be running.
        billed: The workdays on live invoices of the period, by all its runs.
        money: By currency.
        documents: How many documents have their PDF stored.
        deliveries: The latest delivery of each document, counted by status.
        undelivered: By number, those whose email has not been accepted.
        unbilled_earlier: By period.
        departments: By currency and code; their sums are those of `money`.
        projects: By currency and code; their amounts add up to the subtotals of `money`.
        all_rejected: By code, those with nothing left to bill.
        silent: By code, those who recorded no workday.
        months: This month and the five before, by month and currency.
        history: Every run of the period, corrections included, oldest first.
        payment_checks: What to check before paying, the gravest first; at most `CHECKS_LISTED`.
        payment_check_counts: All of them, counted by flag.
        as_of: When all of this was read.
    """

    period: Period
    run: RunReport | None
    last_attempt: RunReport | None
    billed: Count = field(default_factory=Count)
    money: list[CurrencyTotal] = field(default_factory=list)
    documents: int = 0
    deliveries: dict[str, int] = field(default_factory=dict)
    rejects: list[Reject] = field(default_factory=list)
    helds: list[Held] = field(default_factory=list)
    undelivered: list[Undelivered] = field(default_factory=list)
    unbilled_earlier: list[Unbilled] = field(default_factory=list)
    departments: list[DepartmentTotal] = field(default_factory=list)
    projects: list[ProjectTotal] = field(default_factory=list)
    all_rejected: list[AllRejected] = field(default_factory=list)
    silent: list[Silent] = field(default_factory=list)
    months: list[MonthTotal] = field(default_factory=list)
    history: list[RunReport] = field(default_factory=list)
    payment_checks: list[PaymentCheck] = field(default_factory=list)
    payment_check_counts: dict[str, int] = field(default_factory=dict)
    as_of: datetime | None = None

    @property
    def documents_issued(self) -> int:
        return sum(row.invoices + row.credit_notes for row in self.money)

    @property
    def balanced(self) -> bool:
        """Whether the newest attempt completed: only a run that balances does."""
        return self.run is not None and self.last_attempt == self.run

    @property
    def arrived(self) -> bool:
        return not self.undelivered

    @property
    def stranded(self) -> list[Undelivered]:
        """Undelivered, and no longer on their way."""
        return [row for row in self.undelivered if not row.on_its_way]

    @property
    def needs_a_person(self) -> bool:
        """Rejects, holds, undelivered documents or unbilled earlier work."""
        return bool(self.rejects or self.helds or self.stranded or self.unbilled_earlier)


def report_period(connection: Connection, period: Period) -> PeriodReport:
    """
    Read the report of *period*, all of it as of one moment, so that its parts agree.

    That takes a transaction of its own: on a connection already in one, every part is as of the
    moment that it was read.
    """
    if not connection.in_transaction():
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
    start: dict[str, object] = {"start": period.start}
    checks = checks_of_month(connection, period)
    runs = _rows(connection, sql.RUNS, start)
    # What was rejected and held in all is known to a run of the whole period alone.
    attempts = [row for row in runs if row["kind"] == "month"]
    run = next((row for row in reversed(attempts) if row["completed"]), None)
    of_run: dict[str, object] = {"run_id": run["id"] if run else None}
    return PeriodReport(
        period=period,
        run=_run(run) if run else None,
        last_attempt=_run(attempts[-1]) if attempts else None,
        billed=Count(**_rows(connection, sql.BILLED, start)[0]),
        money=[CurrencyTotal(**row) for row in _rows(connection, sql.MONEY, start)],
        documents=connection.execute(text(sql.DOCUMENTS), start).scalar_one(),
        deliveries={
            row["status"]: row["count"] for row in _rows(connection, sql.DELIVERIES, start)
        },
        rejects=[Reject(**row) for row in _rows(connection, sql.REJECTS, of_run)],
        helds=[Held(**row) for row in _rows(connection, sql.HELDS, of_run)],
        undelivered=[Undelivered(**row) for row in _rows(connection, sql.UNDELIVERED, start)],
        unbilled_earlier=[
            Unbilled(**_with_period(row)) for row in _rows(connection, sql.UNBILLED_EARLIER, start)
        ],
        departments=[DepartmentTotal(**row) for row in _rows(connection, sql.DEPARTMENTS, start)],
        projects=[ProjectTotal(**row) for row in _rows(connection, sql.PROJECTS, start)],
        all_rejected=[
            AllRejected(**row) for row in _rows(connection, sql.ALL_REJECTED, start | of_run)
        ],
        silent=silent_people(connection, period),
        months=[MonthTotal(**_with_period(row)) for row in _rows(connection, sql.MONTHS, start)],
        history=[_run(row) for row in runs],
        payment_checks=checks[:CHECKS_LISTED],
        payment_check_counts=dict(Counter(check.flag for check in checks)),
        as_of=connection.execute(text("SELECT now()")).scalar_one(),
    )


def _rows(connection: Connection, query: str, values: Mapping[str, object]) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(text(query), values).mappings()]


def _with_period(row: dict[str, Any]) -> dict[str, Any]:
    """The row with its first day of a month as a period."""
    month = row.pop("month")
    return {"period": Period.month(month.year, month.month), **row}


def _run(row: Mapping[str, Any]) -> RunReport:
    counts = {side: Count(row[f"{side}_rows"], row[f"{side}_hours"]) for side in SIDES}
    return RunReport(
        id=row["id"],
        status=row["status"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        failure=row["failure"],
        control=None if row["extracted_rows"] is None else ControlTotals(**counts),
        corrects=row["corrects"],
        actor=row["actor"],
        claimed=row["claimed"],
    )
