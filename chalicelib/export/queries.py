"""
The SQL behind the export: of ``{start}``, a period's first day, and ``{moment}``, a form of time.

One query per dataset: its columns, in the order of its model in `contract`, and its order.
"""

from __future__ import annotations

# Polars reads this form as a moment in UTC whatever the session's zone and style.
MOMENT_FORMAT = 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'

NEWEST_RUN = """(
    SELECT max(id) FROM run_status WHERE period = {start} AND kind = 'month' AND completed
)"""

INVOICES = """
    SELECT number, kind,
           (SELECT original.number FROM invoice AS original
            WHERE original.id = invoice.credits_invoice_id) AS credits_number,
           employee.code AS employee, supplier_name, department_code AS department,
           invoice.currency, subtotal,
           invoice.tax_rate, tax, total, issued_on, due_on, run_id, content_sha256,
           invoice.tax_category, supplier_country, invoice.locale
    FROM invoice
    JOIN employee ON employee.id = employee_id
    WHERE period = {start} ORDER BY number COLLATE "C"
"""

LINES = """
    SELECT number, position, employee.code AS employee, department_code AS department,
           project_code AS project, project_name,
           invoice_line.kind, hours, unit_rate, amount, invoice.currency
    FROM invoice_line
    JOIN invoice ON invoice.id = invoice_id
    JOIN employee ON employee.id = employee_id
    WHERE invoice.period = {start} ORDER BY number COLLATE "C", position
"""

WORKDAYS = """
    SELECT number, position, employee.code AS employee, work_date, project.code AS project,
           billed.kind, hours,
           unit_rate, turn, workday_id
    FROM invoice_workday AS billed
    JOIN invoice ON invoice.id = invoice_id
    JOIN employee ON employee.id = billed.employee_id
    JOIN project ON project.id = billed.project_id
    WHERE invoice.period = {start}
    ORDER BY number COLLATE "C", position, work_date
"""

REJECTS = f"""
    SELECT employee.code AS employee, work_date, project.code AS project, kind, hours, rule, value,
           workday_id, run_id
    FROM rejected_workday
    JOIN employee ON employee.id = employee_id
    JOIN project ON project.id = rejected_workday.project_id
    WHERE run_id = {NEWEST_RUN}
    ORDER BY employee.code COLLATE "C", work_date, project.code COLLATE "C", kind COLLATE "C"
"""

HELDS = f"""
    SELECT employee.code AS employee, reason, detail, run_id
    FROM held_employee JOIN employee ON employee.id = employee_id
    WHERE run_id = {NEWEST_RUN} ORDER BY employee.code COLLATE "C"
"""

# Without their times: what follows from the ledger alone is the same bytes whenever it is written.
RUNS = """
    SELECT run_status.id AS run_id, run_status.kind, corrected.number AS corrects_number,
           extracted_rows, extracted_hours, billed_rows, billed_hours,
           rejected_rows, rejected_hours, held_rows, held_hours, actor, claimed
    FROM run_status LEFT JOIN invoice AS corrected ON corrected.id = corrects_invoice_id
    WHERE run_status.period = {start} AND completed ORDER BY run_status.id
"""

DELIVERIES = """
    SELECT delivery.id AS delivery_id, number, employee.code AS employee, recipient, status,
           attempts, message_id, error,
           to_char(queued_at AT TIME ZONE 'UTC', {moment}) AS queued_at,
           to_char(sent_at AT TIME ZONE 'UTC', {moment}) AS sent_at,
           to_char(event_at AT TIME ZONE 'UTC', {moment}) AS reported_at,
           actor, claimed
    FROM delivery
    JOIN invoice ON invoice.id = invoice_id
    JOIN employee ON employee.id = employee_id
    WHERE invoice.period = {start} ORDER BY delivery.id
"""

QUERIES = {
    "invoices": INVOICES,
    "lines": LINES,
    "workdays": WORKDAYS,
    "rejects": REJECTS,
    "helds": HELDS,
    "runs": RUNS,
    "deliveries": DELIVERIES,
}
