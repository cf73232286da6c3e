"""
An archive: issued invoices over years of months, each with its line, PDF and delivery.

Good only for listing and looking up: the workdays behind the invoices are left out.
Nothing is random.  A hundredth of the documents are credit notes.  However large the archive is,
two hundred of its lines are of one rare project and two hundred of its emails bounced.
"""

from __future__ import annotations

from collections.abc import Callable

import psycopg
from psycopg import sql

# As many contractors as a month has invoices; they are the first in the archive's months, too.
MONTHS = 100
RARE = 200

STATEMENTS = """
INSERT INTO department (id, code, name)
SELECT n, 'D' || n, 'Department ' || n FROM generate_series(1, 20) AS n;

INSERT INTO employee (id, code, full_name, email, department_id, currency, tax_rate, tax_id,
                      address, country)
SELECT n, 'E' || n, 'Contractor ' || n, 'person' || n || '@example.com', 1 + n % 20, 'EUR', 0.2,
       'TAX' || n, n || ' Main Street', 'PL'
FROM generate_series(1, {employees}) AS n;

INSERT INTO app_user (email, role) VALUES ('accounts@example.com', 'accountant');

INSERT INTO billing_run (id, period, status, finished_at, extracted_rows, extracted_hours,
                         billed_rows, billed_hours, rejected_rows, rejected_hours, held_rows,
                         held_hours)
SELECT 1 + back, date '2018-07-01' + back * interval '1 month', 'issued', now(),
       0, 0, 0, 0, 0, 0, 0, 0
FROM generate_series(0, {months} - 1) AS back;

INSERT INTO invoice (id, number, series, sequence, kind, credits_invoice_id, employee_id, run_id,
                     period, currency, subtotal, tax_rate, tax_category, tax, total, issued_at,
                     issued_on, due_on, locale, department_code, supplier_name, supplier_address,
                     supplier_country, supplier_tax_id, buyer_name, buyer_address, buyer_country,
                     buyer_tax_id, content_sha256, rounding_policy)
SELECT n, 'E' || person || '-' || lpad((1 + month)::text, 4, '0'), 'E' || person, 1 + month,
       CASE WHEN credit THEN 'credit_note' ELSE 'invoice' END,
       CASE WHEN credit THEN n - {employees} END,
       person, 1 + month, date '2018-07-01' + month * interval '1 month', 'EUR',
       sign * 100, 0.2, 'S', sign * 20, sign * 120, now(), '2026-11-01', '2026-11-15', 'en',
       'D' || 1 + person % 20, 'Contractor ' || person, person || ' Main Street', 'PL',
       'TAX' || person, 'Northwind', '12 Harbour Street', 'IE', 'IE1', repeat('0', 64),
       'half-away/line/1'
FROM (
    SELECT n, 1 + (n - 1) % {employees} AS person, (n - 1) / {employees} AS month,
           n % 100 = 0 AND n > {employees} AS credit,
           CASE WHEN n % 100 = 0 AND n > {employees} THEN -1 ELSE 1 END AS sign
    FROM generate_series(1, {invoices}) AS n
) AS issued
ORDER BY n;

INSERT INTO invoice_line (invoice_id, position, project_code, project_name, kind, hours, unit_rate,
                          amount)
SELECT id, 1, CASE WHEN id % {rarely} = 2 THEN 'RARE' ELSE 'P' || id % 10 END, 'Project',
       'regular', sign(total), 100, sign(total) * 100
FROM invoice ORDER BY id;

INSERT INTO document (invoice_id, s3_key, sha256, bytes, rendered_at)
SELECT id, 'invoices/' || number, repeat('0', 64), 20000, now() FROM invoice ORDER BY id;

INSERT INTO delivery (invoice_id, recipient, status, attempts, message_id, error, queued_at,
                      claimed_at, sent_at)
SELECT id, 'person@example.com', CASE WHEN bounced THEN 'bounced' ELSE 'delivered' END, 1,
       'message-' || id, CASE WHEN bounced THEN 'no such mailbox' END, now(), now(), now()
FROM (SELECT id, id % {rarely} = 3 AS bounced FROM invoice) AS emailed
ORDER BY id;
"""
# Rows that were made valid need no check; it would take most of the time.
UNCHECKED = ("billing_run", "invoice", "invoice_line", "document", "delivery")


def archive_of(invoices: int) -> Callable[[psycopg.Connection], None]:
    """What fills a migrated database with so many *invoices*, the same number each month."""
    values = {
        "employees": max(1, invoices // MONTHS),
        "invoices": invoices,
        "months": MONTHS + 1,
        "rarely": invoices // RARE,
    }

    def fill(connection: psycopg.Connection) -> None:
        for table in UNCHECKED:
            connection.execute(
                sql.SQL("ALTER TABLE {} DISABLE TRIGGER ALL").format(sql.Identifier(table))
            )
        connection.execute(sql.SQL(STATEMENTS).format(**values))
        for table in UNCHECKED:
            connection.execute(
                sql.SQL("ALTER TABLE {} ENABLE TRIGGER ALL").format(sql.Identifier(table))
            )

    return fill
