"""Elements of the message, as text."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from html import escape

from chalicelib.documents.pdf.coverage import composed


def group(name: str, *parts: str) -> str:
    """An element that holds *parts*; with nothing in it, it is left out."""
    content = "".join(parts)
    return f"<ram:{name}>{content}</ram:{name}>" if content else ""


def text(name: str, content: str, attribute: str = "") -> str:
    """
    An element with *content* as one composed line; blank content is left out.

    Args:
        attribute: Such as ``schemeID="VA"``.
    """
    line = escape(" ".join(composed(content).split()), quote=False)
    start = f"{name} {attribute}" if attribute else name
    return f"<ram:{start}>{line}</ram:{name}>" if line else ""


def money(name: str, amount: Decimal, attribute: str = "") -> str:
    """An amount or hours, which have 2 places."""
    return text(name, f"{amount:.2f}", attribute)


def day(name: str, moment: date) -> str:
    stamp = f'<udt:DateTimeString format="102">{_compact(moment)}</udt:DateTimeString>'
    return group(name, stamp)


def reference_day(name: str, moment: date) -> str:
    """The date of another document, which CII keeps in a namespace of its own."""
    stamp = f'<qdt:DateTimeString format="102">{_compact(moment)}</qdt:DateTimeString>'
    return group(name, stamp)


def period(first: date, last: date) -> str:
    """A period, by its first and last day."""
    return group("BillingSpecifiedPeriod", day("StartDateTime", first), day("EndDateTime", last))


def _compact(moment: date) -> str:
    return moment.isoformat().replace("-", "")
