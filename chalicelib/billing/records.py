"""
What the ledger holds of an issued invoice, as values: its row, its lines, its days, its delivery.

A field has the name and the type of its column, and is None only where the column may be null.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class InvoiceRecord:
    """
    An issued invoice or credit note, whom it credits or is credited by, and its PDF.

    Attributes:
        period: First day of the month it is booked in.
        credits_number: Of a credit note: the invoice it credits.
        credits_issued_on: That invoice's issue date.
        credited_by_number: Of a credited invoice: its credit note.
        s3_key: Where the PDF is stored; None until it is, like the next two.
        sha256: Of the PDF.
        bytes: Of the PDF.
    """

    id: int
    number: str
    series: str
    kind: str
    employee_id: int
    run_id: int
    period: date
    currency: str
    subtotal: Decimal
    tax_rate: Decimal
    tax_category: str
    tax: Decimal
    total: Decimal
    issued_at: datetime
    issued_on: date
    due_on: date
    locale: str
    department_code: str
    supplier_name: str
    supplier_address: str
    supplier_country: str
    supplier_tax_id: str
    supplier_iban: str | None
    supplier_email: str | None
    buyer_name: str
    buyer_address: str
    buyer_country: str
    buyer_tax_id: str
    content_sha256: str
    rounding_policy: str
    credits_number: str | None
    credits_issued_on: date | None
    credited_by_number: str | None
    s3_key: str | None
    sha256: str | None
    bytes: int | None


@dataclass(frozen=True, slots=True)
class LineRecord:
    """One line; a credit note's hours and amount are negative."""

    invoice_id: int
    position: int
    project_code: str
    project_name: str
    kind: str
    hours: Decimal
    unit_rate: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class DayRecord:
    """Hours of one day behind the line at *position*; a credit note's are negative."""

    invoice_id: int
    work_date: date
    position: int
    hours: Decimal


@dataclass(frozen=True, slots=True)
class DeliveryRecord:
    """
    A delivery whose PDF is stored, with what its email says of the invoice.

    Attributes:
        recipient: Empty if the contractor has no address.
        credits_number: Of a credit note: the invoice it cancels.
        replaced_by: Of a credit note: the invoice issued in the same correction, if there is one.
    """

    status: str
    recipient: str
    number: str
    kind: str
    locale: str
    period: date
    currency: str
    total: Decimal
    due_on: date
    supplier_name: str
    buyer_name: str
    credits_number: str | None
    replaced_by: str | None
    s3_key: str
    sha256: str
