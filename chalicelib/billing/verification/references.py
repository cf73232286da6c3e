"""References: no row without the one it belongs to, and no key twice, in the whole ledger."""

from __future__ import annotations

import polars as pl

from chalicelib.billing.issued import Ledger

from .differences import told


def find_orphans(ledger: Ledger) -> pl.DataFrame:
    belong = (
        pl.when(pl.col("rows") == 1).then(pl.lit("row belongs")).otherwise(pl.lit("rows belong"))
    )
    return told(
        ledger.orphans,
        number=pl.format("{} {}", "parent", "key"),
        what=pl.lit("it"),
        expected=pl.format("there, as {} {} to it in {}", "rows", belong, "child"),
    )


def find_repeats(ledger: Ledger) -> pl.DataFrame:
    return told(
        ledger.repeats,
        number=pl.col("relation"),
        what=pl.format("rows with {}", "key"),
        expected=pl.lit("1"),
        found=pl.col("rows").cast(pl.String),
    )
