"""Runs: what one counted is what its rows come to, and only a completed one has invoices."""

from __future__ import annotations

import polars as pl

from chalicelib.billing.issued import Ledger
from chalicelib.billing.money import HOURS_SUM
from chalicelib.billing.statuses import COMPLETED

from .differences import differences, told

RUN = pl.format("run {}", "run_id").alias("number")
WHOLE = pl.lit("").alias("row")
IS_COMPLETED = pl.col("status").is_in(COMPLETED)


def compare_billed(ledger: Ledger) -> pl.DataFrame:
    """What the lineage bills against what the runs counted when they billed it."""
    billed = ("billed_rows", "billed_hours")
    of_run = ledger.issued.documents.filter(pl.col("kind") == "invoice").select("number", "run_id")
    worked_out = (
        ledger.issued.lineage.join(of_run, on="number")
        .group_by("run_id")
        .agg(
            pl.len().cast(pl.Int32).alias("billed_rows"),
            pl.col("hours").sum().cast(HOURS_SUM).alias("billed_hours"),
        )
        .sort("run_id")
    )
    counted = ledger.runs.filter(IS_COMPLETED & (pl.col("billed_rows").fill_null(1) > 0))
    return differences(counted.select(RUN, WHOLE, *billed), worked_out.select(RUN, WHOLE, *billed))


def compare_sums(ledger: Ledger) -> pl.DataFrame:
    """Extracted is billed, rejected and held together."""
    sides = ("billed", "rejected", "held")
    runs = ledger.runs.filter(IS_COMPLETED)
    rows = pl.sum_horizontal(*(pl.col(f"{side}_rows") for side in sides))
    hours = sum((pl.col(f"{side}_hours").fill_null(0) for side in sides), pl.lit(0).cast(HOURS_SUM))
    return differences(
        runs.select(
            RUN,
            WHOLE,
            rows.cast(pl.Int32).alias("extracted_rows"),
            hours.cast(HOURS_SUM).alias("extracted_hours"),
        ),
        runs.select(RUN, WHOLE, "extracted_rows", "extracted_hours"),
    )


def compare_rejected(ledger: Ledger) -> pl.DataFrame:
    """What a run counted as rejected is what it listed; one that did not complete lists nothing."""
    counted = ("rejected_rows", "rejected_hours")
    listed = ledger.runs.select(
        RUN, WHOLE, rejected_rows="listed_rejects", rejected_hours="listed_hours"
    )
    nothing = pl.lit(0)
    stated = (pl.when(IS_COMPLETED).then(name).otherwise(nothing).alias(name) for name in counted)
    return differences(listed, ledger.runs.select(RUN, WHOLE, *stated).cast(listed.schema))


def compare_held(ledger: Ledger) -> pl.DataFrame:
    """A run names contractors as held if it held workdays, and only then."""
    held = pl.when(IS_COMPLETED).then(pl.col("held_rows").fill_null(0)).otherwise(0)
    return told(
        ledger.runs.filter((held > 0) != (pl.col("listed_helds") > 0)),
        number=RUN,
        what=pl.format("contractors held ({} held workdays counted)", held),
        expected=pl.when(held > 0).then(pl.lit("named")).otherwise(pl.lit("none")),
        found=pl.col("listed_helds").cast(pl.String),
    )


def compare_origins(ledger: Ledger) -> pl.DataFrame:
    """A document is of a run that completed, and of the same month."""
    status = pl.col("status").fill_null("no such run")
    return pl.concat(
        [
            told(
                ledger.origins.filter(~status.is_in(COMPLETED)),
                what=pl.format("run {} that issued it", "run_id"),
                expected=pl.lit("completed"),
                found=status,
            ),
            told(
                ledger.origins.filter(pl.col("run_period") != pl.col("period")),
                what=pl.format("month of run {} that issued it", "run_id"),
                expected=pl.col("period").dt.to_string("%Y-%m"),
                found=pl.col("run_period").dt.to_string("%Y-%m"),
            ),
        ]
    )
