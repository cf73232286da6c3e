-- What goes into the tax return?
-- One row per month, currency, tax category and rate: documents, and base, tax and total, net of
-- credit notes.  The categories are those of EN 16931: S standard, Z zero, E exempt, AE reverse
-- charge, O outside the scope.
SELECT
    period,
    currency,
    tax_category,
    tax_rate,
    count(*) AS documents,
    sum(subtotal) AS base,
    sum(tax) AS tax,
    sum(total) AS total
FROM invoices
GROUP BY period, currency, tax_category, tax_rate
ORDER BY period, currency, tax_category, tax_rate;
