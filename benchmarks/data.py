"""
A big month: so many employees, each with 22 workdays of October 2026.

Nothing is random, so that two months of one size are the same.  Like a real month it has several
projects and some overtime per person, rates raised in mid-month, a few bad rows and a few people
without an agreement; and the rows lie in the order of their days, not of their people.
"""

from __future__ import annotations

from collections.abc import Callable

import psycopg
from psycopg import sql

from chalicelib.billing.period import Period

PERIOD = Period.parse("2026-10")
DAYS = 22
# One employee in so many has not agreed to self-billing, and gets no invoice.
UNAGREED = 500

MASTER_DATA = """
INSERT INTO department (id, code, name)
SELECT n, 'D' || n, 'Department ' || n FROM generate_series(1, 20) AS n;

INSERT INTO project (id, code, name)
SELECT n, 'P' || lpad(n::text, 4, '0'), 'Project number ' || n FROM generate_series(1, 200) AS n;

INSERT INTO employee (id, code, full_name, email, department_id, project_id, currency, tax_rate,
                      tax_id, address, country, iban, self_billing_agreed_on)
SELECT n, 'E' || n,
       (ARRAY['Олена Їжакевич', 'Łukasz Wiśniewski', 'Jane Carpenter', 'Zoë Müller'])[1 + n % 4],
       'person' || n || '@example.com', 1 + n % 20, 1 + n % 200,
       (ARRAY['EUR', 'EUR', 'GBP', 'USD'])[1 + n % 4],
       (ARRAY[0.2, 0.19, 0.23, 0])[1 + n % 4],
       'TAX' || n, n || ' Main Street' || chr(10) || '1000' || n % 10 || ' Springfield',
       (ARRAY['UA', 'PL', 'GB', 'DE'])[1 + n % 4], 'DE89370400440532013000',
       CASE WHEN n % {unagreed} <> 0 THEN date '2025-01-15' END
FROM generate_series(1, {employees}) AS n;

INSERT INTO rate (employee_id, valid_from, hourly_rate, overtime_multiplier)
SELECT n, date '2025-01-01', 20 + n % 80 + 0.3725, 1.5 FROM generate_series(1, {employees}) AS n
UNION ALL
SELECT n, date '2026-10-15', 22 + n % 80 + 0.1275, 1.75
FROM generate_series(10, {employees}, 10) AS n;
"""

# Two of the 22 rows are overtime; the project changes every eight days of the month.
WORKDAYS = """
INSERT INTO workday (employee_id, work_date, project_id, kind, hours)
SELECT n, day, 1 + (n * 7 + extract(day FROM day)::int / 8) % 200,
       CASE WHEN (n + place) % 11 = 0 THEN 'overtime' ELSE 'regular' END,
       CASE WHEN (n * 22 + place) % 4001 = 0 THEN 30
            WHEN (n + place) % 11 = 0 THEN 1.5 + n % 4 * 0.75
            ELSE (ARRAY[8, 7.5, 8, 6.25, 8, 7.75])[1 + (n * 5 + place) % 6] END
FROM (
    SELECT day::date, row_number() OVER (ORDER BY day) AS place
    FROM generate_series({start}::date, {end}::date - 1, '1 day') AS day
    WHERE extract(isodow FROM day) < 6
) AS days, generate_series(1, {employees}) AS n
WHERE place <= 22
ORDER BY day, hashint4(n);
"""

# Twelve billed months.  Of the ledger there is only the lineage, without the invoices: good for
# reading the months after it, and for nothing else.
YEAR_BEFORE = """
INSERT INTO workday (employee_id, work_date, project_id, kind, hours)
SELECT employee_id, (work_date - back * interval '1 month')::date, project_id, kind, 7.5
FROM workday, generate_series(1, 12) AS back
WHERE extract(day FROM work_date) < 29
ORDER BY back DESC, work_date;

ALTER TABLE invoice_workday DISABLE TRIGGER USER;
INSERT INTO invoice_workday (employee_id, work_date, project_id, kind, turn, invoice_id, position,
                             workday_id, hours, unit_rate)
SELECT employee_id, work_date, project_id, kind, 1,
       dense_rank() OVER (ORDER BY date_trunc('month', work_date), employee_id), 1, id, hours, 50
FROM workday WHERE work_date < {start}
ORDER BY date_trunc('month', work_date), employee_id, work_date;
"""


def invoices_of(employees: int) -> int:
    """How many invoices the month of so many *employees* comes to."""
    return employees - employees // UNAGREED


def month_of(employees: int) -> Callable[[psycopg.Connection], None]:
    """What fills a migrated database with the month of so many *employees*."""
    return _filled_by(MASTER_DATA + WORKDAYS, employees)


def month_after_a_year(employees: int) -> Callable[[psycopg.Connection], None]:
    """The same, and the billed workdays of the twelve months before."""
    return _filled_by(MASTER_DATA + WORKDAYS + YEAR_BEFORE, employees)


def _filled_by(statements: str, employees: int) -> Callable[[psycopg.Connection], None]:
    values = {
        "employees": employees,
        "unagreed": UNAGREED,
        "start": PERIOD.start,
        "end": PERIOD.end,
    }

    def fill(connection: psycopg.Connection) -> None:
        # No check of foreign keys in what we made ourselves: it would take most of the time.
        connection.execute("SET session_replication_role = replica")
        connection.execute(sql.SQL(statements).format(**values))

    return fill
