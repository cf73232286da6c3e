-- Which work came too late for its month's run?
-- One row per month billed in, contractor and reason: workdays and hours.  'earlier month': the day is
-- in an earlier month, which was closed; 'later run': the day is in this month, but a run after the
-- first that issued invoices billed it.  Work billed again by corrections is not late and is left out.
WITH issuing AS (
    SELECT invoices.number, invoices.period, invoices.run_id,
           min(invoices.run_id) OVER (PARTITION BY invoices.period) AS first_run
    FROM invoices JOIN runs ON runs.run_id = invoices.run_id
    WHERE invoices.kind = 'invoice' AND runs.kind = 'month'
),
late AS (
    SELECT
        issuing.period,
        workdays.employee,
        CASE
            WHEN strftime(workdays.work_date, '%Y-%m') < issuing.period THEN 'earlier month'
            WHEN issuing.run_id > issuing.first_run THEN 'later run'
        END AS reason,
        workdays.hours
    FROM workdays JOIN issuing ON issuing.number = workdays.number
)
SELECT period, employee, reason, count(*) AS workdays, sum(hours) AS hours
FROM late
WHERE reason IS NOT NULL
GROUP BY period, employee, reason
ORDER BY period, employee, reason;
