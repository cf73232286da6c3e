"""Documents to print, with defaults; a test states only what it is about."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from math import ceil
from typing import Any

from chalicelib.documents.printed import PrintedDay, PrintedInvoice, PrintedLine, PrintedParty

SUPPLIER = PrintedParty(
    name="Łukasz Żółć",
    address="ul. Długa 5/7\n00-238 Warszawa",
    country="PL",
    tax_id="PL5260001246",
    iban="PL61109010140000071219812874",
    email="lukasz@example.com",
)
BUYER = PrintedParty(
    name="Northwind Research Ltd",
    address="12 Harbour Street\nDublin D01 X2P3",
    country="IE",
    tax_id="IE6388047V",
    iban=None,
    email=None,
)
LINE = PrintedLine(
    project_code="ATLAS",
    project_name="Atlas data platform",
    kind="regular",
    hours=Decimal("160.00"),
    unit_rate=Decimal("33.5000"),
    amount=Decimal("5360.00"),
)
INVOICE = PrintedInvoice(
    number="LZ-0007",
    series="LZ",
    kind="invoice",
    credits_number=None,
    credits_issued_on=None,
    period_start=date(2026, 10, 1),
    issued_at=datetime(2026, 11, 1, 3, 15, tzinfo=UTC),
    issued_on=date(2026, 11, 1),
    due_on=date(2026, 12, 1),
    currency="EUR",
    supplier=SUPPLIER,
    buyer=BUYER,
    lines=(LINE,),
    days=tuple(
        PrintedDay(date(2026, 10, day), position=1, hours=Decimal("8.00")) for day in range(1, 21)
    ),
    subtotal=Decimal("5360.00"),
    tax_rate=Decimal("0.230000"),
    tax_category="S",
    tax=Decimal("1232.80"),
    total=Decimal("6592.80"),
    locale="en",
)
TAX_CATEGORIES = ("S", "Z", "E", "AE", "O")
RATES = {category: Decimal("0.230000" if category == "S" else 0) for category in TAX_CATEGORIES}


def party(**changes: Any) -> PrintedParty:
    return replace(SUPPLIER, **changes)


def line(**changes: Any) -> PrintedLine:
    return replace(LINE, **changes)


def invoice(**changes: Any) -> PrintedInvoice:
    """Give an invoice; its totals are not made to fit other lines."""
    return replace(INVOICE, **changes)


def lines(count: int) -> tuple[PrintedLine, ...]:
    """Give *count* lines of as many projects."""
    return tuple(
        line(project_code=f"P{number:03d}", project_name=f"Project number {number}")
        for number in range(1, count + 1)
    )


def credit_note(**changes: Any) -> PrintedInvoice:
    return replace(
        INVOICE,
        number="LZ-0008",
        kind="credit_note",
        credits_number="LZ-0007",
        credits_issued_on=date(2026, 11, 1),
        lines=(line(hours=Decimal("-160.00"), amount=Decimal("-5360.00")),),
        days=tuple(replace(day, hours=-day.hours) for day in INVOICE.days),
        subtotal=Decimal("-5360.00"),
        tax=Decimal("-1232.80"),
        total=Decimal("-6592.80"),
        **changes,
    )


def work(hours: str, unit_rate: str, **changes: Any) -> PrintedLine:
    """Give a line whose amount is *hours* at *unit_rate*."""
    factors = {"hours": Decimal(hours), "unit_rate": Decimal(unit_rate)}
    return line(**factors, amount=to_cents(factors["hours"] * factors["unit_rate"]), **changes)


def billed(*worked: PrintedLine, tax_category: str = "S", **changes: Any) -> PrintedInvoice:
    """Give an invoice for *worked*, by default at its category's rate; its totals fit them."""
    tax_rate = changes.pop("tax_rate", RATES[tax_category])
    subtotal = sum((line.amount for line in worked), Decimal("0.00"))
    tax = to_cents(subtotal * tax_rate)
    facts = {
        "lines": worked,
        "days": days_of(worked),
        "subtotal": subtotal,
        "tax": tax,
        "total": subtotal + tax,
    }
    return invoice(tax_category=tax_category, tax_rate=tax_rate, **facts | changes)


def days_of(worked: tuple[PrintedLine, ...], day: date = date(2026, 10, 1)) -> Any:
    """Spread the hours of each line over days of 8 hours from *day* on."""
    days = (
        PrintedDay(day + timedelta(after), position, min(Decimal("8.00"), line.hours - 8 * after))
        for position, line in enumerate(worked, start=1)
        for after in range(ceil(line.hours / 8))
    )
    return tuple(sorted(days, key=lambda day: (day.work_date, day.position)))


def credit_of(credited: PrintedInvoice, **changes: Any) -> PrintedInvoice:
    """Give the credit note that takes *credited* back."""
    facts = {
        "number": f"{credited.number}-C",
        "kind": "credit_note",
        "credits_number": credited.number,
        "credits_issued_on": credited.issued_on,
        "lines": tuple(
            replace(one, hours=-one.hours, amount=-one.amount) for one in credited.lines
        ),
        "days": tuple(replace(day, hours=-day.hours) for day in credited.days),
        "subtotal": -credited.subtotal,
        "tax": -credited.tax,
        "total": -credited.total,
    }
    return replace(credited, **facts | changes)


def to_cents(amount: Decimal) -> Decimal:
    """Round halves away from zero, as the product must."""
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)
