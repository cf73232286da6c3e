-- What does an hour of each contractor really cost, overtime and rate changes mixed in?
-- One row per month and contractor; hours, amount before tax, and their quotient in the invoice's
-- currency per hour, to four decimals (null where a correction leaves no hours).
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
