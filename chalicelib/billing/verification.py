"""
Verification: recompute what was issued from the workdays behind it.

The ledger's own sums are not trusted: a line is the sum of its lineage, an invoice the sum of those
lines, a credit note its invoice negated, a series every number from 1, and a run what its invoices
bill.
"""

from __future__ import annotations

import polars as pl

from .issued import CompletedRun, Issued, Ledger
from .money import HOURS_SUM, MONEY, ROUNDING_POLICY, exact_product, to_money
from .schemas import columns

KEY = ["number", "row"]
LINE = ["number", "position"]
NEGATED = ("hours", "amount", "subtotal", "tax", "total")


def verify(ledger: Ledger) -> pl.DataFrame:
    """
    Recompute everything and compare.

    Returns:
        `Difference`, by number; empty if the ledger is right.
    """
    worked_out = work_out_lines(ledger.issued)
    found = [
        _compare_lines(worked_out, ledger.issued),
        _compare_totals(worked_out, ledger.issued.documents),
        _find_mixed_lines(ledger.issued.lineage),
        _find_split_lines(ledger.issued.lineage),
        _compare_credits(ledger.issued, ledger.credited),
        _find_gaps(ledger.numbers),
        _compare_series(ledger.numbers, ledger.series),
        _compare_runs(ledger.issued, ledger.runs),
    ]
    return pl.concat(found).sort("number", maintain_order=True)


def work_out_lines(issued: Issued) -> pl.DataFrame:
    """
    Sum the lineage to lines.

    Returns:
        ``number``, ``position``, ``hours``, ``amount`` (rounded once to cents), and as text
        ``employee``, ``kind`` and ``unit_rate``: all that the workdays of the line have, if they
        differ.
    """
    amount = exact_product(pl.col("hours"), pl.col("unit_rate")).sum()
    return (
        issued.lineage.group_by(LINE)
        .agg(
            _every("employee"),
            _every("kind"),
            _every("unit_rate"),
            pl.col("hours").sum().cast(HOURS_SUM),
            to_money(amount).alias("amount"),
        )
        .sort(LINE)
    )


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
    nothing = pl.lit(None, pl.String)
    return pl.concat(
        [
            pl.concat(changed).sort("index", maintain_order=True).drop("index"),
            missing.select("number", _row(place), expected=_described(values), found=nothing),
            surplus.select("number", _row(place), expected=nothing, found=_described(values)),
        ]
    )


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


def _every(column: str) -> pl.Expr:
    """All that *column* holds, in order, as one text."""
    return pl.col(column).unique().sort().cast(pl.String).str.join(" and ").alias(column)


def _by_line(frame: pl.DataFrame) -> pl.DataFrame:
    line = pl.format("line {}", "position").alias("row")
    return frame.with_columns(line).drop("position")


