-- Whose hourly rate went up or down?
-- One row per contractor, currency and kind of hours each time the rate changes: the first day billed
-- at the new rate, the rate before and after per hour, and the change as a fraction.  Credited work is
-- left out.
WITH net AS (
    SELECT
        workdays.employee, currency, work_date, workdays.kind, unit_rate, sum(hours) AS hours
    FROM workdays JOIN invoices ON invoices.number = workdays.number
    GROUP BY ALL
    HAVING sum(hours) > 0
),
days AS (
    SELECT *, lag(unit_rate) OVER (
        PARTITION BY employee, currency, kind ORDER BY work_date, unit_rate
    ) AS rate_before
    FROM net
)
SELECT
    work_date AS first_billed_on,
    employee,
    currency,
    kind,
    rate_before,
    unit_rate AS rate,
    quotient(
        CAST((unit_rate - rate_before) * 100 AS DECIMAL(18, 2)),
        CAST(rate_before * 100 AS DECIMAL(18, 2))
    ) AS change_share
FROM days
WHERE unit_rate <> rate_before
ORDER BY first_billed_on, employee, kind;
