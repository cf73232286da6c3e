"""Seller (BG-4) and buyer (BG-7)."""

from __future__ import annotations

from chalicelib.documents.printed import PrintedInvoice, PrintedParty

from .markup import group, text
from .taxes import vat_id

_EMAIL = 'schemeID="EM"'
_VAT = 'schemeID="VA"'
_LOCAL = 'schemeID="FC"'
_LINES = ("LineOne", "LineTwo", "LineThree")


def parties(invoice: PrintedInvoice) -> str:
    return group("ApplicableHeaderTradeAgreement", _seller(invoice), _buyer(invoice))


def _seller(invoice: PrintedInvoice) -> str:
    """The supplier, with the buyer's code for them: a tax id alone is not enough (BR-CO-26)."""
    party = invoice.supplier
    vat = text("ID", vat_id(party, invoice.tax_category), _VAT)  # BT-31
    return group(
        "SellerTradeParty",
        text("ID", invoice.series),  # BT-29
        text("Name", party.name),  # BT-27
        _address(party),  # BG-5
        _email(party),  # BT-34
        group("SpecifiedTaxRegistration", vat or text("ID", party.tax_id, _LOCAL)),  # BT-32
    )


def _buyer(invoice: PrintedInvoice) -> str:
    """The payer; a tax id that is no VAT id stands as their registration."""
    party = invoice.buyer
    vat = text("ID", vat_id(party, invoice.tax_category), _VAT)  # BT-48
    registered = "" if vat else text("ID", party.tax_id)
    return group(
        "BuyerTradeParty",
        text("Name", party.name),  # BT-44
        group("SpecifiedLegalOrganization", registered),  # BT-47
        _address(party),  # BG-8
        _email(party),  # BT-49
        group("SpecifiedTaxRegistration", vat),
    )


def _address(party: PrintedParty) -> str:
    """The address as lines: it is kept as one text, in the order of its country."""
    return group(
        "PostalTradeAddress",
        *(text(name, part) for name, part in zip(_LINES, _parts(party.address), strict=False)),
        text("CountryID", party.country),  # BT-40, BT-55
    )


def _parts(address: str) -> list[str]:
    """*address*, split at line breaks, else at commas, into at most three parts."""
    whole = address.strip()
    parts = whole.splitlines() if len(whole.splitlines()) > 1 else whole.split(",")
    named = [part.strip() for part in parts if part.strip()]
    return [*named[:2], ", ".join(named[2:])]


def _email(party: PrintedParty) -> str:
    return group("URIUniversalCommunication", text("URIID", party.email or "", _EMAIL))