def _whole(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(row=pl.lit(""))


def _compare_lines(worked_out: pl.DataFrame, issued: Issued) -> pl.DataFrame:
    employees = issued.documents.select("number", "employee")
    lines = issued.lines.join(
        employees, on="number", how="left", maintain_order="left"
    ).with_columns(pl.col("unit_rate").cast(pl.String))
    return differences(_by_line(worked_out), _by_line(lines.select(worked_out.columns)))


def _compare_totals(worked_out: pl.DataFrame, documents: pl.DataFrame) -> pl.DataFrame:
    """The sums of the lines that the workdays make, and not of those in the ledger."""
    sums = worked_out.group_by("number").agg(subtotal=pl.col("amount").sum().cast(MONEY))
    stated = documents.select("number", "rounding_policy", "subtotal", "tax", "total")
    expected = (
        documents.select("number", "tax_rate")
        .join(sums, on="number", how="left", maintain_order="left")
        .with_columns(pl.col("subtotal").fill_null(0), rounding_policy=pl.lit(ROUNDING_POLICY))
        .with_columns(tax=to_money(exact_product(pl.col("subtotal"), pl.col("tax_rate"))))
        .with_columns(total=(pl.col("subtotal") + pl.col("tax")).cast(MONEY))
        .select(stated.columns)
    )
    return differences(_whole(expected), _whole(stated))


def _find_mixed_lines(lineage: pl.DataFrame) -> pl.DataFrame:
    """Lines whose workdays are of several projects."""
    return (
        lineage.group_by(LINE)
        .agg(_every("project"), pl.col("project").n_unique().alias("projects"))
        .filter(pl.col("projects") > 1)
        .sort(LINE)
        .select(
            "number",
            pl.format("line {}", "position").alias("what"),
            pl.lit("of one project").alias("expected"),
            pl.col("project").alias("found"),
        )
    )


def _find_split_lines(lineage: pl.DataFrame) -> pl.DataFrame:
    """Workdays of one project, kind and rate that are on several lines, each rounded."""
    return (
        lineage.group_by("number", "project", "kind", "unit_rate")
        .agg(_every("position"), pl.col("position").n_unique().alias("lines"))
        .filter(pl.col("lines") > 1)
        .sort("number", "position")
        .select(
            "number",
            pl.format("{}, {} at {}", "project", "kind", "unit_rate").alias("what"),
            pl.lit("one line").alias("expected"),
            pl.format("lines {}", "position").alias("found"),
        )
    )


def _compare_credits(issued: Issued, credited: Issued) -> pl.DataFrame:
    """A credit note's document, lines and lineage against those of the invoice it credits."""
    notes = issued.documents.filter(pl.col("kind") == "credit_note")
    originals = credited.documents.filter(pl.col("kind") == "invoice")
    pairs = notes.select("number", original="credits_number")
    adrift = pairs.join(originals, left_on="original", right_on="number", how="anti")
    pairs = pairs.join(adrift, on="number", how="anti", maintain_order="left")
    parts = (
        (_credited_document(originals), _credited_document(notes)),
        (_by_line(credited.lines), _by_line(issued.lines)),
        (
            _by_day(credited.lineage.with_columns(pl.col("turn") + 1)),
            _by_day(issued.lineage),
        ),
    )
    return pl.concat(
        [
            adrift.select(
                "number",
                pl.lit("credited invoice").alias("what"),
                pl.col("original").fill_null("an invoice").alias("expected"),
                pl.lit(None, pl.String).alias("found"),
            ),
            *(
                differences(
                    _negated(original, pairs),
                    note.join(pairs, on="number", how="semi", maintain_order="left"),
                    " against the credited invoice",
                )
                for original, note in parts
            ),
        ]
    )


def _credited_document(documents: pl.DataFrame) -> pl.DataFrame:
    same = ("number", "series", "employee", "currency", "tax_rate", "subtotal", "tax", "total")
    return _whole(documents.select(same))


def _by_day(lineage: pl.DataFrame) -> pl.DataFrame:
    key = ("work_date", "project", "kind")
    return lineage.with_columns(row=pl.format("workday {} {} {}", *key)).drop(key)


def _negated(originals: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """What the credit notes of *pairs* should be, under their own numbers."""
    negated = [-pl.col(name) for name in originals.columns if name in NEGATED]
    note = pairs.rename({"number": "note"})
    return (
        originals.join(note, left_on="number", right_on="original", maintain_order="left")
        .with_columns(*negated, number=pl.col("note"))
        .select(originals.columns)
    )


def _written(sequence: pl.Expr) -> pl.Expr:
    """A number as it is written, of at least four digits."""
    return pl.format("{}-{}", "series", sequence.cast(pl.String).str.zfill(4))


def _find_gaps(numbers: pl.DataFrame) -> pl.DataFrame:
    """Numbers that are missing, given twice or not written as their place in the series."""
    before = pl.col("sequence").shift(fill_value=0).over("series")
    steps = numbers.sort("series", "sequence", "number").with_columns(before=before)
    skipped = pl.col("sequence") - pl.col("before") - 1
    nothing = pl.lit(None, pl.String).alias("found")
    return pl.concat(
        [
            steps.filter(skipped > 0).select(
                _written(pl.col("before") + 1).alias("number"),
                pl.lit("number").alias("what"),
                pl.format("in use ({} missing before {})", skipped, "number").alias("expected"),
                nothing,
            ),
            steps.filter(skipped < 0).select(
                "number",
                pl.lit("place in its series").alias("what"),
                _written(pl.col("before") + 1).alias("expected"),
                _written(pl.col("sequence")).alias("found"),
            ),
            steps.filter(pl.col("number") != _written(pl.col("sequence"))).select(
                "number",
                pl.lit("number").alias("what"),
                _written(pl.col("sequence")).alias("expected"),
                pl.col("number").alias("found"),
            ),
        ]
    )


def _compare_series(numbers: pl.DataFrame, series: pl.DataFrame) -> pl.DataFrame:
    """The last number of each series against the last it gave: no gap shows what is cut off."""
    last = pl.col("sequence").max().alias("last number")
    return differences(
        _whole(series.select(number="series", **{"last number": "last_sequence"})),
        _whole(numbers.group_by(number="series").agg(last).sort("number")),
    )


def _compare_runs(issued: Issued, runs: pl.DataFrame) -> pl.DataFrame:
    """What the lineage bills against what the runs counted when they billed it."""
    of_run = issued.documents.filter(pl.col("kind") == "invoice").select("number", "run_id")
    billed = (
        issued.lineage.join(of_run, on="number")
        .group_by("run_id")
        .agg(
            pl.len().cast(pl.Int32).alias("billed_rows"),
            pl.col("hours").sum().cast(HOURS_SUM).alias("billed_hours"),
        )
        .sort("run_id")
        .select(columns(CompletedRun))
    )
    return differences(_by_run(runs.filter(pl.col("billed_rows") > 0)), _by_run(billed))


def _by_run(runs: pl.DataFrame) -> pl.DataFrame:
    return _whole(
        runs.select(pl.format("run {}", "run_id").alias("number"), "billed_rows", "billed_hours")
    )
