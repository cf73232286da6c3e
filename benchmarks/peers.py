"""
The same invoice, drawn by other libraries: same texts, two pages, tables of lines and workdays.

Each is used in the way its manual calls fast: it reads fonts once per process where it can.
None of them draws a payment code, embeds an e-invoice or writes PDF/A, which ours does.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from itertools import chain
from pathlib import Path

import typst
from fpdf import FPDF, XPos, YPos
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Table

from chalicelib.documents import accounts, wording
from chalicelib.documents.printed import PrintedInvoice, PrintedParty
from chalicelib.language import language_of

FONTS = Path(__file__).parents[1] / "chalicelib" / "documents" / "fonts"
REGULAR, SEMIBOLD = FONTS / "NotoSans-Regular.ttf", FONTS / "NotoSans-SemiBold.ttf"
DEJAVU = Path("/usr/share/fonts/truetype/dejavu")
TEMPLATE = Path(__file__).with_name("invoice.typ")
NOTE = "Self-billing: issued by the buyer on behalf of the supplier"
Rows = list[list[str]]


@dataclass(frozen=True, slots=True)
class Texts:
    """What is printed, as it is printed."""

    title: str
    facts: Rows
    supplier: list[str]
    buyer: list[str]
    line_labels: list[str]
    lines: Rows
    totals: Rows
    payment: Rows
    day_labels: list[str]
    days: Rows


def texts(invoice: PrintedInvoice) -> Texts:
    language = language_of(invoice.locale)
    figures = language.figures
    dates = (
        figures.month(invoice.period_start),
        *map(figures.day, (invoice.issued_on, invoice.due_on)),
    )
    return Texts(
        title=wording.name(invoice, language),
        facts=[["Number", "Period", "Issue date", "Due date"], [invoice.number, *dates]],
        supplier=_party("Supplier", invoice.supplier),
        buyer=_party("Buyer", invoice.buyer),
        line_labels=["Project", "", "Work", "Hours", "Rate (EUR)", "Amount (EUR)"],
        lines=[
            [
                line.project_code,
                line.project_name,
                wording.work(line.kind, language),
                figures.money(line.hours),
                figures.rate(line.unit_rate),
                figures.money(line.amount),
            ]
            for line in invoice.lines
        ],
        totals=[
            ["Subtotal", figures.money(invoice.subtotal)],
            [wording.tax(invoice, language), figures.money(invoice.tax)],
            ["Total", wording.total(invoice, language)],
        ],
        payment=[
            ["Account holder", "IBAN", "Payment reference"],
            [invoice.supplier.name, accounts.grouped(invoice.supplier.iban or ""), invoice.number],
        ],
        day_labels=["Date", "Project", "", "Work", "Hours"],
        days=[
            [
                figures.workday(day.work_date),
                invoice.lines[day.position - 1].project_code,
                invoice.lines[day.position - 1].project_name,
                wording.work(invoice.lines[day.position - 1].kind, language),
                figures.money(day.hours),
            ]
            for day in invoice.days
        ],
    )


def _party(role: str, party: PrintedParty) -> list[str]:
    particulars = [f"Country {party.country}", f"Tax ID {party.tax_id}"]
    email = [f"Email {party.email}"] if party.email else []
    return [role, party.name, *party.address.splitlines(), *particulars, *email]


def naive(invoice: PrintedInvoice) -> bytes:
    """fpdf2 as its tutorial has it: whole fonts added to each file, and its tables."""
    said = texts(invoice)
    pdf = FPDF()
    pdf.add_font("text", "", DEJAVU / "DejaVuSans.ttf" if DEJAVU.exists() else REGULAR)
    pdf.add_font("text", "B", DEJAVU / "DejaVuSans-Bold.ttf" if DEJAVU.exists() else SEMIBOLD)
    pdf.add_page()
    _fpdf_text(pdf, "Self-billed invoice", 22, "B")
    _fpdf_text(pdf, NOTE, 9.5)
    _fpdf_table(pdf, said.facts, 9)
    for party in chain(said.supplier, said.buyer):
        _fpdf_text(pdf, party, 9.5)
    _fpdf_table(pdf, [said.line_labels, *said.lines], 9)
    _fpdf_table(pdf, said.totals, 9)
    _fpdf_table(pdf, said.payment, 9)
    pdf.add_page()
    _fpdf_text(pdf, "Workdays", 15, "B")
    _fpdf_table(pdf, [said.day_labels, *said.days], 8.5)
    return bytes(pdf.output())


def _fpdf_text(pdf: FPDF, text: str, size: float, style: str = "") -> None:
    pdf.set_font("text", style, size)
    pdf.cell(0, 6, text, new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _fpdf_table(pdf: FPDF, rows: Rows, size: float) -> None:
    pdf.set_font("text", "", size)
    with pdf.table(borders_layout="HORIZONTAL_LINES") as table:
        for row in rows:
            table.row(row)


def reportlab(invoice: PrintedInvoice) -> bytes:
    """ReportLab: its canvas, and its tables for lines and workdays."""
    _reportlab_fonts()
    said = texts(invoice)
    file = BytesIO()
    canvas = Canvas(file, pagesize=A4, invariant=1)
    canvas.setTitle(said.title)
    top = A4[1] - 30 * mm
    _canvas_text(canvas, 22 * mm, top, "Self-billed invoice", 22, "semibold")
    _canvas_text(canvas, 22 * mm, top - 6 * mm, NOTE, 9.5)
    _canvas_table(canvas, said.facts, 9, top - 25 * mm, [42 * mm] * 4)
    for column, party in enumerate((said.supplier, said.buyer)):
        for row, text in enumerate(party):
            x, y = (22 + 86 * column) * mm, top - (32 + 5 * row) * mm
            _canvas_text(canvas, x, y, text, 9.5, "semibold" if row == 1 else "regular")
    widths = [20 * mm, 56 * mm, 22 * mm, 20 * mm, 22 * mm, 26 * mm]
    _canvas_table(canvas, [said.line_labels, *said.lines], 9, top - 110 * mm, widths)
    _canvas_table(canvas, said.totals, 9, top - 140 * mm, [40 * mm, 40 * mm])
    _canvas_table(canvas, said.payment, 9, top - 160 * mm, [50 * mm, 70 * mm, 46 * mm])
    _canvas_text(canvas, 22 * mm, 15 * mm, f"{said.title} Page 1 of 2", 7.5)
    canvas.showPage()
    _canvas_text(canvas, 22 * mm, top, "Workdays", 15, "semibold")
    widths = [35 * mm, 20 * mm, 70 * mm, 22 * mm, 19 * mm]
    _canvas_table(canvas, [said.day_labels, *said.days], 8.5, top - 190 * mm, widths)
    _canvas_text(canvas, 22 * mm, 15 * mm, f"{said.title} Page 2 of 2", 7.5)
    canvas.save()
    return file.getvalue()


@cache
def _reportlab_fonts() -> None:
    pdfmetrics.registerFont(TTFont("regular", str(REGULAR)))
    pdfmetrics.registerFont(TTFont("semibold", str(SEMIBOLD)))


def _canvas_text(
    canvas: Canvas, x: float, y: float, text: str, size: float, font: str = "regular"
) -> None:
    canvas.setFont(font, size)
    canvas.drawString(x, y, text)


def _canvas_table(
    canvas: Canvas, rows: Rows, size: float, bottom: float, widths: list[float]
) -> None:
    style = [
        ("FONT", (0, 0), (-1, -1), "regular", size),
        ("ALIGN", (-1, 0), (-1, -1), "RIGHT"),
        ("LINEBELOW", (0, 0), (-1, -1), 0.5, colors.lightgrey),
    ]
    table = Table(rows, colWidths=widths, rowHeights=5.6 * mm, style=style)
    table.wrapOn(canvas, *A4)
    table.drawOn(canvas, 22 * mm, bottom)


def typesetter(invoice: PrintedInvoice) -> bytes:
    """typst: one compiler per process, the texts handed to its template."""
    said = texts(invoice)
    inputs = {"invoice": json.dumps({name: getattr(said, name) for name in Texts.__slots__})}
    document = _compiler().compile(format="pdf", sys_inputs=inputs, pdf_tags=False)
    if not isinstance(document, bytes):
        raise TypeError(document)
    return document


@cache
def _compiler() -> typst.Compiler:
    return typst.Compiler(str(TEMPLATE), font_paths=[str(FONTS)], ignore_system_fonts=True)
