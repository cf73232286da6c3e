"""The message as a whole, and what it says of itself."""

from __future__ import annotations

from dataclasses import replace

from chalicelib.documents.printed import PrintedInvoice

from .lines import lines
from .markup import day, group, text
from .parties import parties
from .settlement import delivery, settlement

_NAMESPACES = " ".join(
    f'xmlns:{prefix}="urn:un:unece:uncefact:{name}:100"'
    for prefix, name in (
        ("rsm", "data:standard:CrossIndustryInvoice"),
        ("ram", "data:standard:ReusableAggregateBusinessInformationEntity"),
        ("qdt", "data:standard:QualifiedDataType"),
        ("udt", "data:standard:UnqualifiedDataType"),
    )
)
_PROFILE = "urn:cen.eu:en16931:2017"
# UNTDID 1001: self-billed invoice, self-billed credit note.
_TYPES = {"invoice": "389", "credit_note": "261"}
_NOTES = {
    "invoice": "Self-billed invoice, issued by the buyer on the supplier's behalf.",
    "credit_note": "Self-billed credit note, issued by the buyer on the supplier's behalf.",
}


def factur_x(invoice: PrintedInvoice) -> bytes:
    """
    *invoice* as an EN 16931 invoice in UTF-8.

    Equal invoices give equal bytes.  It never fails: where the standard asks for what is not
    known, such as a tax id, that is left out, and docs/einvoice.md says which rule is broken.
    """
    stated = _stated(invoice)
    trade = (*lines(stated), parties(stated), delivery(stated), settlement(stated))
    message = (
        '<?xml version="1.0" encoding="UTF-8"?>\n',
        f"<rsm:CrossIndustryInvoice {_NAMESPACES}>",
        f"<rsm:ExchangedDocumentContext>{_context()}</rsm:ExchangedDocumentContext>",
        f"<rsm:ExchangedDocument>{_document(stated)}</rsm:ExchangedDocument>",
        f"<rsm:SupplyChainTradeTransaction>{''.join(trade)}</rsm:SupplyChainTradeTransaction>",
        "</rsm:CrossIndustryInvoice>\n",
    )
    return "".join(message).encode()


def _stated(invoice: PrintedInvoice) -> PrintedInvoice:
    """A credit note with positive figures: its type (BT-3) says that they are credited."""
    if invoice.kind != "credit_note":
        return invoice
    return replace(
        invoice,
        lines=tuple(
            replace(line, hours=-line.hours, amount=-line.amount) for line in invoice.lines
        ),
        subtotal=-invoice.subtotal,
        tax=-invoice.tax,
        total=-invoice.total,
    )


def _context() -> str:
    return group("GuidelineSpecifiedDocumentContextParameter", text("ID", _PROFILE))  # BT-24


def _document(invoice: PrintedInvoice) -> str:
    return "".join(
        (
            text("ID", invoice.number),  # BT-1
            text("TypeCode", _TYPES[invoice.kind]),  # BT-3
            day("IssueDateTime", invoice.issued_on),  # BT-2
            group("IncludedNote", text("Content", _NOTES[invoice.kind])),  # BT-22
        )
    )
