-- What do we owe for a month, in each currency?
-- One row per month and currency: documents, and subtotal, tax and total, net of credit notes.
SELECT
    period,
    currency,
    count(*) AS documents,
    sum(subtotal) AS subtotal,
    sum(tax) AS tax,
    sum(total) AS total
FROM invoices
GROUP BY period, currency
ORDER BY period, currency;
