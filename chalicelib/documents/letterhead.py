"""The head of the first page: what the document is, and between whom."""

from __future__ import annotations

from functools import reduce
from typing import Final

from .grid import (
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
from .marks import Band, Text, beside, wrapped
from .printed import PrintedInvoice, PrintedParty
from .wording import Wording

_WIDTH: Final = RIGHT - LEFT
_PARTY_WIDTH: Final = 80.0
_DATE_WIDTH: Final = 34.0
_LABEL_WIDTH: Final = 16.0


def letterhead(invoice: PrintedInvoice, words: Wording) -> list[Band]:
    """Set everything above the table of lines."""
    return [
        *_title(invoice, words),
        gap(8),
        ruled(4),
        *_facts(invoice, words),
        gap(3.5),
        ruled(7),
        *_parties(invoice, words),
        gap(11),
    ]


def _title(invoice: PrintedInvoice, words: Wording) -> list[Band]:
    credited = invoice.credits_number
    return [
        *column(words.title(invoice.kind), TITLE, LEFT, _WIDTH, height=10.5),
        *column(words.credits.format(number=credited) if credited else "", STRONG, LEFT, _WIDTH),
        *column(words.self_billing, QUIET, LEFT, _WIDTH),
    ]


def _facts(invoice: PrintedInvoice, words: Wording) -> list[Band]:
    """Set number, period and dates in one row; a long number wraps in its column."""
    dates = (
        (words.period, words.month(invoice.period_start)),
        (words.issued_on, words.day(invoice.issued_on)),
        (words.due_on, words.day(invoice.due_on)),
    )
    first = RIGHT - _DATE_WIDTH * len(dates)
    number = labelled(words.number, invoice.number, STRONG, LEFT, first - LEFT - 4)
    columns = [
        labelled(label, day, BODY, first + _DATE_WIDTH * place, _DATE_WIDTH)
        for place, (label, day) in enumerate(dates)
    ]
    return reduce(beside, columns, number)


def _parties(invoice: PrintedInvoice, words: Wording) -> list[Band]:
    """Set both sides in columns, their particulars from the same line down."""
    sides = (invoice.supplier, LEFT), (invoice.buyer, SECOND)
    roles = (words.supplier, words.buyer)
    addresses = (_address(*side, role) for side, role in zip(sides, roles, strict=True))
    particulars = (_particulars(*side, words) for side in sides)
    return [*reduce(beside, addresses), gap(2), *reduce(beside, particulars)]


def _address(party: PrintedParty, x: float, role: str) -> list[Band]:
    return [
        *labelled(role, party.name, STRONG, x, _PARTY_WIDTH),
        *column(party.address, BODY, x, _PARTY_WIDTH),
    ]


def _particulars(party: PrintedParty, x: float, words: Wording) -> list[Band]:
    return [
        *_entry(words.country, party.country, x),
        *_entry(words.tax_id, party.tax_id, x),
        *_entry(words.email, party.email or "", x),
    ]


def _entry(label: str, text: str, x: float) -> list[Band]:
    """Set *text* to the right of its label; no text, no label."""
    if not text.strip():
        return []
    lines = wrapped(text, BODY, _PARTY_WIDTH - _LABEL_WIDTH)
    return beside(
        [Band(LINE, (Text(x, label, LABEL),))],
        [Band(LINE, (Text(x + _LABEL_WIDTH, line, BODY),)) for line in lines],
    )
