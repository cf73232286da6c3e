-- What changed against the previous month?
-- One row per currency and calendar month, from the first to the last: contractors billed, subtotal,
-- the change, and the change as a fraction of the previous month (null after a month without
-- invoices).  Months without invoices are included with zeros.
WITH issued AS (
    SELECT
        currency,
        CAST(period || '-01' AS DATE) AS month,
        count(DISTINCT employee) AS contractors,
        sum(subtotal) AS subtotal
    FROM invoices
    GROUP BY currency, month
),
calendar AS (
    SELECT currency, CAST(unnest(range(min(month), max(month) + 1, INTERVAL 1 MONTH)) AS DATE) AS month
    FROM issued
    GROUP BY currency
),
months AS (
    SELECT
        currency,
        month,
        coalesce(contractors, 0) AS contractors,
        coalesce(subtotal, 0.00) AS subtotal
    FROM calendar LEFT JOIN issued USING (currency, month)
)
SELECT
    currency,
    strftime(month, '%Y-%m') AS period,
    contractors,
    subtotal,
    subtotal - lag(subtotal) OVER earlier AS change,
    quotient(subtotal - lag(subtotal) OVER earlier, lag(subtotal) OVER earlier) AS change_share
FROM months
WINDOW earlier AS (PARTITION BY currency ORDER BY month)
ORDER BY currency, period;
