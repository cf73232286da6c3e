"""How two frames of the same columns differ, value by value."""

from __future__ import annotations

import polars as pl

KEY = ["number", "row"]
NOTHING = pl.lit(None, pl.String)
NUMBER = pl.col("number")


def differences(expected: pl.DataFrame, found: pl.DataFrame, place: str = "") -> pl.DataFrame:
    """
    Compare two frames, row by row and value by value.

    Args:
        expected: ``number``; ``row``, which names one row of that number and is empty if there
            is only one; and values.
        found: The same columns, of the same types, in any order of rows.
        place: Where *found* is, to be read after the name of a value.

    Returns:
        `Difference`, in the order of *expected*; rows that it lacks come last.
    """
    values = [name for name in expected.columns if name not in KEY]
    both = expected.join(found, on=KEY, suffix=" found", maintain_order="left")
    missing = expected.join(found, on=KEY, how="anti", maintain_order="left")
    surplus = found.join(expected, on=KEY, how="anti", maintain_order="left")
    changed = [_changed(both.with_row_index(), value, place) for value in values]
    return pl.concat(
        [
            pl.concat(changed).sort("index", maintain_order=True).drop("index"),
            missing.select("number", _row(place), expected=_described(values), found=NOTHING),
            surplus.select("number", _row(place), expected=NOTHING, found=_described(values)),
        ]
    )


def told(
    rows: pl.DataFrame,
    *,
    what: pl.Expr,
    expected: pl.Expr = NOTHING,
    found: pl.Expr = NOTHING,
    number: pl.Expr = NUMBER,
) -> pl.DataFrame:
    """Each of *rows*, which is at fault, as a `Difference`."""
    return rows.select(number.alias("number"), what=what, expected=expected, found=found)


def _changed(both: pl.DataFrame, value: str, place: str) -> pl.DataFrame:
    name = value.replace("_", " ")
    of_row = pl.when(pl.col("row") == "").then(pl.lit("")).otherwise(" of " + pl.col("row"))
    return both.filter(pl.col(value).ne_missing(pl.col(f"{value} found"))).select(
        "index",
        "number",
        pl.concat_str(pl.lit(name), of_row, pl.lit(place)).alias("what"),
        pl.col(value).cast(pl.String).alias("expected"),
        pl.col(f"{value} found").cast(pl.String).alias("found"),
    )


def _row(place: str) -> pl.Expr:
    row = pl.when(pl.col("row") == "").then(pl.lit("document")).otherwise("row")
    return pl.concat_str(row, pl.lit(place)).alias("what")


def _described(values: list[str]) -> pl.Expr:
    texts = [pl.col(value).cast(pl.String) for value in values]
    return pl.concat_str(texts, separator=", ", ignore_nulls=True)
