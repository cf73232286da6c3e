"""Silent people: whom one would expect to have worked, and who recorded nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, text

from chalicelib.billing.period import Period

QUERY = text("""
    SELECT code AS employee, full_name AS name,
           (SELECT max(work_date) FROM workday
            WHERE workday.employee_id = employee.id AND work_date < :start) AS last_worked_on
    FROM employee
    WHERE self_billing_agreed_on < :end
      AND EXISTS (SELECT FROM rate WHERE rate.employee_id = employee.id AND valid_from < :end)
      AND NOT EXISTS (
          SELECT FROM workday WHERE workday.employee_id = employee.id
            AND work_date >= :start AND work_date < :end
      )
    ORDER BY code COLLATE "C"
""")


@dataclass(frozen=True, slots=True)
class Silent:
    """An employee without a single workday in the period; ``last_worked_on`` is before it."""

    employee: str
    name: str
    last_worked_on: date | None


def silent_people(connection: Connection, period: Period) -> list[Silent]:
    """Everybody with an agreement and a rate who recorded no workday in *period*, by code."""
    rows = connection.execute(QUERY, {"start": period.start, "end": period.end}).mappings()
    return [Silent(**row) for row in rows]
