-- How much must be paid, and when?
-- One row per due date and currency: documents, contractors, and the total with tax, net of credit
-- notes; each document counts on its own due date.
SELECT
    due_on,
    currency,
    count(*) AS documents,
    count(DISTINCT employee) AS contractors,
    sum(total) AS total
FROM invoices
GROUP BY due_on, currency
ORDER BY due_on, currency;
