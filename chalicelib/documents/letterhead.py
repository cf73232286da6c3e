"""The head of the first page: what the document is, and between whom."""

from __future__ import annotations

from functools import reduce

from chalicelib.language import Language

from . import wording
from .pdf.grid import (
    BODY,
    LABEL,
    LEFT,
    LINE,
    QUIET,
    RIGHT,
    SECOND,
    STRONG,
    TITLE,
    column,
    gap,
    labelled,
    ruled,
)
from .pdf.marks import Band, Text, beside, wrapped
from .printed import PrintedInvoice, PrintedParty

_WIDTH = RIGHT - LEFT
_PARTY_WIDTH = 80.0
_DATE_WIDTH = 34.0
_WIDEST_DATE = 44.0
_GUTTER = 4.0
_LABEL_WIDTH = 16.0
_LABEL_GUTTER = 3.0


def letterhead(invoice: PrintedInvoice, language: Language) -> list[Band]:
    """Everything above the table of lines."""
    return [
        *_title(invoice, language),
        gap(8),
        ruled(4),
        *_facts(invoice, language),
        gap(3.5),
        ruled(7),
        *_parties(invoice, language),
        gap(11),
    ]


def _title(invoice: PrintedInvoice, language: Language) -> list[Band]:
    issued = language.gettext("Self-billing: issued by the buyer on behalf of the supplier")
    return [
        *column(wording.title(invoice, language), TITLE, LEFT, _WIDTH, height=10.5),
        *column(_credited(invoice, language), STRONG, LEFT, _WIDTH),
        *column(issued, QUIET, LEFT, _WIDTH),
    ]


def _credited(invoice: PrintedInvoice, language: Language) -> str:
    if not invoice.credits_number or not invoice.credits_issued_on:
        return ""
    sentence = language.gettext("Cancels invoice {number} dated {date}")
    issued_on = language.figures.day(invoice.credits_issued_on)
    return sentence.format(number=invoice.credits_number, date=issued_on)


def _facts(invoice: PrintedInvoice, language: Language) -> list[Band]:
    """Number, period and dates in one row; a long number wraps in its column."""
    dates = (
        (language.gettext("Period"), language.figures.month(invoice.period_start)),
        (language.gettext("Issue date"), language.figures.day(invoice.issued_on)),
        (language.gettext("Due date"), language.figures.day(invoice.due_on)),
    )
    width = min(_WIDEST_DATE, max(_DATE_WIDTH, *(BODY.width(day) + _GUTTER for _, day in dates)))
    first = RIGHT - width * len(dates)
    number = language.gettext("Number")
    columns = [
        labelled(label, day, BODY, first + width * place, width - _GUTTER)
        for place, (label, day) in enumerate(dates)
    ]
    return reduce(
        beside, columns, labelled(number, invoice.number, STRONG, LEFT, first - LEFT - _GUTTER)
    )


def _parties(invoice: PrintedInvoice, language: Language) -> list[Band]:
    """Both sides in columns, their particulars from the same line down."""
    sides = (invoice.supplier, LEFT), (invoice.buyer, SECOND)
    roles = language.gettext("Supplier"), language.gettext("Buyer")
    addresses = (_address(*side, role) for side, role in zip(sides, roles, strict=True))
    particulars = (_particulars(*side, language) for side in sides)
    return [*reduce(beside, addresses), gap(2), *reduce(beside, particulars)]


def _address(party: PrintedParty, x: float, role: str) -> list[Band]:
    return [
        *labelled(role, party.name, STRONG, x, _PARTY_WIDTH),
        *column(party.address, BODY, x, _PARTY_WIDTH),
    ]


def _particulars(party: PrintedParty, x: float, language: Language) -> list[Band]:
    entries = (
        (language.gettext("Country"), party.country),
        (language.gettext("Tax ID"), party.tax_id),
        (language.gettext("Email"), party.email or ""),
    )
    width = max(_LABEL_WIDTH, *(LABEL.width(label) + _LABEL_GUTTER for label, _ in entries))
    return [band for entry in entries for band in _entry(*entry, x, width)]


def _entry(label: str, text: str, x: float, label_width: float) -> list[Band]:
    """*text* to the right of its label; no text, no label."""
    if not text.strip():
        return []
    lines = wrapped(text, BODY, _PARTY_WIDTH - label_width)
    return beside(
        [Band(LINE, (Text(x, label, LABEL),))],
        [Band(LINE, (Text(x + label_width, line, BODY),)) for line in lines],
    )
