"""Holding: whose good workdays cannot be billed yet, and why."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import polars as pl

from .schemas import Held, columns

# In order of precedence: the first that applies is the reason.
REASONS = ("no_agreement", "no_rate", "unprintable")

PRINTED = ("code", "full_name", "address", "country", "tax_id", "iban", "email")


def hold(
    priced: pl.DataFrame,
    employees: pl.DataFrame,
    projects: pl.DataFrame,
    *,
    issued_on: date,
    unprintable: Callable[[str], str],
) -> pl.DataFrame:
    """
    Name every employee who has good workdays but cannot be invoiced on *issued_on*.

    Args:
        priced: `schemas.PricedWorkday`.
        employees: `schemas.Employee`, at least those of *priced*.
        projects: `schemas.Project`, at least those of *priced*.
        issued_on: The issue date; the agreement to self-billing must be from before it.
        unprintable: The letters of a text that the invoice's fonts lack.

    Returns:
        `schemas.Held`, by employee, with the first reason of `REASONS` that applies.
    """
    working = employees.join(priced, on="employee_id", how="semi")
    reasons = [
        _without_agreement(working, issued_on),
        _without_rate(priced),
        _with_unprintable_texts(priced, working, projects, unprintable),
    ]
    return (
        pl.concat(reasons)
        .sort(pl.col("reason").cast(pl.Enum(REASONS)), "detail")
        .unique("employee_id", keep="first", maintain_order=True)
        .sort("employee_id")
        .select(columns(Held))
    )


def _without_agreement(employees: pl.DataFrame, issued_on: date) -> pl.DataFrame:
    agreed = pl.col("self_billing_agreed_on")
    return employees.filter(agreed.is_null() | (agreed >= issued_on)).select(
        "employee_id",
        reason=pl.lit("no_agreement"),
        detail=pl.format("agreed on {}", agreed.cast(pl.String)).fill_null("none on record"),
    )


def _without_rate(priced: pl.DataFrame) -> pl.DataFrame:
    return (
        priced.filter(pl.col("unit_rate").is_null())
        .group_by("employee_id")
        .agg(pl.col("work_date").min())
        .select(
            "employee_id",
            reason=pl.lit("no_rate"),
            detail=pl.format("no rate on {}", pl.col("work_date").cast(pl.String)),
        )
    )


def _with_unprintable_texts(
    priced: pl.DataFrame,
    employees: pl.DataFrame,
    projects: pl.DataFrame,
    unprintable: Callable[[str], str],
) -> pl.DataFrame:
    letters = pl.col("text").map_elements(unprintable, return_dtype=pl.String)
    own = employees.select("employee_id", text=_joined(*PRINTED)).with_columns(letters=letters)
    titles = projects.select("project_id", text=_joined("project_code", "project_name"))
    worked = (
        titles.with_columns(letters=letters)
        .filter(pl.col("letters") != "")
        .join(priced.select("employee_id", "project_id").unique(), on="project_id")
    )
    return (
        pl.concat([own.drop("text"), worked.select("employee_id", "letters")])
        .filter(pl.col("letters") != "")
        .select(
            "employee_id",
            reason=pl.lit("unprintable"),
            detail=pl.format("the invoice font cannot print {}", pl.col("letters")),
        )
    )


def _joined(*columns: str) -> pl.Expr:
    return pl.concat_str(columns, separator=" ", ignore_nulls=True)
