"""How the invoice is taxed (BG-23, BG-30), and which tax ids that allows."""

from __future__ import annotations

import re
from decimal import Decimal

from chalicelib.documents.printed import PrintedInvoice, PrintedParty

from .markup import group, money, text

_OUTSIDE = "O"
_REASONS = {
    "E": "Exempt from VAT",
    "AE": "Reverse charge",
    _OUTSIDE: "Not subject to VAT",
}
_REASON_CODES = {"AE": "VATEX-EU-AE", _OUTSIDE: "VATEX-EU-O"}
# Of countries whose VAT ids don't begin with their code alone; XI is Northern Ireland.
_PREFIXES = {"GR": "EL", "GB": "GB|XI"}


def line_tax(invoice: PrintedInvoice) -> str:
    return group(
        "ApplicableTradeTax",
        text("TypeCode", "VAT"),
        text("CategoryCode", invoice.tax_category),  # BT-151
        _rate(invoice),  # BT-152
    )


def breakdown(invoice: PrintedInvoice) -> str:
    """The one tax breakdown: an invoice has one category and rate."""
    category = invoice.tax_category
    return group(
        "ApplicableTradeTax",
        money("CalculatedAmount", invoice.tax),  # BT-117
        text("TypeCode", "VAT"),
        text("ExemptionReason", _REASONS.get(category, "")),  # BT-120
        money("BasisAmount", invoice.subtotal),  # BT-116
        text("CategoryCode", category),  # BT-118
        text("ExemptionReasonCode", _REASON_CODES.get(category, "")),  # BT-121
        _rate(invoice),  # BT-119
    )


def vat_id(party: PrintedParty, category: str) -> str:
    """
    The party's VAT id without spaces, or nothing.

    A tax id counts as one if it begins as those of the party's country do.  Outside the scope of
    tax, VAT ids are forbidden (BR-O-02).
    """
    compact = re.sub(r"[\s.\-/]", "", party.tax_id).upper()
    prefix = _PREFIXES.get(party.country, re.escape(party.country))
    found = re.fullmatch(rf"(?:{prefix})(?=.*[0-9])[0-9A-Z+*]{{2,}}", compact)
    return compact if found and category != _OUTSIDE else ""


def _rate(invoice: PrintedInvoice) -> str:
    """The rate in per cent; outside the scope of tax there is none (BR-O-05)."""
    if invoice.tax_category == _OUTSIDE:
        return ""
    return text("RateApplicablePercent", f"{_shortened(invoice.tax_rate * 100):f}")


def _shortened(number: Decimal) -> Decimal:
    """The number without zeros after the point: 23.000000 is 23, 5.500000 is 5.5."""
    whole = number.to_integral_value()
    return whole if whole == number else number.normalize()
