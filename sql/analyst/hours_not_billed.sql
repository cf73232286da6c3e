-- How many recorded hours could not be billed, and why?
-- One row per month, for its newest run: workdays and hours rejected and held, all hours billed in the
-- month (net of credit notes), and the hours not billed as a fraction of all hours.
-- Work that is still not billed when its month is closed counts again in the next month.
WITH billed AS (
    SELECT period, sum(hours) AS hours FROM lines GROUP BY period
)
SELECT
    newest_runs.period,
    rejected_rows,
    rejected_hours,
    held_rows,
    held_hours,
    coalesce(billed.hours, 0.00) AS billed_hours,
    quotient(
        rejected_hours + held_hours, rejected_hours + held_hours + coalesce(billed.hours, 0.00)
    ) AS not_billed_share
FROM newest_runs LEFT JOIN billed ON billed.period = newest_runs.period
ORDER BY newest_runs.period;
