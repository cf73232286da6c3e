-- How does the cost of each department develop?
-- One row per department, currency and month: hours, the amount before tax, and the change against the
-- department's previous month with an invoice (null in its first).
WITH months AS (
    SELECT department, currency, period, sum(hours) AS hours, sum(amount) AS amount
    FROM lines
    GROUP BY department, currency, period
)
SELECT
    department,
    currency,
    period,
    hours,
    amount,
    amount - lag(amount) OVER earlier AS change
FROM months
WINDOW earlier AS (PARTITION BY department, currency ORDER BY period)
ORDER BY department, currency, period;
