"""One valid invoice in raw SQL, of which a test spoils exactly one thing."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count
from typing import Any

from tests.builders_ledger import Books

CENT = Decimal("0.01")
OCTOBER = date(2026, 10, 1)
serial = count(1)

TAKEN = """
    INSERT INTO invoice_series AS taken (series, last_sequence) VALUES (%s, %s)
    ON CONFLICT (series)
    DO UPDATE SET last_sequence = greatest(taken.last_sequence, excluded.last_sequence)
"""

Row = dict[str, Any]


@dataclass(slots=True)
class Draft:
    """The rows of one document, in the words of the tables."""

    invoice: Row
    lines: list[Row]
    lineage: list[Row]

    @property
    def code(self) -> str:
        code: str = self.invoice["series"]
        return code


def draft(books: Books) -> Draft:
    """
    The first invoice of a new employee: two lines, three workdays, nothing written yet.

    15.50 h at 50.0000 are 775.00; 0.50 h at 10.0100 are 5.005, so 5.01; a fifth of 780.01 is
    156.002, so 156.00.
    """
    code = f"HAND-{next(serial)}"
    employee_id = books.employee(code, rate=None)
    days = [
        (date(2026, 10, 1), "regular", "8.00", "50.0000", 1),
        (date(2026, 10, 2), "regular", "7.50", "50.0000", 1),
        (date(2026, 10, 2), "overtime", "0.50", "10.0100", 2),
    ]
    invoice = {
        "number": f"{code}-0001",
        "series": code,
        "sequence": 1,
        "kind": "invoice",
        "credits_invoice_id": None,
        "employee_id": employee_id,
        "run_id": a_run(books),
        "period": OCTOBER,
        "currency": "EUR",
        "subtotal": Decimal("780.01"),
        "tax_rate": Decimal("0.200000"),
        "tax_category": "S",
        "tax": Decimal("156.00"),
        "total": Decimal("936.01"),
        "issued_at": datetime(2026, 11, 1, 3, 15, tzinfo=UTC),
        "issued_on": date(2026, 11, 1),
        "due_on": date(2026, 11, 15),
        "locale": "en",
        "department_code": "ENG",
        "supplier_name": "Anna Nowak",
        "supplier_address": "ul. Żółwia 8, 31-153 Kraków",
        "supplier_country": "PL",
        "supplier_tax_id": "PL9876543210",
        "buyer_name": "Northwind Research Ltd",
        "buyer_address": "12 Harbour Street, Dublin",
        "buyer_country": "IE",
        "buyer_tax_id": "IE6388047V",
        "content_sha256": "0" * 64,
        "rounding_policy": "half-away/line/1",
    }
    return Draft(
        invoice,
        lines=[
            line(1, "regular", "15.50", "50.0000", "775.00"),
            line(2, "overtime", "0.50", "10.0100", "5.01"),
        ],
        lineage=[
            {
                "employee_id": employee_id,
                "work_date": day,
                "project_id": books.project(),
                "kind": kind,
                "turn": 1,
                "position": position,
                "credits_invoice_id": None,
                "workday_id": place,
                "hours": Decimal(hours),
                "unit_rate": Decimal(unit_rate),
            }
            for place, (day, kind, hours, unit_rate, position) in enumerate(days, start=1)
        ],
    )


def line(position: int, kind: str, hours: str, unit_rate: str, amount: str) -> Row:
    return {
        "position": position,
        "project_code": "ATLAS",
        "project_name": "Atlas",
        "kind": kind,
        "hours": Decimal(hours),
        "unit_rate": Decimal(unit_rate),
        "amount": Decimal(amount),
    }


def a_run(books: Books) -> int:
    [*runs] = books.column("SELECT min(id) FROM billing_run HAVING count(*) > 0")
    return runs[0] if runs else books.add("billing_run", period=OCTOBER, status="running")


def a_correction(books: Books, invoice_id: int, period: date = OCTOBER) -> int:
    run_id: int = books.add(
        "billing_run", period=period, status="running", corrects_invoice_id=invoice_id
    )
    return run_id


def following(earlier: Draft) -> Draft:
    """The same rows under the next number: what bills them again, one turn later."""
    later = deepcopy(earlier)
    later.invoice["sequence"] += 1
    later.invoice["number"] = f"{later.code}-{later.invoice['sequence']:04d}"
    for day in later.lineage:
        day["turn"] += 1
    return later


def credit_of(billed: Draft, invoice_id: int) -> Draft:
    """The credit note of *billed*: the next number and turn, hours and amounts negated."""
    credit = following(billed)
    credit.invoice |= {"kind": "credit_note", "credits_invoice_id": invoice_id}
    for amount in ("subtotal", "tax", "total"):
        credit.invoice[amount] *= -1
    for row in credit.lines:
        row["hours"] *= -1
        row["amount"] *= -1
    for day in credit.lineage:
        day["hours"] *= -1
        day["credits_invoice_id"] = invoice_id
    return credit


def billed_again(billed: Draft) -> Draft:
    """What bills the workdays of *billed* after its credit note: two numbers and turns on."""
    return following(following(billed))


def issue(books: Books, document: Draft) -> int:
    """Write *document* in one transaction; returns the invoice's id."""
    with books.connection.transaction():
        return write(books, document)


def write(books: Books, document: Draft) -> int:
    """Write *document* into the transaction that is open; a credit note by a run of its own."""
    invoice = document.invoice
    if invoice["credits_invoice_id"] is not None:
        invoice["run_id"] = a_correction(books, invoice["credits_invoice_id"])
    invoice_id: int = books.add("invoice", **invoice)
    books.execute(TAKEN, invoice["series"], invoice["sequence"])
    for row in document.lines:
        books.add("invoice_line", invoice_id=invoice_id, **row)
    for day in document.lineage:
        books.add("invoice_workday", invoice_id=invoice_id, **day)
    return invoice_id
