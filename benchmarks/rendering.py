"""Rendering: ours, PDF/A with payment code and e-invoice, against others that draw the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count, islice

from chalicelib.documents.invoice_pdf import render
from chalicelib.documents.printed import PrintedDay, PrintedInvoice, PrintedLine, PrintedParty

from . import peers
from .claims import MIB, Claim, Measured, Memory, Size, Speed, interleaved
from .processes import in_fresh_process, peak_memory
from .server import Server
from .sizes import Sizes

# How much slower fpdf2 is with whole fonts and its own tables; it draws so many fewer.
SLOWER = 10
LARGEST = 40 * 1024
# The renderer's Lambda has 512 MiB.
MEMORY = 256 * MIB

Render = Callable[[PrintedInvoice], bytes]


def against_peers(_server: Server, sizes: Sizes) -> Measured:
    """At least as fast as ReportLab and typst, and six times as fast as fpdf2's tutorial."""
    drawn = in_fresh_process(_drawn, sizes.documents)
    return Measured([*in_fresh_process(_speeds, sizes), *drawn])


def _speeds(sizes: Sizes) -> list[Claim]:
    """Every document differs, so that no peer can reuse what it drew before."""
    documents = invoices()
    batch, few = sizes.batch, max(1, sizes.batch // SLOWER)
    ours, reportlab, typst, naive = interleaved(
        sizes.batches,
        *(_batch(draw, documents, batch) for draw in (render, peers.reportlab, peers.typesetter)),
        _batch(peers.naive, documents, few),
    )
    what, naive = f"drawing {batch} documents", naive * batch / few
    return [
        Speed(what, ours, reportlab, "ReportLab: no payment code, XML or PDF/A", 1),
        Speed(what, ours, typst, "typst: no payment code, XML or PDF/A", 1),
        Speed(what, ours, naive, "fpdf2 with whole fonts and table()", 1 / 6),
    ]


def _drawn(documents: int) -> list[Claim]:
    """In a process that does nothing else; the e-invoice is part of each document."""
    largest = max(len(render(invoice)) for invoice in islice(invoices(), documents))
    return [
        Size("the largest document", largest, LARGEST),
        Memory(f"peak memory, {documents} documents", peak_memory(), MEMORY),
    ]


def _batch(draw: Render, documents: Iterator[PrintedInvoice], size: int) -> Callable[[], None]:
    def run() -> None:
        for _ in range(size):
            draw(next(documents))

    # Fonts are read and templates compiled once per process, which is not what is measured.
    draw(next(documents))
    return run


def invoices() -> Iterator[PrintedInvoice]:
    """Months with two projects, a raise and some overtime, each of another contractor."""
    for number in count(1):
        raised = Decimal(number % 90)
        supplier = replace(SUPPLIER, name=f"Łukasz Żółć-Wiśniewski {number}")
        lines = tuple(replace(line, unit_rate=line.unit_rate + raised) for line in LINES)
        lines = tuple(replace(line, amount=round(line.hours * line.unit_rate, 2)) for line in lines)
        yield replace(INVOICE, number=f"LZ-{number:04d}", supplier=supplier, lines=lines)


SUPPLIER = PrintedParty(
    name="",
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


def _line(code: str, name: str, kind: str, hours: str, rate: str) -> PrintedLine:
    return PrintedLine(code, name, kind, Decimal(hours), Decimal(rate), Decimal(0))


LINES = (
    _line("ATLAS", "Atlas data platform", "regular", "80.00", "33.5000"),
    _line("ATLAS", "Atlas data platform", "regular", "64.00", "37.7355"),
    _line("ATLAS", "Atlas data platform", "overtime", "6.00", "50.2500"),
    _line("BEACON", "Beacon mobile clients", "regular", "32.00", "37.7355"),
)
# The weekdays of October 2026, by the line that sums them up.
WORKED = {
    1: (1, 2, 5, 6, 7, 8, 9, 12, 13, 14),
    2: (15, 16, 19, 20, 21, 22, 23, 26),
    4: (27, 28, 29, 30),
}
DAYS = tuple(
    PrintedDay(date(2026, 10, day), position, Decimal("8.00"))
    for position, days in WORKED.items()
    for day in days
)
INVOICE = PrintedInvoice(
    number="",
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
    lines=LINES,
    days=DAYS,
    subtotal=Decimal("6604.11"),
    tax_rate=Decimal("0.230000"),
    tax_category="S",
    tax=Decimal("1518.95"),
    total=Decimal("8123.06"),
    locale="en",
)
