"""The words of a document.  Another language is another `Wording`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final


@dataclass(frozen=True, slots=True)
class Wording:
    """
    Every fixed word a document prints.

    Attributes:
        language: BCP 47 tag of the file.
        page: Holds ``{page}`` and ``{pages}``.
        credits: Holds ``{number}``.
        months: January first.
    """

    language: str
    invoice: str
    credit_note: str
    credits: str
    self_billing: str
    number: str
    period: str
    issued_on: str
    due_on: str
    supplier: str
    buyer: str
    country: str
    tax_id: str
    email: str
    project: str
    work: str
    hours: str
    rate: str
    amount: str
    regular: str
    overtime: str
    subtotal: str
    tax: str
    total: str
    account_holder: str
    iban: str
    reference: str
    credited: str
    page: str
    months: tuple[str, ...]

    def month(self, day: date) -> str:
        return f"{self.months[day.month - 1]} {day.year}"

    def day(self, day: date) -> str:
        return f"{day.day} {self.month(day)}"

    def kind(self, kind: str) -> str:
        return {"regular": self.regular, "overtime": self.overtime}[kind]

    def title(self, kind: str) -> str:
        return {"invoice": self.invoice, "credit_note": self.credit_note}[kind]


ENGLISH: Final = Wording(
    language="en",
    invoice="Self-billed invoice",
    credit_note="Self-billed credit note",
    credits="Credits invoice {number}",
    self_billing="Self-billing: drawn up by the buyer on behalf of the supplier",
    number="Number",
    period="Period",
    issued_on="Issue date",
    due_on="Due date",
    supplier="Supplier",
    buyer="Buyer",
    country="Country",
    tax_id="Tax ID",
    email="Email",
    project="Project",
    work="Work",
    hours="Hours",
    rate="Rate",
    amount="Amount",
    regular="Regular",
    overtime="Overtime",
    subtotal="Subtotal",
    tax="Tax",
    total="Total",
    account_holder="Account holder",
    iban="IBAN",
    reference="Payment reference",
    credited="Credited invoice",
    page="Page {page} of {pages}",
    months=(
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ),
)
