"""Delivery, payment, tax and totals (BG-13, BG-16, BG-23, BG-22)."""

from __future__ import annotations

import re
from calendar import monthrange

from chalicelib.documents.printed import PrintedInvoice, PrintedParty

from .markup import day, group, money, period, reference_day, text
from .taxes import breakdown

# UNTDID 4461: instrument not defined, credit transfer, SEPA credit transfer.
_NOT_DEFINED = "1"
_TRANSFER = "30"
_SEPA = "58"
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{1,30}")


def delivery(invoice: PrintedInvoice) -> str:
    """When the work was done: its last day (BT-72)."""
    finished = max((worked.work_date for worked in invoice.days), default=invoice.period_start)
    event = group("ActualDeliverySupplyChainEvent", day("OccurrenceDateTime", finished))
    return group("ApplicableHeaderTradeDelivery", event)


def settlement(invoice: PrintedInvoice) -> str:
    return group(
        "ApplicableHeaderTradeSettlement",
        text("PaymentReference", invoice.number),  # BT-83
        text("InvoiceCurrencyCode", invoice.currency),  # BT-5
        _payment(invoice),
        breakdown(invoice),
        _billed(invoice),
        group("SpecifiedTradePaymentTerms", day("DueDateDateTime", invoice.due_on)),  # BT-9
        _totals(invoice),
        _credited(invoice),
    )


def _payment(invoice: PrintedInvoice) -> str:
    """How the supplier is paid: by transfer, if their account is known."""
    account = _account(invoice.supplier)
    transfer = _SEPA if invoice.currency == "EUR" else _TRANSFER
    return group(
        "SpecifiedTradeSettlementPaymentMeans",
        text("TypeCode", transfer if account else _NOT_DEFINED),  # BT-81
        account,
    )


def _account(supplier: PrintedParty) -> str:
    """Account and holder; what has not the form of an IBAN is stated as another number."""
    number = "".join((supplier.iban or "").split()).upper()
    if not number:
        return ""
    international = number if _IBAN.fullmatch(number) else ""
    return group(
        "PayeePartyCreditorFinancialAccount",
        text("IBANID", international),  # BT-84
        text("AccountName", supplier.name),  # BT-85
        "" if international else text("ProprietaryID", number),  # BT-84
    )


def _billed(invoice: PrintedInvoice) -> str:
    """The month (BG-14), widened to days of other months that are billed with it."""
    month = invoice.period_start
    last = month.replace(day=monthrange(month.year, month.month)[1])
    days = [worked.work_date for worked in invoice.days]
    return period(min([month, *days]), max([last, *days]))


def _totals(invoice: PrintedInvoice) -> str:
    return group(
        "SpecifiedTradeSettlementHeaderMonetarySummation",
        money("LineTotalAmount", invoice.subtotal),  # BT-106
        money("TaxBasisTotalAmount", invoice.subtotal),  # BT-109
        money("TaxTotalAmount", invoice.tax, f'currencyID="{invoice.currency}"'),  # BT-110
        money("GrandTotalAmount", invoice.total),  # BT-112
        money("DuePayableAmount", invoice.total),  # BT-115
    )


def _credited(invoice: PrintedInvoice) -> str:
    """The invoice that a credit note credits (BG-3)."""
    issued_on = invoice.credits_issued_on
    return group(
        "InvoiceReferencedDocument",
        text("IssuerAssignedID", invoice.credits_number or ""),  # BT-25
        reference_day("FormattedIssueDateTime", issued_on) if issued_on else "",  # BT-26
    )
