"""The end of a document: totals, and how it is paid."""

from __future__ import annotations

from functools import reduce

from chalicelib.language import Language

from . import accounts, wording
from .payment_code import payment_code
from .pdf.grid import (
    BODY,
    DARK,
    LABEL,
    LEFT,
    LINE,
    QUIET,
    RIGHT,
    SECOND,
    STRONG,
    TOTAL,
    column,
    gap,
    labelled,
    ruled,
)
from .pdf.marks import Band, Style, Text, aligned_right, beside
from .pdf.pages import Block
from .printed import PrintedInvoice

_GUTTER = 4.0
# Width of the payment code: a telephone reads it from a hand's breadth away.
_CODE = 26.0


def closing(invoice: PrintedInvoice, language: Language) -> Block:
    """The totals and the payment details, to be kept together."""
    totals = beside(_note(invoice, language), _totals(invoice, language))
    return Block((*totals, gap(12), ruled(4), *_payment(invoice, language)))


def _totals(invoice: PrintedInvoice, language: Language) -> list[Band]:
    money = language.figures.money
    return [
        gap(3.5),
        _sum(language.gettext("Subtotal"), money(invoice.subtotal), BODY, 5.6),
        _sum(wording.tax(invoice, language), money(invoice.tax), BODY, 5.6),
        gap(2),
        ruled(1.5, DARK, start=SECOND),
        _sum(language.gettext("Total"), wording.total(invoice, language), TOTAL, 9.5),
    ]


def _sum(label: str, figure: str, style: Style, height: float) -> Band:
    """A sum on one line; in smaller type where the two would meet: a total of twelve digits."""
    if style.width(label) + _GUTTER + style.width(figure) > RIGHT - SECOND:
        style = STRONG
    return Band(height, (Text(SECOND, label, style), aligned_right(RIGHT, figure, style)))


def _note(invoice: PrintedInvoice, language: Language) -> list[Band]:
    """Why no tax is charged, to the left of the totals."""
    width = SECOND - LEFT - 2 * _GUTTER
    return [gap(3.5), *column(wording.tax_note(invoice, language), QUIET, LEFT, width, 5.6)]


def _payment(invoice: PrintedInvoice, language: Language) -> list[Band]:
    """The supplier's account, if known, what a payment refers to, and both as a code."""
    code = payment_code(invoice, RIGHT - _CODE, _CODE)
    if not code:
        return reduce(beside, (*_account(invoice, language), _reference(invoice, language)))
    caption = aligned_right(RIGHT, language.gettext("Scan to pay"), LABEL)
    details = [
        *reduce(beside, _account(invoice, language)),
        gap(3.5),
        *_reference(invoice, language, LEFT),
    ]
    missing = _CODE - sum(band.height for band in details)
    return [
        Band(0, codes=code),
        *details,
        *([gap(missing)] if missing > 0 else []),
        Band(LINE, (caption,)),
    ]


def _account(invoice: PrintedInvoice, language: Language) -> list[list[Band]]:
    iban = invoice.supplier.iban or ""
    name = invoice.supplier.name if iban else ""
    holder, account, end = LEFT, LEFT + 46.0, LEFT + 120.0
    return [
        labelled(language.gettext("Account holder"), name, BODY, holder, 46.0 - _GUTTER),
        labelled(
            language.gettext("IBAN"),
            accounts.grouped(iban),
            BODY,
            account,
            end - account - _GUTTER,
        ),
    ]


def _reference(invoice: PrintedInvoice, language: Language, x: float = LEFT + 120.0) -> list[Band]:
    credited = invoice.credits_number
    label = (
        language.gettext("Cancelled invoice") if credited else language.gettext("Payment reference")
    )
    return labelled(label, credited or invoice.number, STRONG, x, 46.0)
