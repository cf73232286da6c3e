-- How much do we depend on a few contractors?
-- One row per month, currency and contractor, most expensive first: the amount before tax, its share
-- of the month in that currency, and the running share down to this row, as fractions.
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
