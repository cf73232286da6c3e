-- What does an hour of each contractor really cost, including overtime and rate changes?
-- One row per month and contractor: hours, the amount before tax, and the amount per hour in the
-- invoice's currency, to four decimals (null if a correction leaves no hours).
SELECT
    period,
    employee,
    currency,
    sum(hours) AS hours,
    sum(amount) AS amount,
    quotient(sum(amount), sum(hours)) AS effective_rate
FROM lines
GROUP BY period, employee, currency
ORDER BY period, employee, currency;
