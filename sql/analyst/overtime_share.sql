-- How much of the work is overtime, and what does it cost?
-- One row per month and currency: hours, amounts before tax, and the overtime share of hours and of
-- amounts, as fractions (0.0500 is 5%).
WITH months AS (
    SELECT
        period,
        currency,
        sum(hours) AS hours,
        coalesce(sum(hours) FILTER (WHERE kind = 'overtime'), 0.00) AS overtime_hours,
        sum(amount) AS amount,
        coalesce(sum(amount) FILTER (WHERE kind = 'overtime'), 0.00) AS overtime_amount
    FROM lines
    GROUP BY period, currency
)
SELECT
    *,
    quotient(overtime_hours, hours) AS share_of_hours,
    quotient(overtime_amount, amount) AS share_of_amount
FROM months
ORDER BY period, currency;
