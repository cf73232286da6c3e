"""
The QR code that fills in a SEPA credit transfer in a banking app.

Its content follows the European Payments Council's guideline EPC069-12, version 002.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

import segno

from . import accounts
from .pdf.marks import Code
from .printed import PrintedInvoice

_MOST = Decimal("999999999.99")
_LONGEST_NAME = 70
_LONGEST_TEXT = 140
# Bytes of the whole content.
_LONGEST = 331

# Every mask reads alike; weighing all eight against each other takes most of the time.
_MASK = 3
_DARK = re.compile(rb"\x01+")


def payment_code(invoice: PrintedInvoice, x: float, width: float) -> tuple[Code, ...]:
    """
    The code *width* millimetres wide, from *x* and the top of its band.

    Returns:
        Nothing if a SEPA transfer cannot pay the invoice: not in EUR, nothing to pay, no account
        or none that can be right, or a name longer than a transfer may have.
    """
    content = transfer(invoice)
    if not content:
        return ()
    code = segno.make_qr(content, error="m", encoding="utf-8", mask=_MASK, boost_error=False)
    rows = [bytes(row) for row in code.matrix]
    return (Code(x, width / len(rows), tuple(_boxes(rows))),)


def transfer(invoice: PrintedInvoice) -> str:
    """The transfer that pays *invoice*; nothing if there is none."""
    name, text = (" ".join(words.split()) for words in (invoice.supplier.name, invoice.number))
    iban = accounts.compact(invoice.supplier.iban or "")
    payable = invoice.currency == "EUR" and 0 < invoice.total <= _MOST and accounts.is_iban(iban)
    written = 0 < len(name) <= _LONGEST_NAME and 0 < len(text) <= _LONGEST_TEXT
    amount = f"EUR{invoice.total:.2f}"
    lines = ("BCD", "002", "1", "SCT", "", name, iban, amount, "", "", text)
    content = "\n".join(lines)
    return content if payable and written and len(content.encode()) <= _LONGEST else ""


def _boxes(rows: list[bytes]) -> Iterator[tuple[int, int, int, int]]:
    """Each run of dark modules as one box, and equal runs below one another as one."""
    begun: dict[tuple[int, int], int] = {}
    for number, row in enumerate([*rows, b""]):
        runs = {run.span(): number for run in _DARK.finditer(row)}
        for start, end in [run for run in begun if run not in runs]:
            first = begun.pop((start, end))
            yield start, first, end - start, number - first
        begun = runs | begun
