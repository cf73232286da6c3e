"""
Rows in a real ledger, with defaults; a test states only what it is about.

`Books` writes master data and workdays the way other systems do, by plain SQL, and reads back what
was issued in the words of the reference biller, so that the two can be compared with ``==``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from threading import Barrier
from typing import Any

import psycopg
from psycopg import sql

from tests.reference import biller

EMPLOYEE = {
    "full_name": "Anna Nowak",
    "currency": "EUR",
    "tax_rate": Decimal("0.2"),
    "tax_id": "PL9876543210",
    "address": "ul. Żółwia 8, 31-153 Kraków",
    "country": "PL",
    "iban": "PL61109010140000071219812874",
    "self_billing_agreed_on": date(2026, 1, 1),
}

LEDGER = (
    "billing_run",
    "rejected_workday",
    "held_employee",
    "invoice_series",
    "invoice",
    "invoice_line",
    "invoice_workday",
    "document",
    "delivery",
)

WITH_CODES = """
    JOIN employee ON employee.id = day.employee_id
    JOIN project ON project.id = day.project_id
"""


@dataclass(frozen=True, slots=True)
class Books:
    """One database, through an autocommitting superuser connection."""

    connection: psycopg.Connection[Any]

    def execute(self, query: str, *values: object) -> psycopg.Cursor[Any]:
        return self.connection.execute(query, values)

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        return self.execute(query, *values).fetchall()

    def column(self, query: str, *values: object) -> list[Any]:
        return [value for (value,) in self.rows(query, *values)]

    def value(self, query: str, *values: object) -> Any:
        [value] = self.column(query, *values)
        return value

    def add(self, table: str, **values: object) -> Any:
        """Insert one row; returns its id if the table has one."""
        statement = sql.SQL(
            "INSERT INTO {} ({}) VALUES ({}) RETURNING to_jsonb({}) -> 'id'"
        ).format(
            sql.Identifier(table),
            sql.SQL(", ").join(map(sql.Identifier, values)),
            sql.SQL(", ").join(sql.Placeholder() * len(values)),
            sql.Identifier(table),
        )
        [(key,)] = self.connection.execute(statement, list(values.values())).fetchall()
        return key

    @contextmanager
    def unguarded(self, table: str) -> Iterator[None]:
        """What only a superuser can do: *table* without its triggers, for as long as this lasts."""
        guards = self.column(
            "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal", table
        )
        self.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        try:
            yield
        finally:
            for guard in guards:
                self.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {guard}")

    def project(self, code: str = "ATLAS", name: str | None = None) -> int:
        """The id of a project, added if it is new."""
        found = self.column("SELECT id FROM project WHERE code = %s", code)
        return found[0] if found else self.add("project", code=code, name=name or code.title())

    def employee(self, code: str = "ANNA", *, rate: str | None = "50.0000", **fields: Any) -> int:
        """Add an employee who earns *rate* from 1 January 2026; None for nobody's rate."""
        email = {"email": f"{code.lower()}@contractors.example"}
        employee_id: int = self.add(
            "employee", code=code, department_id=self._department(), **EMPLOYEE | email | fields
        )
        if rate is not None:
            self.rate(code, rate)
        return employee_id

    def _department(self) -> int:
        found = self.column("SELECT id FROM department")
        return found[0] if found else self.add("department", code="ENG", name="Engineering")

    def rate(
        self,
        employee: str,
        hourly_rate: str,
        valid_from: date = date(2026, 1, 1),
        multiplier: str = "1.50",
    ) -> None:
        self.add(
            "rate",
            employee_id=self._employee(employee),
            valid_from=valid_from,
            hourly_rate=hourly_rate,
            overtime_multiplier=multiplier,
        )

    def workday(
        self,
        employee: str = "ANNA",
        day: date | int = 1,
        hours: str = "8.00",
        *,
        project: str = "ATLAS",
        kind: str = "regular",
    ) -> int:
        """Add a workday, of October 2026 if *day* is a number."""
        workday_id: int = self.add(
            "workday",
            employee_id=self._employee(employee),
            work_date=date(2026, 10, day) if isinstance(day, int) else day,
            project_id=self.project(project),
            kind=kind,
            hours=hours,
        )
        return workday_id

    def _employee(self, code: str) -> int:
        key: int = self.value("SELECT id FROM employee WHERE code = %s", code)
        return key

    def contents(self) -> dict[str, list[tuple[Any, ...]]]:
        """Everything in the ledger, by table, in the order of the rows' text."""
        return {
            table: self.rows(f"SELECT * FROM {table} AS every ORDER BY every::text")
            for table in LEDGER
        }

    def numbers(self) -> list[str]:
        return self.column('SELECT number FROM invoice ORDER BY number COLLATE "C"')

    def runs(self) -> list[str]:
        """The status of each run, oldest first."""
        return self.column("SELECT status FROM billing_run ORDER BY id")

    def rejects(self) -> list[tuple[str, str, str, str, str]]:
        """The newest run's: employee, day, project, rule, value."""
        return [
            (
                row.workday.employee,
                row.workday.work_date.isoformat(),
                row.workday.project,
                row.rule,
                row.value,
            )
            for row in self._rejects(self._newest_run())
        ]

    def helds(self) -> dict[str, str]:
        """The newest run's, with the reason."""
        return {held.employee: held.reason for held in self._helds(self._newest_run())}

    def month(self) -> biller.ReferenceMonth:
        """All invoices, with the newest run's rejects, helds and control totals."""
        run = self._newest_run()
        return biller.ReferenceMonth(
            tuple(self._rejects(run)),
            tuple(self._helds(run)),
            tuple(self._invoices()),
            self._control(run),
        )

    def _newest_run(self) -> int:
        run: int = self.value("SELECT max(id) FROM billing_run")
        return run

    def _rejects(self, run: int) -> list[biller.Reject]:
        query = f"""
            SELECT employee.code, work_date, project.code, kind, rule, value
            FROM rejected_workday AS day {WITH_CODES} WHERE run_id = %s
            ORDER BY employee.code COLLATE "C", work_date, project.code COLLATE "C",
                     kind COLLATE "C"
        """
        return [
            biller.Reject(biller.WorkdayKey(*key), rule, value)
            for *key, rule, value in self.rows(query, run)
        ]

    def _helds(self, run: int) -> list[biller.Held]:
        query = """
            SELECT code, reason FROM held_employee JOIN employee ON employee.id = employee_id
            WHERE run_id = %s ORDER BY code COLLATE "C"
        """
        return [biller.Held(*row) for row in self.rows(query, run)]

    def _control(self, run: int) -> biller.Control:
        sides = ("extracted", "billed", "rejected", "held")
        columns = ", ".join(f"{side}_rows, {side}_hours" for side in sides)
        [totals] = self.rows(f"SELECT {columns} FROM billing_run WHERE id = %s", run)
        return biller.Control(
            *(biller.Count(*totals[place : place + 2]) for place in range(0, len(totals), 2))
        )

    def _invoices(self) -> list[biller.Invoice]:
        query = """
            SELECT invoice.id, employee.code, invoice.currency,
                   subtotal, invoice.tax_rate, tax, total
            FROM invoice JOIN employee ON employee.id = employee_id
            ORDER BY employee.code COLLATE "C", sequence
        """
        return [
            biller.Invoice(employee, currency, self._lines(invoice), *money)
            for invoice, employee, currency, *money in self.rows(query)
        ]

    def _lines(self, invoice: int) -> tuple[biller.Line, ...]:
        query = f"""
            SELECT position, employee.code, work_date, project.code, kind
            FROM invoice_workday AS day {WITH_CODES} WHERE invoice_id = %s
            ORDER BY work_date
        """
        workdays = defaultdict(list)
        for position, *key in self.rows(query, invoice):
            workdays[position].append(biller.WorkdayKey(*key))
        lines = self.rows(
            "SELECT position, project_code, kind, hours, unit_rate, amount"
            " FROM invoice_line WHERE invoice_id = %s ORDER BY position",
            invoice,
        )
        return tuple(biller.Line(*fields, tuple(workdays[position])) for position, *fields in lines)


def unbroken(numbers: Sequence[str]) -> bool:
    """Whether every series of *numbers* counts 1, 2, 3 … and none is there twice."""
    series = defaultdict(list)
    for number in numbers:
        name, _, sequence = number.rpartition("-")
        series[name].append(int(sequence))
    return all(sorted(taken) == list(range(1, len(taken) + 1)) for taken in series.values())


def at_once(*tasks: Callable[[], Any]) -> list[Any]:
    """Begin all of *tasks* at the same moment, each in a thread; returns what they return."""
    start = Barrier(len(tasks))

    def begin(task: Callable[[], Any]) -> Any:
        start.wait()
        return task()

    with ThreadPoolExecutor(len(tasks)) as threads:
        return list(threads.map(begin, tasks))
