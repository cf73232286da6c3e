"""Drift and corrections on a terminal."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import polars as pl
from rich.console import Console
from rich.text import Text
from sqlalchemy import Connection, select

from chalicelib.billing.escapes import on_one_line
from chalicelib.billing.period import Period
from chalicelib.settings import Settings
from chalicelib.steps.correct_invoice import CannotCorrect, Correction, would_correct
from chalicelib.store.connection import check_reachable, engine
from chalicelib.store.drifting import Scope, drift
from chalicelib.store.tables import employee, invoice, project

from .wording import counted


def show_drift(settings: Settings, period: Period, console: Console) -> bool:
    """
    Print, by invoice and day, what changed after billing and what correcting it would issue.

    Returns:
        Whether anything has drifted.
    """
    check_reachable(settings.database_url)
    with engine(settings.database_url).connect() as connection:
        changes = drift(connection, Scope.period(period))
        names = _names(connection, changes)
    if changes.is_empty():
        console.print(f"Nothing billed in {period} has changed since.")
        return False
    for (invoice_id,), days in changes.group_by("invoice_id", maintain_order=True):
        number, name = names[f"invoice {invoice_id}"]
        console.print(Text.assemble("\n", (number, "bold"), f" {on_one_line(name)}"))
        for day in days.iter_rows(named=True):
            [code] = names[f"project {day['project_id']}"]
            console.print(f"  {describe(day, on_one_line(code))}", markup=False)
        console.print(f"  {_prospect(settings, number)}", style="dim", markup=False)
    return True


def describe(day: dict[str, Any], project_code: str) -> str:
    """One `schemas.Drift` row in words: ``2026-10-05 ATLAS regular: -4.00 h (8.00 h → 4.00 h)``."""
    what = f"{day['work_date']} {project_code} {day['kind']}:"
    billed, current = day["billed_hours"], day["current_hours"]
    parts = []
    if billed != current:
        change = (current or Decimal(0)) - (billed or Decimal(0))
        parts.append(f"{change:+} h ({_hours(billed)} → {_hours(current)})")
    if billed is not None and current is not None and day["billed_rate"] != day["current_rate"]:
        parts.append(f"rate {_rate(day['billed_rate'])} → {_rate(day['current_rate'])}")
    return f"{what} {', '.join(parts)}"


def _hours(hours: Decimal | None) -> str:
    return "none" if hours is None else f"{hours} h"


def _rate(rate: Decimal | None) -> str:
    return "none" if rate is None else f"{rate.normalize():f}"


def _prospect(settings: Settings, number: str) -> str:
    try:
        correction = would_correct(settings, number, datetime.now(UTC))
    except CannotCorrect as refused:
        return str(refused)
    return f"correct {number} would issue {in_words(correction)}"


def in_words(correction: Correction) -> str:
    """What a correction issues, and the change to the total."""
    issued = [correction.credited_by, correction.replaced_by]
    documents = " and ".join(number for number in issued if number)
    rejected = f"; {counted(correction.rejected, 'workday')} rejected" * bool(correction.rejected)
    if correction.difference is None:
        return f"{documents}, which is no longer in {correction.currency}{rejected}"
    return f"{documents}: {correction.difference:+,} {correction.currency}{rejected}"


def _names(connection: Connection, changes: pl.DataFrame) -> dict[str, tuple[str, ...]]:
    invoices = connection.execute(
        select(invoice.c.id, invoice.c.number, employee.c.full_name)
        .join(employee, employee.c.id == invoice.c.employee_id)
        .where(invoice.c.id.in_(changes["invoice_id"].unique().to_list()))
    )
    projects = connection.execute(select(project.c.id, project.c.code))
    return {f"invoice {row.id}": (row.number, row.full_name) for row in invoices} | {
        f"project {row.id}": (row.code,) for row in projects
    }
