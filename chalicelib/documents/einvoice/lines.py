"""The lines (BG-25)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date

from chalicelib.documents.printed import PrintedInvoice, PrintedLine

from .markup import group, money, period, text
from .taxes import line_tax

_WORK = {"regular": "Regular work", "overtime": "Overtime work"}
_HOURS = 'unitCode="HUR"'


def lines(invoice: PrintedInvoice) -> Iterator[str]:
    days = defaultdict[int, list[date]](list)
    for day in invoice.days:
        days[day.position].append(day.work_date)
    for position, line in enumerate(invoice.lines, start=1):
        yield _line(invoice, line, position, days[position])


def _line(invoice: PrintedInvoice, line: PrintedLine, position: int, days: list[date]) -> str:
    price = group("NetPriceProductTradePrice", text("ChargeAmount", f"{line.unit_rate:f}"))
    return group(
        "IncludedSupplyChainTradeLineItem",
        group("AssociatedDocumentLineDocument", text("LineID", str(position))),  # BT-126
        _work(line),
        group("SpecifiedLineTradeAgreement", price),  # BT-146
        group("SpecifiedLineTradeDelivery", money("BilledQuantity", line.hours, _HOURS)),  # BT-129
        group(
            "SpecifiedLineTradeSettlement",
            line_tax(invoice),
            period(min(days), max(days)) if days else "",  # BG-26
            group(
                "SpecifiedTradeSettlementLineMonetarySummation",
                money("LineTotalAmount", line.amount),  # BT-131
            ),
        ),
    )


def _work(line: PrintedLine) -> str:
    """What was worked on; a project without a name goes by its code."""
    return group(
        "SpecifiedTradeProduct",
        text("BuyerAssignedID", line.project_code),  # BT-156: the buyer's own code
        text("Name", line.project_name) or text("Name", line.project_code),  # BT-153
        text("Description", _WORK[line.kind]),  # BT-154
    )
