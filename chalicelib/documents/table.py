"""The table of lines: project, work, hours, rate and amount."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

from chalicelib.language import Language

from . import wording
from .pdf.grid import BODY, DARK, HAIRLINE, LABEL, LEFT, LINE, QUIET, RIGHT, column, gap, ruled
from .pdf.marks import Band, Text, aligned_right, beside, wrapped
from .pdf.pages import Block
from .printed import PrintedInvoice, PrintedLine

_GUTTER = 6.0
_NARROW_GUTTER = 4.0
_WIDEST_CODE = 30.0
_PADDING = 1.1


@dataclass(frozen=True, slots=True)
class _Columns:
    """
    Where text starts (code, name, work) and figures end (hours, rate, amount).

    Attributes:
        rate_places: The most decimals of any rate; shorter ones leave room for the rest, so
            that the points of 33.50 and 37.735 align.
    """

    name: float
    work: float
    hours: float
    rate: float
    rate_places: int
    code: float = LEFT
    amount: float = RIGHT


def table(invoice: PrintedInvoice, language: Language) -> list[Block]:
    """
    The lines in the order given, each a block under the table's heading.

    The first line of a project has its code and name; the others the code alone, greyed.
    """
    if not invoice.lines:
        return []
    columns = _columns(invoice, language)
    heading = _heading(columns, invoice.currency, language)
    codes = [None, *(line.project_code for line in invoice.lines), None]
    return [
        Block(
            tuple(
                _row(
                    line,
                    columns,
                    language,
                    opens=before != line.project_code,
                    closes=after != line.project_code,
                )
            ),
            heading,
        )
        for before, line, after in zip(codes, invoice.lines, codes[2:], strict=False)
    ]


def _columns(invoice: PrintedInvoice, language: Language) -> _Columns:
    """Figures have the width their widest needs, and projects what is left."""
    lines, figures = invoice.lines, language.figures
    rates = [figures.rate(line.unit_rate) for line in lines]
    places = max(map(figures.places, rates))
    amount_label, rate_label = _with_currency(invoice.currency, language)

    amounts = _widest((figures.money(line.amount) for line in lines), amount_label)
    rate = RIGHT - amounts - _GUTTER
    padded = (figure + _missing(figure, places, language) for figure in rates)
    hours = rate - _widest(padded, rate_label) - _GUTTER
    hours_width = _widest((figures.money(line.hours) for line in lines), language.gettext("Hours"))
    work_width = _widest(wording.kinds_of_work(language), language.gettext("Work"))
    work = hours - hours_width - _GUTTER - work_width
    codes = (part for line in lines for part in wrapped(line.project_code, QUIET, _WIDEST_CODE))
    code = min(_widest(codes, ""), (work - LEFT) / 3)
    return _Columns(LEFT + code + _NARROW_GUTTER, work, hours, rate, places)


def _with_currency(currency: str, language: Language) -> tuple[str, str]:
    amount, rate = language.gettext("Amount"), language.gettext("Rate")
    return f"{amount} ({currency})", f"{rate} ({currency})"


def _widest(texts: Iterable[str], label: str) -> float:
    return max(LABEL.width(label), *map(BODY.width, texts))


def _missing(rate: str, places: int, language: Language) -> str:
    """The zeros that would make *rate* as long as the longest."""
    return "0" * (places - language.figures.places(rate))


def _heading(columns: _Columns, currency: str, language: Language) -> tuple[Band, ...]:
    amount, rate = _with_currency(currency, language)
    texts = (
        Text(columns.code, language.gettext("Project"), LABEL),
        Text(columns.work, language.gettext("Work"), LABEL),
        aligned_right(columns.hours, language.gettext("Hours"), LABEL),
        aligned_right(columns.rate, rate, LABEL),
        aligned_right(columns.amount, amount, LABEL),
    )
    return (Band(LINE, texts), gap(0.6), ruled(0.6, DARK))


def _row(
    line: PrintedLine, columns: _Columns, language: Language, *, opens: bool, closes: bool
) -> list[Band]:
    """One line; *opens* and *closes* say whether it is its project's first and last."""
    code_width = columns.name - columns.code - _NARROW_GUTTER
    name_width = columns.work - columns.name - _NARROW_GUTTER
    cells = (
        column(line.project_code, QUIET, columns.code, code_width),
        column(line.project_name if opens else "", BODY, columns.name, name_width),
        [Band(LINE, _figures(line, columns, language))],
    )
    return [
        gap(_PADDING if opens else 0.0),
        *reduce(beside, cells),
        gap(_PADDING),
        *([ruled(0.2, HAIRLINE)] if closes else []),
    ]


def _figures(line: PrintedLine, columns: _Columns, language: Language) -> tuple[Text, ...]:
    figures = language.figures
    rate = figures.rate(line.unit_rate)
    room = BODY.width(_missing(rate, columns.rate_places, language))
    return (
        Text(columns.work, wording.work(line.kind, language), BODY),
        aligned_right(columns.hours, figures.money(line.hours), BODY),
        aligned_right(columns.rate - room, rate, BODY),
        aligned_right(columns.amount, figures.money(line.amount), BODY),
    )
