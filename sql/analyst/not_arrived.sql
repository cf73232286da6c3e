-- Who has not received an invoice or a credit note, as far as we know?
-- One row per document whose latest delivery SES did not accept, or that came back; total with tax in
-- the document's currency.  As of the export.
SELECT
    invoices.period,
    invoices.number,
    invoices.employee,
    invoices.supplier_name,
    newest_deliveries.recipient,
    newest_deliveries.status,
    newest_deliveries.error,
    invoices.currency,
    invoices.total
FROM invoices JOIN newest_deliveries ON newest_deliveries.number = invoices.number
WHERE newest_deliveries.status NOT IN ('sent', 'delivered')
ORDER BY invoices.period, invoices.number;
