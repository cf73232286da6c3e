-- Which work came too late for its month's run?
-- One row per month billed in, contractor and reason; workdays and hours.  'earlier month': the day
-- lies before the month, which was closed; 'later run': of the month, but billed by a run after the
-- first that issued.  What corrections bill again is not late and not in it.
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
