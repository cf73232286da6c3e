-- How much depends on a few contractors?
-- One row per month, currency and contractor, the costliest first: amount before tax in that
-- currency, its share of the month in that currency and the share of all up to here, as fractions.
WITH contractors AS (
    SELECT period, currency, employee, sum(subtotal) AS amount
    FROM invoices
    GROUP BY period, currency, employee
)
SELECT
    period,
    currency,
    row_number() OVER costliest AS place,
    employee,
    amount,
    quotient(amount, sum(amount) OVER (PARTITION BY period, currency)) AS share,
    quotient(
        sum(amount) OVER costliest, sum(amount) OVER (PARTITION BY period, currency)
    ) AS share_so_far
FROM contractors
WINDOW costliest AS (PARTITION BY period, currency ORDER BY amount DESC, employee)
ORDER BY period, currency, place;
