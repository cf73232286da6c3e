"""The e-invoice inside a PDF: its number and amounts against the ledger."""

from __future__ import annotations

from collections.abc import Iterator
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
        Finding(document.number, f"{name} in the e-invoice", stated[name], found)
        for name, found in _found(message)
        if stated[name] != found
    ]


def _stated(document: PrintedInvoice) -> dict[str, str]:
    sign = -1 if document.kind == "credit_note" else 1
    return {
        "number": document.number,
        "currency": document.currency,
        "subtotal": str(sign * document.subtotal),
        "tax": str(sign * document.tax),
        "total": str(sign * document.total),
    }


def _found(message: Element) -> Iterator[tuple[str, str | None]]:
    yield "number", message.findtext("rsm:ExchangedDocument/ram:ID", None, _NAMESPACES)
    yield "currency", message.findtext(".//ram:InvoiceCurrencyCode", None, _NAMESPACES)
    summation = ".//ram:SpecifiedTradeSettlementHeaderMonetarySummation/ram:"
    for name, element in _AMOUNTS.items():
        yield name, message.findtext(f"{summation}{element}", None, _NAMESPACES)
