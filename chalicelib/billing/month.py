"""The month: from what was extracted to what is to be issued."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import polars as pl

from .balance import check_balance, count
from .control import ControlTotals
from .holding import hold
from .intake import judge
from .invoicing import draft_invoices, draft_lines, price_workdays, trace_lineage


@dataclass(frozen=True, slots=True)
class Extract:
    """
    One snapshot of the database, for one period.

    Attributes:
        workdays: `schemas.Workday`, those not yet billed.
        billed_days: `schemas.BilledDay`, of the days in *workdays*.
        employees: `schemas.Employee`, those of *workdays*.
        projects: `schemas.Project`.
        rates: `schemas.Rate`, of those employees.
    """

    workdays: pl.DataFrame
    billed_days: pl.DataFrame
    employees: pl.DataFrame
    projects: pl.DataFrame
    rates: pl.DataFrame


@dataclass(frozen=True, slots=True)
class MonthDraft:
    """
    What a run will issue and record; it balances.

    Attributes:
        invoices: `schemas.DraftInvoice`.
        lines: `schemas.Line`.
        lineage: `schemas.BilledWorkday`.
        rejected: `schemas.Rejected`.
        held: `schemas.Held`.
        control: The counts by rows and hours.
    """

    invoices: pl.DataFrame
    lines: pl.DataFrame
    lineage: pl.DataFrame
    rejected: pl.DataFrame
    held: pl.DataFrame
    control: ControlTotals


def draft_month(
    extract: Extract, *, issued_on: date, unprintable: Callable[[str], str]
) -> MonthDraft:
    """
    Judge, rate, hold, aggregate and balance.

    Args:
        extract: The period's unbilled workdays and their master data.
        issued_on: The issue date the invoices will carry.
        unprintable: The letters of a text that the invoice's fonts lack.

    Raises:
        Unbalanced: If a row or an hour went missing on the way.
    """
    good, rejected = judge(extract.workdays, extract.billed_days)
    priced = price_workdays(good, extract.rates)
    held = hold(
        priced, extract.employees, extract.projects, issued_on=issued_on, unprintable=unprintable
    )
    waiting = priced.join(held, on="employee_id", how="semi")
    billable = priced.join(held, on="employee_id", how="anti", maintain_order="left")
    lines = draft_lines(billable, extract.projects)
    invoices = draft_invoices(lines, extract.employees)
    lineage = trace_lineage(billable, lines)
    control = ControlTotals(
        extracted=count(extract.workdays),
        billed=count(lineage),
        rejected=count(rejected),
        held=count(waiting),
    )
    check_balance(control, lines=lines, invoices=invoices, lineage=lineage)
    return MonthDraft(invoices, lines, lineage, rejected, held, control)
