-- Which work came too late for its month's run?
-- One row per month billed in, contractor and reason: workdays and hours.  'earlier month': the day is
-- in an earlier month, which was closed; 'later run': the day is in this month, but a run after the
-- first that issued invoices billed it.  Shards belong to the monthly run that follows them.  Work
-- billed again by corrections is not late and is left out.
WITH month_runs AS (
    SELECT
        period,
        run_id,
        -- The run of the month that this run is, or is a shard of; the highest number if it has
        -- not come yet.
        coalesce(
            min(run_id) FILTER (WHERE kind = 'month') OVER (
                PARTITION BY period ORDER BY run_id ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING
            ),
            9223372036854775807
        ) AS month_run
    FROM runs
    WHERE kind IN ('month', 'shard')
),
issuing AS (
    SELECT invoices.number, invoices.period, month_run,
           min(month_run) OVER (PARTITION BY invoices.period) AS first_run
    FROM invoices JOIN month_runs USING (period, run_id)
    WHERE invoices.kind = 'invoice'
),
late AS (
    SELECT
        issuing.period,
        workdays.employee,
        CASE
            WHEN strftime(workdays.work_date, '%Y-%m') < issuing.period THEN 'earlier month'
            WHEN issuing.month_run > issuing.first_run THEN 'later run'
        END AS reason,
        workdays.hours
    FROM workdays JOIN issuing ON issuing.number = workdays.number
)
SELECT period, employee, reason, count(*) AS workdays, sum(hours) AS hours
FROM late
WHERE reason IS NOT NULL
GROUP BY period, employee, reason
ORDER BY period, employee, reason;
