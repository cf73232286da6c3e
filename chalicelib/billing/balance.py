"""The balance: every extracted workday is billed, rejected or held, to the row and the hour."""

from __future__ import annotations

from decimal import Decimal

import polars as pl

from .control import ControlTotals, Count
from .errors import BillingError

ZERO = Decimal("0.00")


class Unbalanced(BillingError):
    """The run lost, doubled or changed something; nothing may be issued."""

    def __init__(self, differences: list[str]) -> None:
        self.differences = differences
        super().__init__(
            f"the run does not balance, so nothing was issued: {'; '.join(differences)};"
            " tell whoever maintains the program"
        )


def count(workdays: pl.DataFrame) -> Count:
    """Count a frame with one row per workday and a column ``hours``."""
    return Count(rows=workdays.height, hours=_sum(workdays, "hours"))


def check_balance(
    control: ControlTotals,
    *,
    lines: pl.DataFrame,
    invoices: pl.DataFrame,
    lineage: pl.DataFrame,
) -> None:
    """
    Compare the counts with each other, the lines with the lineage, the totals with the lines.

    Args:
        control: The counts, each taken from its own frame.
        lines: `schemas.Line`.
        invoices: `schemas.DraftInvoice`.
        lineage: `schemas.BilledWorkday`.

    Raises:
        Unbalanced: Naming every difference.
    """
    differences = [
        *_differ("extracted and accounted for", control.extracted, control.accounted),
        *_differ("hours of lines and lineage", _sum(lines, "hours"), _sum(lineage, "hours")),
        *_differ("amounts and subtotals", _sum(lines, "amount"), _sum(invoices, "subtotal")),
        *_differ(
            "totals and subtotals with tax",
            _sum(invoices, "total"),
            _sum(invoices, "subtotal") + _sum(invoices, "tax"),
        ),
        *_differ("workdays billed and billed once", lineage.height, _distinct_days(lineage)),
        *_differ("employees billed and invoices", _employees(lineage), invoices.height),
    ]
    if differences:
        raise Unbalanced(differences)


def _differ(what: str, left: object, right: object) -> list[str]:
    return [] if left == right else [f"{what} differ ({left} and {right})"]


def _sum(frame: pl.DataFrame, column: str) -> Decimal:
    # Wide enough for any sum; the sum of nothing would be an integer.
    total = frame[column].cast(pl.Decimal(38, 2)).sum() if frame.height else ZERO
    return Decimal(total)


def _employees(lineage: pl.DataFrame) -> int:
    return lineage["employee_id"].n_unique()


def _distinct_days(lineage: pl.DataFrame) -> int:
    return lineage.select("employee_id", "work_date", "project_id", "kind").n_unique()
