"""
The QR code that fills in a SEPA credit transfer in a banking app.

Its content follows the European Payments Council's guideline EPC069-12, version 002.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

import segno

from . import accounts
from .marks import Box
from .printed import PrintedInvoice

_MOST: Final = Decimal("999999999.99")
_LONGEST_NAME: Final = 70
_LONGEST_TEXT: Final = 140
_LONGEST: Final = 331
"""Bytes of the whole content."""

# Every mask reads alike; weighing all eight against each other takes most of the time.
_MASK: Final = 3
_DARK: Final = re.compile(rb"\x01+")


def payment_code(invoice: PrintedInvoice, x: float, width: float) -> tuple[Box, ...]:
    """
    Draw the code *width* millimetres wide, from *x* and the top of its band.

    Returns:
        Nothing if a SEPA transfer cannot pay the invoice: not in EUR, nothing to pay, no account
        or none that can be right, or a name longer than a transfer may have.
    """
    content = transfer(invoice)
    if not content:
        return ()
    rows = [
        bytes(row)
        for row in segno.make_qr(
            content, error="m", encoding="utf-8", mask=_MASK, boost_error=False
        ).matrix
    ]
    return tuple(_boxes(rows, x, width / len(rows)))


def transfer(invoice: PrintedInvoice) -> str:
    """Write the transfer that pays *invoice*; nothing if there is none."""
    name, text = (" ".join(words.split()) for words in (invoice.supplier.name, invoice.number))
    iban = accounts.compact(invoice.supplier.iban or "")
    payable = invoice.currency == "EUR" and 0 < invoice.total <= _MOST and accounts.is_iban(iban)
    written = 0 < len(name) <= _LONGEST_NAME and 0 < len(text) <= _LONGEST_TEXT
    amount = f"EUR{invoice.total:.2f}"
    lines = ("BCD", "002", "1", "SCT", "", name, iban, amount, "", "", text)
    content = "\n".join(lines)
    return content if payable and written and len(content.encode()) <= _LONGEST else ""


def _boxes(rows: list[bytes], x: float, side: float) -> Iterator[Box]:
    """Draw each run of dark modules as one box, and equal runs below one another as one."""
    open_: dict[tuple[int, int], int] = {}
    for number, row in enumerate([*rows, b""]):
        runs = {run.span() for run in _DARK.finditer(row)}
        for run in [run for run in open_ if run not in runs]:
            yield _box(run, open_.pop(run), number, x, side)
        for run in sorted(runs):
            open_.setdefault(run, number)


def _box(run: tuple[int, int], first: int, after: int, x: float, side: float) -> Box:
    start, end = run
    return Box(x + start * side, first * side, (end - start) * side, (after - first) * side)
