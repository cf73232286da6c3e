"""What one document prints: plain values, ready to be drawn."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class PrintedParty:
    """
    One side of the document.

    Attributes:
        address: Postal address; may hold line breaks, which are kept.
        country: ISO 3166 code.
        tax_id: May be empty, and is then left out.
        iban: With or without spaces.
    """

    name: str
    address: str
    country: str
    tax_id: str
    iban: str | None
    email: str | None


@dataclass(frozen=True, slots=True)
class PrintedLine:
    """
    Hours of one project, kind and rate.  A credit note's hours and amounts are negative.

    Attributes:
        kind: ``regular`` or ``overtime``.
        hours: 2 places.
        unit_rate: 4 places, per hour.
        amount: 2 places.
    """

    project_code: str
    project_name: str
    kind: str
    hours: Decimal
    unit_rate: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class PrintedInvoice:
    """
    An issued invoice or credit note, as printed.  Nothing in it is recomputed.

    Attributes:
        kind: ``invoice`` or ``credit_note``.
        credits_number: The invoice that a credit note credits.
        period_start: First day of the month billed.
        issued_at: Aware; dates the file.
        issued_on: The issue date printed.
        currency: ISO 4217 code.
        supplier: The contractor.
        buyer: The company that pays.
        lines: In the order printed.
        tax_rate: A fraction: 0.2 is 20 %.
    """

    number: str
    kind: str
    credits_number: str | None
    period_start: date
    issued_at: datetime
    issued_on: date
    due_on: date
    currency: str
    supplier: PrintedParty
    buyer: PrintedParty
    lines: tuple[PrintedLine, ...]
    subtotal: Decimal
    tax_rate: Decimal
    tax: Decimal
    total: Decimal

    def __post_init__(self) -> None:
        if self.issued_at.tzinfo is None:
            message = "issued_at must be aware, or the document's bytes depend on the machine"
            raise ValueError(message)
