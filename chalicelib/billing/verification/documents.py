"""
Documents: a line is the sum of its lineage, an invoice of its lines, a credit note is its invoice
negated.
"""

from __future__ import annotations

import polars as pl

from chalicelib.billing.issued import Issued, Ledger
from chalicelib.billing.money import HOURS_SUM, MONEY, ROUNDING_POLICY, exact_product, to_money
from chalicelib.billing.schemas import KINDS

from .differences import NOTHING, differences, told

DOCUMENTS = ("invoice", "credit_note")
LINE = ["number", "position"]
NEGATED = ("hours", "amount", "subtotal", "tax", "total")


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


def _every(column: str) -> pl.Expr:
    """All that *column* holds, in order, as one text."""
    return pl.col(column).unique().sort().cast(pl.String).str.join(" and ").alias(column)


def _by_line(frame: pl.DataFrame) -> pl.DataFrame:
    line = pl.format("line {}", "position").alias("row")
    return frame.with_columns(line).drop("position")


def _whole(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(row=pl.lit(""))


def compare_sums(ledger: Ledger) -> pl.DataFrame:
    """Lines and totals against what the workdays come to; either may lack the other."""
    worked_out = work_out_lines(ledger.issued)
    return pl.concat(
        [
            _compare_lines(worked_out, ledger.issued),
            _compare_totals(worked_out, ledger.issued.documents),
        ]
    )


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


def find_repeated_lines(ledger: Ledger) -> pl.DataFrame:
    """Lines of one position that are there several times."""
    return told(
        ledger.issued.lines.group_by(LINE).len().filter(pl.col("len") > 1).sort(LINE),
        what=pl.format("line {}", "position"),
        expected=pl.lit("there once"),
        found=pl.format("{} of it", "len"),
    )


def find_unknown_kinds(ledger: Ledger) -> pl.DataFrame:
    """Lines of work that nobody agreed a rate for."""
    return told(
        ledger.issued.lines.filter(~pl.col("kind").is_in(KINDS)),
        what=pl.format("kind of line {}", "position"),
        expected=pl.lit(" or ".join(KINDS)),
        found=pl.col("kind"),
    )


def find_mixed_lines(ledger: Ledger) -> pl.DataFrame:
    """Lines whose workdays are of several projects."""
    return (
        ledger.issued.lineage.group_by(LINE)
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


def find_split_lines(ledger: Ledger) -> pl.DataFrame:
    """Workdays of one project, kind and rate that are on several lines, each rounded."""
    return (
        ledger.issued.lineage.group_by("number", "project", "kind", "unit_rate")
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


def compare_kinds(ledger: Ledger) -> pl.DataFrame:
    """A document is an invoice that credits nothing, or a credit note."""
    original = pl.col("credits_number")
    odd = ledger.issued.documents.filter(
        ~pl.col("kind").is_in(DOCUMENTS) | ((pl.col("kind") == "invoice") & original.is_not_null())
    )
    return told(
        odd,
        what=pl.lit("kind"),
        expected=pl.when(original.is_null())
        .then(pl.lit(" or ".join(DOCUMENTS)))
        .otherwise(pl.format("credit_note, as it credits {}", original)),
        found=pl.col("kind"),
    )


def compare_credits(ledger: Ledger) -> pl.DataFrame:
    """A credit note's document, lines and lineage against those of the invoice it credits."""
    issued, credited = ledger.issued, ledger.credited
    originals = credited.documents.filter(pl.col("kind") == "invoice")
    pairs = _credit_notes(issued).join(
        originals, left_on="original", right_on="number", how="semi", maintain_order="left"
    )
    parts = (
        (_credited_document(originals), _credited_document(issued.documents)),
        (_by_line(credited.lines), _by_line(issued.lines)),
        (_by_day(credited.lineage.with_columns(pl.col("turn") + 1)), _by_day(issued.lineage)),
    )
    return pl.concat(
        differences(
            _negated(original, pairs),
            note.join(pairs, on="number", how="semi", maintain_order="left"),
            " against the credited invoice",
        )
        for original, note in parts
    )


def find_credits_of_nothing(ledger: Ledger) -> pl.DataFrame:
    """Credit notes that name no invoice of the ledger."""
    originals = ledger.credited.documents.filter(pl.col("kind") == "invoice")
    adrift = _credit_notes(ledger.issued).join(
        originals, left_on="original", right_on="number", how="anti", maintain_order="left"
    )
    return told(
        adrift,
        what=pl.lit("credited invoice"),
        expected=pl.col("original").fill_null("an invoice"),
        found=NOTHING,
    )


def _credit_notes(issued: Issued) -> pl.DataFrame:
    """``number`` and ``original``, which is null where nothing is credited."""
    notes = issued.documents.filter(pl.col("kind") == "credit_note")
    return notes.select("number", original="credits_number")


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
