"""
The analysts' questions, asked of the ledger itself in PostgreSQL's SQL.

By the name of each file of sql/analyst; they share nothing with it and must give the same rows.
"""

LINES = """
    SELECT to_char(period, 'YYYY-MM') AS period, series AS employee, currency, department_code,
           number, invoice_line.*
    FROM invoice_line JOIN invoice ON invoice.id = invoice_id
"""

NEWEST_RUNS = """
    SELECT DISTINCT ON (period) * FROM billing_run
    WHERE corrects_invoice_id IS NULL AND status IN ('issued', 'empty') ORDER BY period, id DESC
"""

MONTH = "to_char(period, 'YYYY-MM')"

ANSWERS = {
    "cost_by_project": f"""
        SELECT period, currency, project_code,
               (array_agg(project_name ORDER BY number COLLATE "C" DESC))[1],
               sum(hours), sum(amount)
        FROM ({LINES}) AS line GROUP BY 1, 2, 3
        ORDER BY 1, 2, 3
    """,
    "department_trend": f"""
        SELECT department_code, currency, period, sum(hours), sum(amount),
               sum(amount) - lag(sum(amount)) OVER (
                   PARTITION BY department_code, currency ORDER BY period
               )
        FROM ({LINES}) AS line GROUP BY 1, 2, 3
        ORDER BY 1, 2, 3
    """,
    "overtime_share": f"""
        SELECT *, round(part / nullif(hours, 0), 4), round(cost / nullif(amount, 0), 4)
        FROM (
            SELECT period, currency, sum(hours) AS hours,
                   sum(CASE kind WHEN 'overtime' THEN hours ELSE 0.00 END) AS part,
                   sum(amount) AS amount,
                   sum(CASE kind WHEN 'overtime' THEN amount ELSE 0.00 END) AS cost
            FROM ({LINES}) AS line GROUP BY 1, 2
        ) AS sums ORDER BY 1, 2
    """,
    "effective_rate": f"""
        SELECT period, employee, currency, sum(hours), sum(amount),
               round(sum(amount) / nullif(sum(hours), 0), 4)
        FROM ({LINES}) AS line GROUP BY 1, 2, 3
        ORDER BY 1, 2, 3
    """,
    "corrections_by_month": f"""
        SELECT {MONTH}, currency,
               count(*) FILTER (WHERE kind = 'invoice'),
               count(*) FILTER (WHERE kind = 'credit_note'),
               sum(CASE kind WHEN 'invoice' THEN total ELSE 0.00 END),
               sum(CASE kind WHEN 'credit_note' THEN total ELSE 0.00 END),
               round(count(*) FILTER (WHERE kind = 'credit_note')::numeric
                     / nullif(count(*) FILTER (WHERE kind = 'invoice'), 0), 4)
        FROM invoice GROUP BY 1, 2 ORDER BY 1, 2
    """,
    "late_workdays": f"""
        SELECT {MONTH}, series, reason, count(*), sum(hours)
        FROM (
            SELECT invoice.period, series, hours,
                   CASE WHEN work_date < invoice.period THEN 'earlier month'
                        WHEN run_id > (
                            SELECT min(run_id) FROM invoice AS other
                            JOIN billing_run ON billing_run.id = other.run_id
                            WHERE other.period = invoice.period AND corrects_invoice_id IS NULL
                        ) THEN 'later run' END AS reason
            FROM invoice_workday AS day JOIN invoice ON invoice.id = day.invoice_id
            JOIN billing_run ON billing_run.id = run_id
            WHERE invoice.kind = 'invoice' AND corrects_invoice_id IS NULL
        ) AS late WHERE reason IS NOT NULL
        GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    """,
    "rejects_by_rule": f"""
        SELECT {MONTH}, rule, count(*), count(DISTINCT employee_id), sum(hours)
        FROM rejected_workday JOIN ({NEWEST_RUNS}) AS run ON run.id = run_id
        GROUP BY 1, 2 ORDER BY 1, 2
    """,
    "delivery_delay": f"""
        SELECT {MONTH}, count(*), count(sent_at), min(seconds),
               percentile_disc(0.5) WITHIN GROUP (ORDER BY seconds),
               percentile_disc(0.95) WITHIN GROUP (ORDER BY seconds), max(seconds)
        FROM (
            SELECT period, sent_at, (floor(extract(epoch FROM sent_at))
                                     - floor(extract(epoch FROM queued_at)))::bigint AS seconds
            FROM delivery JOIN invoice ON invoice.id = invoice_id
        ) AS timed GROUP BY 1 ORDER BY 1
    """,
    "not_arrived": f"""
        SELECT {MONTH}, number, series, supplier_name, recipient, status, error, currency, total
        FROM invoice JOIN LATERAL (
            SELECT * FROM delivery WHERE invoice_id = invoice.id ORDER BY id DESC LIMIT 1
        ) AS newest ON true
        WHERE status NOT IN ('sent', 'delivered') ORDER BY 1, 2
    """,
    "contractor_concentration": f"""
        SELECT period, currency, place, series, amount, round(amount / nullif(whole, 0), 4),
               round(so_far / nullif(whole, 0), 4)
        FROM (
            SELECT {MONTH} AS period, currency, series, sum(subtotal) AS amount,
                   row_number() OVER place AS place, sum(sum(subtotal)) OVER place AS so_far,
                   sum(sum(subtotal)) OVER (PARTITION BY period, currency) AS whole
            FROM invoice GROUP BY invoice.period, currency, series
            WINDOW place AS (
                PARTITION BY period, currency ORDER BY sum(subtotal) DESC, series COLLATE "C"
            )
        ) AS placed ORDER BY 1, 2, 3
    """,
    "currency_totals": f"""
        SELECT {MONTH}, currency, count(*), sum(subtotal), sum(tax), sum(total)
        FROM invoice GROUP BY 1, 2 ORDER BY 1, 2
    """,
    "month_over_month": """
        SELECT currency, to_char(month, 'YYYY-MM'), contractors, amount,
               amount - lag(amount) OVER earlier,
               round((amount - lag(amount) OVER earlier)
                     / nullif(lag(amount) OVER earlier, 0), 4)
        FROM (
            SELECT spans.currency, month::date, count(DISTINCT series) AS contractors,
                   coalesce(sum(subtotal), 0.00) AS amount
            FROM (SELECT currency, min(period) AS first, max(period) AS last
                  FROM invoice GROUP BY currency) AS spans
            CROSS JOIN generate_series(first, last::timestamp, interval '1 month') AS month
            LEFT JOIN invoice ON invoice.currency = spans.currency AND period = month
            GROUP BY 1, 2
        ) AS months WINDOW earlier AS (PARTITION BY currency ORDER BY month)
        ORDER BY 1, 2
    """,
    "hours_not_billed": f"""
        SELECT {MONTH}, rejected_rows, rejected_hours, held_rows, held_hours, billed,
               round((rejected_hours + held_hours)
                     / nullif(rejected_hours + held_hours + billed, 0), 4)
        FROM ({NEWEST_RUNS}) AS run CROSS JOIN LATERAL (
            SELECT coalesce(sum(hours), 0.00) AS billed
            FROM invoice_line JOIN invoice ON invoice.id = invoice_id
            WHERE invoice.period = run.period
        ) AS lines ORDER BY 1
    """,
    "held_contractors": f"""
        SELECT {MONTH}, code, reason, detail,
               count(*) OVER (PARTITION BY code, reason ORDER BY period)
        FROM held_employee JOIN ({NEWEST_RUNS}) AS run ON run.id = run_id
        JOIN employee ON employee.id = employee_id ORDER BY 1, 2
    """,
    "tax_by_category": f"""
        SELECT {MONTH}, currency, tax_category, tax_rate, count(*), sum(subtotal), sum(tax),
               sum(total)
        FROM invoice GROUP BY 1, 2, 3, 4
        ORDER BY 1, 2, 3, 4
    """,
    "payments_due": """
        SELECT due_on, currency, count(*), count(DISTINCT employee_id), sum(total)
        FROM invoice GROUP BY 1, 2 ORDER BY 1, 2
    """,
    "rate_changes": """
        SELECT work_date, series, currency, kind, before, unit_rate,
               round((unit_rate - before) / nullif(before, 0), 4)
        FROM (
            SELECT work_date, series, currency, day.kind, unit_rate, lag(unit_rate) OVER (
                PARTITION BY series, currency, day.kind ORDER BY work_date, unit_rate
            ) AS before
            FROM live_workday AS day JOIN invoice ON invoice.id = invoice_id
        ) AS days WHERE unit_rate <> before
        ORDER BY 1, 2, 4
    """,
}
