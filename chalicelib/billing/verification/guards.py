"""Guards: the database's own triggers, constraints and functions are those that it was given."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from .differences import differences, told

SERVER = "server"
# PostgreSQL gives these back as they were written, the rest as its version words it.
AS_WRITTEN = ("function ", "trigger ")
# What is not ours and may undo what ours do; further constraints and indexes only refuse more.
ACTIVE = ("trigger ", "rule ", "child ")


def compare_guards(expected: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """
    What is missing, switched off or changed, and what was added that acts on its own.

    Args:
        expected: `Guard`, as the migrations make them.
        found: `Guard`, of a database; its definitions of constraints, indexes, columns and views
            are compared only if its server has the version that *expected* was made with.

    Returns:
        `Difference`.
    """
    if not _of(expected, SERVER).equals(_of(found, SERVER)):
        expected, found = _as_written(expected), _as_written(found)
    ours = found.join(expected, on="number", how="semi")
    surplus = found.join(expected, on="number", how="anti").filter(_starts_with(ACTIVE))
    missing = expected.join(found, on="number", how="anti", maintain_order="left")
    kept = expected.join(ours, on="number", how="semi", maintain_order="left")
    return pl.concat(
        [
            differences(_whole(kept), _whole(ours)),
            told(missing, what=pl.lit("guard"), expected=pl.lit("in place")),
            told(surplus, what=pl.lit("it"), found=pl.col("state")),
        ]
    )


def _of(guards: pl.DataFrame, name: str) -> pl.DataFrame:
    return guards.filter(pl.col("number") == name)


def _whole(guards: pl.DataFrame) -> pl.DataFrame:
    return guards.filter(pl.col("number") != SERVER).with_columns(row=pl.lit(""))


def _as_written(guards: pl.DataFrame) -> pl.DataFrame:
    definition = pl.when(_starts_with(AS_WRITTEN)).then("definition").otherwise(pl.lit(""))
    return guards.with_columns(definition=definition)


def _starts_with(kinds: Iterable[str]) -> pl.Expr:
    return pl.any_horizontal(pl.col("number").str.starts_with(kind) for kind in kinds)
