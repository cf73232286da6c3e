"""The end of a document: totals, and how it is paid."""

from __future__ import annotations

from functools import reduce
from typing import Final

from . import figures
from .grid import BODY, DARK, LEFT, RIGHT, SECOND, STRONG, TOTAL, gap, labelled, ruled
from .marks import Band, Style, Text, aligned_right, beside
from .pages import Block
from .printed import PrintedInvoice
from .wording import Wording

_GUTTER: Final = 4.0


def closing(invoice: PrintedInvoice, words: Wording) -> Block:
    """Set the totals and the payment details, to be kept together."""
    return Block((*_totals(invoice, words), gap(12), ruled(4), *_payment(invoice, words)))


def _totals(invoice: PrintedInvoice, words: Wording) -> list[Band]:
    tax = f"{words.tax} {figures.percentage(invoice.tax_rate)}"
    total = f"{invoice.currency} {figures.money(invoice.total)}"
    return [
        gap(3.5),
        _sum(words.subtotal, figures.money(invoice.subtotal), BODY, 5.6),
        _sum(tax, figures.money(invoice.tax), BODY, 5.6),
        gap(2),
        ruled(1.5, DARK, start=SECOND),
        _sum(words.total, total, TOTAL, 9.5),
    ]


def _sum(label: str, figure: str, style: Style, height: float) -> Band:
    return Band(height, (Text(SECOND, label, style), aligned_right(RIGHT, figure, style)))


def _payment(invoice: PrintedInvoice, words: Wording) -> list[Band]:
    """Set the supplier's account, if known, and what a payment refers to."""
    holder, account, reference = LEFT, LEFT + 46.0, LEFT + 120.0
    iban = invoice.supplier.iban or ""
    refers_to = (
        (words.credited, invoice.credits_number)
        if invoice.credits_number
        else (words.reference, invoice.number)
    )
    columns = [
        labelled(words.iban, figures.iban(iban), BODY, account, reference - account - _GUTTER),
        labelled(*refers_to, STRONG, reference, RIGHT - reference),
    ]
    name = labelled(
        words.account_holder,
        invoice.supplier.name if iban else "",
        BODY,
        holder,
        account - holder - _GUTTER,
    )
    return reduce(beside, columns, name)
