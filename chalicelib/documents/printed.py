"""What one document prints: plain values, ready to be drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from chalicelib.billing.records import DayRecord, InvoiceRecord, LineRecord


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
class PrintedDay:
    """
    Hours of one day that a line sums up.  A credit note's are negative.

    Attributes:
        position: Of the line, from 1.
        hours: 2 places.
    """

    work_date: date
    position: int
    hours: Decimal


@dataclass(frozen=True, slots=True)
class PrintedInvoice:
    """
    An issued invoice or credit note, as printed.  Nothing in it is recomputed.

    Attributes:
        kind: ``invoice`` or ``credit_note``.
        series: The supplier as the buyer knows them: the employee's code.
        credits_number: The invoice that a credit note credits.
        credits_issued_on: Its issue date.
        period_start: First day of the month billed.
        issued_at: Aware; dates the file.
        issued_on: The issue date printed.
        currency: ISO 4217 code.
        supplier: The contractor.
        buyer: The company that pays.
        lines: In the order printed.
        days: By date and position; they come to the hours of the lines.
        tax_rate: A fraction: 0.2 is 20 %.
        tax_category: ``S`` (standard), ``Z`` (zero), ``E`` (exempt), ``AE`` (reverse charge) or
            ``O`` (outside the scope of tax), as in EN 16931.
        locale: Language, and country if it matters: ``uk-UA``.
    """

    number: str
    series: str
    kind: str
    credits_number: str | None
    credits_issued_on: date | None
    period_start: date
    issued_at: datetime
    issued_on: date
    due_on: date
    currency: str
    supplier: PrintedParty
    buyer: PrintedParty
    lines: tuple[PrintedLine, ...]
    days: tuple[PrintedDay, ...]
    subtotal: Decimal
    tax_rate: Decimal
    tax_category: str
    tax: Decimal
    total: Decimal
    locale: str

    def __post_init__(self) -> None:
        if self.issued_at.tzinfo is None:
            message = "issued_at must be aware, or the document's bytes depend on the machine"
            raise ValueError(message)


def printed(
    invoice: InvoiceRecord, lines: Sequence[LineRecord], days: Sequence[DayRecord]
) -> PrintedInvoice:
    """The invoice as it is printed: what the ledger holds of it, and nothing else."""
    return PrintedInvoice(
        number=invoice.number,
        series=invoice.series,
        kind=invoice.kind,
        credits_number=invoice.credits_number,
        credits_issued_on=invoice.credits_issued_on,
        period_start=invoice.period,
        issued_at=invoice.issued_at,
        issued_on=invoice.issued_on,
        due_on=invoice.due_on,
        currency=invoice.currency,
        supplier=PrintedParty(
            name=invoice.supplier_name,
            address=invoice.supplier_address,
            country=invoice.supplier_country,
            tax_id=invoice.supplier_tax_id,
            iban=invoice.supplier_iban,
            email=invoice.supplier_email,
        ),
        buyer=PrintedParty(
            name=invoice.buyer_name,
            address=invoice.buyer_address,
            country=invoice.buyer_country,
            tax_id=invoice.buyer_tax_id,
            iban=None,
            email=None,
        ),
        lines=tuple(
            PrintedLine(
                project_code=line.project_code,
                project_name=line.project_name,
                kind=line.kind,
                hours=line.hours,
                unit_rate=line.unit_rate,
                amount=line.amount,
            )
            for line in lines
        ),
        days=tuple(
            PrintedDay(work_date=day.work_date, position=day.position, hours=day.hours)
            for day in days
        ),
        subtotal=invoice.subtotal,
        tax_rate=invoice.tax_rate,
        tax_category=invoice.tax_category,
        tax=invoice.tax,
        total=invoice.total,
        locale=invoice.locale,
    )
