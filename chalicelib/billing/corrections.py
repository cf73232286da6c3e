"""Corrections: what changed upstream since it was billed."""

from __future__ import annotations

import polars as pl

from .invoicing import price_workdays
from .schemas import Drift, columns

DAY = ["invoice_id", "employee_id", "work_date", "project_id", "kind"]


def find_drift(billed: pl.DataFrame, current: pl.DataFrame, rates: pl.DataFrame) -> pl.DataFrame:
    """
    Compare what was billed with what is recorded and agreed now.

    A workday that moved to another day or project shows twice: gone from one, come to the other.
    One that was deleted and entered again as it was shows not at all, whatever its new id.

    Args:
        billed: `schemas.LiveWorkday`.
        current: `schemas.CurrentWorkday`, for the invoices in *billed*.
        rates: `schemas.Rate`, of the employees in both.

    Returns:
        `schemas.Drift`, by invoice, day, project and kind; only days that differ in hours or rate.
    """
    then = billed.select(*DAY, billed_hours="hours", billed_rate="unit_rate")
    now = _priced(current, rates).select(*DAY, current_hours="hours", current_rate="unit_rate")
    differs = pl.col("billed_hours").ne_missing(pl.col("current_hours")) | pl.col(
        "billed_rate"
    ).ne_missing(pl.col("current_rate"))
    return (
        then.join(now, on=DAY, how="full", coalesce=True)
        .filter(differs)
        .sort(DAY)
        .select(columns(Drift))
    )


def _priced(current: pl.DataFrame, rates: pl.DataFrame) -> pl.DataFrame:
    # Rating needs a turn, which means nothing here.
    priced = price_workdays(current.with_columns(turn=pl.lit(1, pl.Int32)), rates)
    owners = current.select(*DAY)
    return owners.join(priced, on=DAY[1:], maintain_order="left")
