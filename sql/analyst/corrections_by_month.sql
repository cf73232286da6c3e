-- How often do we correct invoices, and for how much?
-- One row per month and currency: the invoices and credit notes booked in it, their totals with tax
-- (negative for credit notes), and credit notes per invoice as a fraction.
WITH months AS (
    SELECT
        period,
        currency,
        count(*) FILTER (WHERE kind = 'invoice') AS invoices,
        count(*) FILTER (WHERE kind = 'credit_note') AS credit_notes,
        coalesce(sum(total) FILTER (WHERE kind = 'invoice'), 0.00) AS invoiced,
        coalesce(sum(total) FILTER (WHERE kind = 'credit_note'), 0.00) AS credited
    FROM invoices
    GROUP BY period, currency
)
SELECT *, quotient(credit_notes, invoices) AS credit_notes_per_invoice
FROM months
ORDER BY period, currency;
