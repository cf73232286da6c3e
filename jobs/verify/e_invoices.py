"""The e-invoice inside a PDF: its number and amounts against the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from chalicelib.billing.issued import Finding
from chalicelib.documents.printed import PrintedInvoice

_NAMESPACES: Final = {
    "ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
    "rsm": "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
}
_AMOUNTS: Final = {
    "subtotal": "TaxBasisTotalAmount",
    "tax": "TaxTotalAmount",
    "total": "GrandTotalAmount",
}


def check_e_invoice(xml: bytes | None, document: PrintedInvoice) -> list[Finding]:
    """Compare number, currency and amounts; a credit note states its amounts positive."""
    if xml is None:
        return [Finding(document.number, "e-invoice", "inside the PDF", None)]
    try:
        message = fromstring(xml)
    except (ParseError, DefusedXmlException) as error:
        return [Finding(document.number, "e-invoice", "readable", str(error))]
    stated = _stated(document)
    return [
        Finding(document.number, f"{name} in the e-invoice", str(stated[name]), found)
        for name, found in _found(message)
        if not _agree(stated[name], found)
    ]


def _stated(document: PrintedInvoice) -> dict[str, str | Decimal]:
    positive = Decimal.__neg__ if document.kind == "credit_note" else Decimal.__pos__
    return {
        "number": document.number,
        "currency": document.currency,
        "subtotal": positive(document.subtotal),
        "tax": positive(document.tax),
        "total": positive(document.total),
    }


def _agree(stated: str | Decimal, found: str | None) -> bool:
    """Amounts by value, however they are written: -0.00 is 0.00."""
    if found is None or isinstance(stated, str):
        return stated == found
    try:
        return stated == Decimal(found)
    except InvalidOperation:
        return False


def _found(message: Element) -> Iterator[tuple[str, str | None]]:
    yield "number", message.findtext("rsm:ExchangedDocument/ram:ID", None, _NAMESPACES)
    yield "currency", message.findtext(".//ram:InvoiceCurrencyCode", None, _NAMESPACES)
    summation = ".//ram:SpecifiedTradeSettlementHeaderMonetarySummation/ram:"
    for name, element in _AMOUNTS.items():
        yield name, message.findtext(f"{summation}{element}", None, _NAMESPACES)
