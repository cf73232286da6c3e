"""The SQL behind `reporting`: one statement per part of the report."""

from __future__ import annotations

from .unbilled import unbilled

# Corrections are runs too, but only of one invoice: they are marked with its number.
RUNS = """
    SELECT run_status.*, corrected.number AS corrects
    FROM run_status LEFT JOIN invoice AS corrected ON corrected.id = corrects_invoice_id
    WHERE run_status.period = :start ORDER BY run_status.id
"""

BILLED = """
    SELECT count(*) AS rows, coalesce(sum(hours), 0.00) AS hours
    FROM live_workday JOIN invoice ON invoice.id = invoice_id WHERE period = :start
"""

# Subtotal and amount are the same cents: the database refuses an invoice whose lines differ.
OF_INVOICES = """
    sum((SELECT sum(hours) FROM invoice_line WHERE invoice_id = invoice.id)) AS hours,
    sum(subtotal) AS subtotal, sum(tax) AS tax, sum(total) AS total
"""

MONEY = f"""
    SELECT currency,
           count(*) FILTER (WHERE kind = 'invoice') AS invoices,
           count(*) FILTER (WHERE kind = 'credit_note') AS credit_notes,
           {OF_INVOICES}
    FROM invoice WHERE period = :start GROUP BY currency ORDER BY currency COLLATE "C"
"""

# By the department printed in the snapshot; its name is today's.
DEPARTMENTS = f"""
    SELECT currency, department_code AS department,
           coalesce(department.name, department_code) AS name,
           count(*) AS documents, {OF_INVOICES}
    FROM invoice LEFT JOIN department ON department.code = department_code
    WHERE period = :start GROUP BY currency, department_code, department.name
    ORDER BY currency COLLATE "C", department_code COLLATE "C"
"""

# By the project's code, with the name last printed for it.
PROJECTS = """
    SELECT currency, project_code AS project,
           (array_agg(project_name ORDER BY invoice.id DESC))[1] AS name,
           sum(hours) AS hours, sum(amount) AS amount
    FROM invoice_line JOIN invoice ON invoice.id = invoice_id
    WHERE period = :start GROUP BY currency, project_code
    ORDER BY currency COLLATE "C", project_code COLLATE "C"
"""

# A month in which nothing was issued is there too, with zeros.
MONTHS = """
    WITH issued AS (
        SELECT period, currency, count(*) AS documents,
               sum(subtotal) AS subtotal, sum(tax) AS tax, sum(total) AS total
        FROM invoice WHERE period BETWEEN CAST(:start AS date) - interval '5 months' AND :start
        GROUP BY period, currency
    )
    SELECT CAST(month AS date) AS month, used.currency, coalesce(documents, 0) AS documents,
           coalesce(subtotal, 0.00) AS subtotal, coalesce(tax, 0.00) AS tax,
           coalesce(total, 0.00) AS total
    FROM generate_series(
        CAST(:start AS date) - interval '5 months', CAST(:start AS timestamp), interval '1 month'
    ) AS month
    CROSS JOIN (SELECT DISTINCT currency FROM issued) AS used
    LEFT JOIN issued ON issued.period = month AND issued.currency = used.currency
    ORDER BY month, used.currency COLLATE "C"
"""

DOCUMENTS = """
    SELECT count(*) FROM document JOIN invoice ON invoice.id = invoice_id WHERE period = :start
"""

DELIVERIES = """
    SELECT status, count(*) AS count
    FROM newest_delivery JOIN invoice ON invoice.id = invoice_id
    WHERE invoice.period = :start GROUP BY status ORDER BY status
"""

# What is still on its way may have failed on it: the last failure that was not made good since.
UNDELIVERED = """
    SELECT number, employee.code AS employee, supplier_name AS name, recipient, status,
           coalesce(error, failing.reason) AS error
    FROM newest_delivery AS newest
    JOIN invoice ON invoice.id = newest.invoice_id
    JOIN employee ON employee.id = employee_id
    LEFT JOIN LATERAL (
        SELECT reason FROM step_failure AS failure
        WHERE failure.invoice_id = newest.invoice_id AND on_its_way
          AND failed_at >= queued_at
          AND (step = 'email' OR NOT EXISTS (
              SELECT FROM document WHERE document.invoice_id = newest.invoice_id
          ))
        ORDER BY failed_at DESC LIMIT 1
    ) AS failing ON true
    WHERE invoice.period = :start AND NOT arrived ORDER BY number COLLATE "C"
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

# Neither billed nor held: without this list they would be missing without a word.
ALL_REJECTED = """
    SELECT employee.code AS employee, full_name AS name, count(*) AS rows, sum(hours) AS hours
    FROM rejected_workday JOIN employee ON employee.id = employee_id
    WHERE run_id = :run_id
      AND NOT EXISTS (
          SELECT FROM held_employee AS held
          WHERE held.run_id = :run_id AND held.employee_id = employee.id
      )
      AND NOT EXISTS (
          SELECT FROM live_workday AS billed JOIN invoice ON invoice.id = billed.invoice_id
          WHERE billed.employee_id = employee.id AND invoice.period = :start
      )
    GROUP BY employee.code, full_name ORDER BY employee.code COLLATE "C"
"""

UNBILLED_EARLIER = (
    """
    SELECT CAST(date_trunc('month', work_date) AS date) AS month, count(*) AS rows,
           sum(hours) AS hours
"""
    + unbilled("work_date < :start")
    + " GROUP BY month ORDER BY month"
)
