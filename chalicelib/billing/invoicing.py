"""Invoicing: turn good workdays into lines and drafts."""

from __future__ import annotations

import polars as pl

from .money import HOURS_SUM, MONEY, exact_product, to_money, to_rate
from .schemas import BilledWorkday, DraftInvoice, Line, PricedWorkday, columns


def price_workdays(workdays: pl.DataFrame, rates: pl.DataFrame) -> pl.DataFrame:
    """
    Find what each workday's hour costs: the rate with the newest ``valid_from`` by that day.

    Args:
        workdays: `schemas.Workday`.
        rates: `schemas.Rate`.

    Returns:
        `schemas.PricedWorkday`, by employee, day, project and kind.  Overtime costs the hourly
        rate times its multiplier, rounded once to four decimals.
    """
    overtime = to_rate(exact_product(pl.col("hourly_rate"), pl.col("overtime_multiplier")))
    return (
        workdays.sort("work_date")
        .join_asof(
            rates.sort("valid_from"),
            left_on="work_date",
            right_on="valid_from",
            by="employee_id",
            strategy="backward",
            check_sortedness=False,
        )
        .with_columns(
            unit_rate=pl.when(pl.col("kind") == "overtime").then(overtime).otherwise("hourly_rate")
        )
        .sort("employee_id", "work_date", "project_id", "kind")
        .select(columns(PricedWorkday))
    )


def draft_lines(priced: pl.DataFrame, projects: pl.DataFrame) -> pl.DataFrame:
    """
    Sum each employee's workdays to one line per project, kind and unit rate.

    Args:
        priced: `schemas.PricedWorkday`, every one with a rate.
        projects: `schemas.Project`.

    Returns:
        `schemas.Line`, by employee and position: project code, regular before overtime, unit
        rate.  ``amount`` is ``hours * unit_rate``, rounded once to cents.
    """
    regular_first = pl.col("kind") == "overtime"
    return (
        priced.group_by("employee_id", "project_id", "kind", "unit_rate")
        .agg(pl.col("hours").sum().cast(HOURS_SUM))
        .join(projects, on="project_id")
        .sort("employee_id", "project_code", regular_first, "unit_rate")
        .with_columns(
            position=pl.int_range(1, pl.len() + 1, dtype=pl.Int32).over("employee_id"),
            amount=to_money(exact_product(pl.col("hours"), pl.col("unit_rate"))),
        )
        .select(columns(Line))
    )


def draft_invoices(lines: pl.DataFrame, employees: pl.DataFrame) -> pl.DataFrame:
    """
    Total each employee's lines.

    Tax is rounded once per invoice, so that the printed rate applied to the printed subtotal
    gives the printed tax.

    Args:
        lines: `schemas.Line`.
        employees: `schemas.Employee`.

    Returns:
        `schemas.DraftInvoice`, by employee code.
    """
    return (
        lines.group_by("employee_id")
        .agg(pl.col("amount").sum().cast(MONEY).alias("subtotal"))
        .join(employees, on="employee_id")
        .with_columns(tax=to_money(exact_product(pl.col("subtotal"), pl.col("tax_rate"))))
        .with_columns(total=(pl.col("subtotal") + pl.col("tax")).cast(MONEY))
        .sort("code")
        .select(columns(DraftInvoice))
    )


def trace_lineage(priced: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """
    Say which line bills each workday.

    Args:
        priced: The `schemas.PricedWorkday` that *lines* were drafted from.
        lines: `schemas.Line`.

    Returns:
        `schemas.BilledWorkday`, in the order of *priced*.
    """
    key = ["employee_id", "project_id", "kind", "unit_rate"]
    return priced.join(
        lines.select(*key, "position"), on=key, how="left", maintain_order="left"
    ).select(columns(BilledWorkday))
