"""The report of a period: what an accountant signs off on, from the ledger alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, text

from chalicelib.billing.balance import ControlTotals, Count
from chalicelib.billing.period import Period

ON_THEIR_WAY = ("queued", "sending")
ARRIVED = ("sent", "delivered")


@dataclass(frozen=True, slots=True)
class RunReport:
    """One attempt.  ``control`` is None where it ended before it counted."""

    id: int
    status: str
    started_at: datetime
    finished_at: datetime | None
    failure: str | None
    control: ControlTotals | None


@dataclass(frozen=True, slots=True)
class Money:
    """What one currency comes to; credit notes are counted in with their negative amounts."""

    currency: str
    invoices: int
    credit_notes: int
    hours: Decimal
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
class Undelivered:
    """An invoice whose newest delivery has not arrived."""

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
        run: The newest run that completed; rejects and helds are its.
        last_attempt: The newest run of all, which may have failed or be at work.
        billed: The workdays on live invoices of the period, by all its runs.
        money: By currency.
        documents: How many invoices have their PDF stored.
        deliveries: The newest delivery of each invoice, counted by status.
        undelivered: By number, those whose mail has not been accepted.
        unbilled_earlier: By period.
    """

    period: Period
    run: RunReport | None
    last_attempt: RunReport | None
    billed: Count = field(default_factory=Count)
    money: list[Money] = field(default_factory=list)
    documents: int = 0
    deliveries: dict[str, int] = field(default_factory=dict)
    rejects: list[Reject] = field(default_factory=list)
    helds: list[Held] = field(default_factory=list)
    undelivered: list[Undelivered] = field(default_factory=list)
    unbilled_earlier: list[Unbilled] = field(default_factory=list)

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
        """Rejects, helds, stranded mails or unbilled earlier work."""
        return bool(self.rejects or self.helds or self.stranded or self.unbilled_earlier)


def report_period(connection: Connection, period: Period) -> PeriodReport:
    """Read the report of *period*; one moment may differ from the next while mails go out."""
    start = {"start": period.start}
    run = _run(connection, COMPLETED_RUN, start)
    of_run = {"run_id": run.id if run else None}
    return PeriodReport(
        period=period,
        run=run,
        last_attempt=_run(connection, LAST_RUN, start),
        billed=Count(**_rows(connection, BILLED, start)[0]),
        money=[Money(**row) for row in _rows(connection, MONEY, start)],
        documents=connection.execute(text(DOCUMENTS), start).scalar_one(),
        deliveries={row["status"]: row["count"] for row in _rows(connection, DELIVERIES, start)},
        rejects=[Reject(**row) for row in _rows(connection, REJECTS, of_run)],
        helds=[Held(**row) for row in _rows(connection, HELDS, of_run)],
        undelivered=[Undelivered(**row) for row in _rows(connection, UNDELIVERED, start)],
        unbilled_earlier=[
            Unbilled(Period.month(row["month"].year, row["month"].month), row["rows"], row["hours"])
            for row in _rows(connection, UNBILLED_EARLIER, start)
        ],
    )


def _rows(connection: Connection, query: str, values: Mapping[str, object]) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(text(query), values).mappings()]


def _run(connection: Connection, query: str, values: Mapping[str, object]) -> RunReport | None:
    row = connection.execute(text(query), values).mappings().one_or_none()
    if row is None:
        return None
    sides = ("extracted", "billed", "rejected", "held")
    counts = {side: Count(row[f"{side}_rows"], row[f"{side}_hours"]) for side in sides}
    return RunReport(
        id=row["id"],
        status=row["status"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        failure=row["failure"],
        control=None if row["extracted_rows"] is None else ControlTotals(**counts),
    )


# Corrections are runs too, but only of one invoice.
LAST_RUN = """
    SELECT * FROM billing_run WHERE period = :start AND corrects_invoice_id IS NULL
    ORDER BY id DESC LIMIT 1
"""

COMPLETED_RUN = """
    SELECT * FROM billing_run
    WHERE period = :start AND corrects_invoice_id IS NULL AND status IN ('issued', 'empty')
    ORDER BY id DESC LIMIT 1
"""

BILLED = """
    SELECT count(*) AS rows, coalesce(sum(hours), 0.00) AS hours
    FROM live_workday JOIN invoice ON invoice.id = invoice_id WHERE period = :start
"""

MONEY = """
    SELECT currency,
           count(*) FILTER (WHERE kind = 'invoice') AS invoices,
           count(*) FILTER (WHERE kind = 'credit_note') AS credit_notes,
           sum((SELECT sum(hours) FROM invoice_line WHERE invoice_id = invoice.id)) AS hours,
           sum(subtotal) AS subtotal, sum(tax) AS tax, sum(total) AS total
    FROM invoice WHERE period = :start GROUP BY currency ORDER BY currency
"""

DOCUMENTS = """
    SELECT count(*) FROM document JOIN invoice ON invoice.id = invoice_id WHERE period = :start
"""

NEWEST_DELIVERIES = """
    SELECT DISTINCT ON (invoice.id) invoice.number, employee_id, supplier_name,
           delivery.recipient, delivery.status, delivery.error
    FROM invoice JOIN delivery ON delivery.invoice_id = invoice.id
    WHERE invoice.period = :start ORDER BY invoice.id, delivery.id DESC
"""

DELIVERIES = f"""
    SELECT status, count(*) AS count FROM ({NEWEST_DELIVERIES}) AS newest
    GROUP BY status ORDER BY status
"""

UNDELIVERED = f"""
    SELECT number, employee.code AS employee, supplier_name AS name, recipient, status, error
    FROM ({NEWEST_DELIVERIES}) AS newest JOIN employee ON employee.id = employee_id
    WHERE status NOT IN ('sent', 'delivered') ORDER BY number COLLATE "C"
"""

REJECTS = """
    SELECT employee.code AS employee, full_name AS name, work_date, project.code AS project,
           kind, hours, rule, value
    FROM rejected_workday
    JOIN employee ON employee.id = employee_id
    JOIN project ON project.id = rejected_workday.project_id
    WHERE run_id = :run_id
    ORDER BY employee.code COLLATE "C", work_date, project.code COLLATE "C", kind COLLATE "C"
"""

HELDS = """
    SELECT employee.code AS employee, full_name AS name, reason, detail
    FROM held_employee JOIN employee ON employee.id = employee_id
    WHERE run_id = :run_id ORDER BY employee.code COLLATE "C"
"""

UNBILLED_EARLIER = """
    SELECT CAST(date_trunc('month', work_date) AS date) AS month, count(*) AS rows,
           sum(hours) AS hours
    FROM workday
    WHERE work_date < :start
      AND NOT EXISTS (
          SELECT FROM live_workday AS billed
          WHERE billed.employee_id = workday.employee_id
            AND billed.work_date = workday.work_date
            AND billed.project_id = workday.project_id
            AND billed.kind = workday.kind
      )
      AND NOT EXISTS (SELECT FROM live_workday AS billed WHERE billed.workday_id = workday.id)
    GROUP BY month ORDER BY month
"""
