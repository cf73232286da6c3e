"""Intake: which workdays of the month are good, and which break a rule."""

from __future__ import annotations

from typing import NamedTuple

import polars as pl
from pandera.errors import SchemaErrors

from .money import HOURS_SUM
from .schemas import RULES, JudgedWorkday, Rejected, columns

DAY = ("employee_id", "work_date")


class Judgement(NamedTuple):
    """Every workday, on one side or the other: `schemas.Workday` and `schemas.Rejected`."""

    good: pl.DataFrame
    rejected: pl.DataFrame


def judge(workdays: pl.DataFrame, billed_days: pl.DataFrame) -> Judgement:
    """
    Apply the rules of `schemas.JudgedWorkday` to each row, keeping every broken one by name.

    Args:
        workdays: `schemas.Workday`.
        billed_days: `schemas.BilledDay`, at least the days of *workdays*.

    Returns:
        The good rows and the rejected ones, each in the order of *workdays*.  A row that breaks
        several rules is rejected by the first of hours, kind, day_over_24.
    """
    judged = _with_day_hours(workdays, billed_days)
    broken = _broken_rules(judged)
    if broken.is_empty():
        return Judgement(workdays, broken.clear().select(columns(Rejected)))
    rejected = judged.with_row_index("row").join(broken, on="row", maintain_order="left")
    good = workdays.join(rejected, on="workday_id", how="anti", maintain_order="left")
    return Judgement(good, rejected.select(columns(Rejected)))


def _with_day_hours(workdays: pl.DataFrame, billed_days: pl.DataFrame) -> pl.DataFrame:
    positive = pl.col("hours").filter(pl.col("hours") > 0).sum().over(DAY)
    billed = pl.col("billed_hours").fill_null(0)
    return (
        workdays.join(billed_days, on=DAY, how="left", maintain_order="left")
        .with_columns(day_hours=(positive + billed).cast(HOURS_SUM))
        .select(columns(JudgedWorkday))
    )


def _broken_rules(judged: pl.DataFrame) -> pl.DataFrame:
    """``row, rule, value``: the first broken rule of each bad row of *judged*."""
    try:
        JudgedWorkday.validate(judged, lazy=True)
    except SchemaErrors as errors:
        failures: pl.DataFrame = errors.failure_cases
    else:
        return judged.clear().with_columns(
            pl.lit(0, pl.UInt32).alias("row"), rule=pl.lit(""), value=pl.lit("")
        )
    unruly = failures.filter(~pl.col("check").is_in(RULES) | pl.col("index").is_null())
    if not unruly.is_empty():
        message = f"extracted workdays are not of the schema: {unruly.to_dicts()[:3]}"
        raise TypeError(message)
    return (
        failures.select(
            pl.col("index").cast(pl.UInt32).alias("row"),
            pl.col("check").cast(pl.Enum(RULES)).alias("rule"),
            pl.col("failure_case").alias("value"),
        )
        .sort("row", "rule")
        .unique("row", keep="first", maintain_order=True)
        .with_columns(pl.col("rule").cast(pl.String))
    )
