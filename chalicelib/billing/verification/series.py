"""Series: every number from 1, each once, of one employee, in the order of their dates."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from chalicelib.billing.issued import Ledger

from .differences import differences, told

SEQUENCE = pl.col("sequence")
# Two runs at once may take their numbers in the other order; none works as long as this.
RUNS_TAKE = timedelta(hours=1)


def find_gaps(ledger: Ledger) -> pl.DataFrame:
    """Numbers that are missing, given twice or not written as their place in the series."""
    before = SEQUENCE.shift(fill_value=0).over("series")
    steps = ledger.numbers.sort("series", "sequence", "number").with_columns(before=before)
    following = _written(pl.col("before") + 1)
    skipped = SEQUENCE - pl.col("before") - 1
    return pl.concat(
        [
            told(
                steps.filter(skipped > 0),
                number=following,
                what=pl.lit("number"),
                expected=pl.format("in use ({} missing before {})", skipped, "number"),
            ),
            told(
                steps.filter(skipped < 0),
                what=pl.lit("place in its series"),
                expected=following,
                found=_written(SEQUENCE),
            ),
            told(
                steps.filter(pl.col("number") != _written(SEQUENCE)),
                what=pl.lit("number"),
                expected=_written(SEQUENCE),
                found=pl.col("number"),
            ),
        ]
    )


def compare_last_numbers(ledger: Ledger) -> pl.DataFrame:
    """The last number of each series against the last it gave: no gap shows what is cut off."""
    last = SEQUENCE.max().alias("last number")
    whole = pl.lit("").alias("row")
    return differences(
        ledger.series.select(whole, number="series", **{"last number": "last_sequence"}),
        ledger.numbers.group_by(number="series").agg(last).sort("number").with_columns(whole),
    )


def find_shared_series(ledger: Ledger) -> pl.DataFrame:
    """Series that number the invoices of several employees."""
    employee = pl.col("employee")
    people = ledger.numbers.group_by("series").agg(
        employee.n_unique().alias("people"), employee.unique().sort().str.join(" and ")
    )
    return told(
        people.filter(pl.col("people") > 1).sort("series"),
        number=pl.col("series"),
        what=pl.lit("series"),
        expected=pl.lit("of one employee"),
        found=employee,
    )


def find_repeated_credits(ledger: Ledger) -> pl.DataFrame:
    """Invoices that several documents credit."""
    credited = ledger.numbers.drop_nulls("credits_number").sort("number")
    notes = credited.group_by("credits_number").agg(pl.col("number"))
    return told(
        notes.filter(pl.col("number").list.len() > 1).sort("credits_number"),
        number=pl.col("credits_number"),
        what=pl.lit("invoice"),
        expected=pl.lit("credited once"),
        found=pl.col("number").list.join(" and "),
    )


def find_dates_that_went_back(ledger: Ledger) -> pl.DataFrame:
    """Documents issued before one that precedes them in their series."""
    dated = ledger.numbers.sort("series", "sequence", "number").with_columns(
        day=pl.col("issued_on").cum_max().over("series"),
        moment=pl.col("issued_at").cum_max().over("series"),
    )
    return pl.concat(
        [
            told(
                dated.filter(pl.col("issued_on") < pl.col("day")),
                what=pl.lit("issue date"),
                expected=pl.format("{} or later, as of the numbers before it", "day"),
                found=pl.col("issued_on").cast(pl.String),
            ),
            told(
                dated.filter(pl.col("issued_at") < pl.col("moment") - RUNS_TAKE),
                what=pl.lit("moment of issue"),
                expected=pl.format("{} or later, as of the numbers before it", _second("moment")),
                found=_second("issued_at"),
            ),
        ]
    )


def _written(sequence: pl.Expr) -> pl.Expr:
    """A number as it is written, of at least four digits."""
    return pl.format("{}-{}", "series", sequence.cast(pl.String).str.zfill(4))


def _second(column: str) -> pl.Expr:
    return pl.col(column).dt.to_string("%Y-%m-%d %H:%M:%S UTC")
