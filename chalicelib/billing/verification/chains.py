"""
Chains of turns: an odd turn bills a workday, the even one after it credits that.

So a workday is on at most one live invoice, and a day has at most 24 live hours.
"""

from __future__ import annotations

import polars as pl

from chalicelib.billing.issued import Ledger
from chalicelib.billing.schemas import HOURS_OF_A_DAY

from .differences import differences, told

WORKDAY = ["employee", "work_date", "project", "kind"]
DAY = ["employee", "work_date"]
NAMED = pl.format("workday {} {} {}", "work_date", "project", "kind")
EMPLOYEE = pl.col("employee")
HOURS = pl.col("hours")
CREDITS = pl.col("turn") % 2 == 0
CREDITED = "credited invoice"


def find_broken_turns(ledger: Ledger) -> pl.DataFrame:
    """Workdays whose turns are not 1, 2, 3 …: one is missing, or there twice."""
    turn = pl.col("turn")
    unbroken = (turn.min() == 1) & (turn.max() == pl.len()) & (turn.n_unique() == pl.len())
    broken = _where(~unbroken, ledger.chains, WORKDAY).sort(*WORKDAY, "turn", "number")
    steps = pl.format("{} on {}", "turn", "number").str.join(", ")
    return told(
        broken.group_by(WORKDAY, maintain_order=True).agg(steps.alias("steps"), pl.len()),
        number=EMPLOYEE,
        what=pl.format("turns of {}", NAMED),
        expected=pl.when(pl.col("len") == 1)
        .then(pl.lit("1"))
        .otherwise(pl.format("1 to {}", "len")),
        found=pl.col("steps"),
    )


def find_wrong_sides(ledger: Ledger) -> pl.DataFrame:
    """Turns that are not on the kind of document, or of the sign, that they should be."""
    document = pl.when(CREDITS).then(pl.lit("credit_note")).otherwise(pl.lit("invoice"))
    positive = pl.when(CREDITS).then(-HOURS).otherwise(HOURS)
    wrong = ledger.chains.filter(
        pl.col("document_kind").ne(document) | ~positive.is_between(0, HOURS_OF_A_DAY, "right")
    )
    return told(
        wrong,
        what=pl.format("turn {} of {}", "turn", NAMED),
        expected=pl.format("on {} with {} hours", _worded(document), _signed(CREDITS)),
        found=pl.format("{} hours on {}", HOURS, _worded(pl.col("document_kind"))),
    )


def _worded(document: pl.Expr) -> pl.Expr:
    return document.replace_strict(
        {"invoice": "an invoice", "credit_note": "a credit note"}, default=pl.lit("a ") + document
    )


def _signed(negative: pl.Expr) -> pl.Expr:
    return pl.when(negative).then(pl.lit("negative")).otherwise(pl.lit("positive"))


def compare_credited_turns(ledger: Ledger) -> pl.DataFrame:
    """Even turns against the turn before them, and odd ones, which credit nothing."""
    values = (CREDITED, "hours", "unit_rate", "workday_id")
    before = ledger.chains.filter(~CREDITS).select(
        *WORKDAY,
        "unit_rate",
        "workday_id",
        pl.col("turn") + 1,
        -HOURS,
        pl.col("number").alias(CREDITED),
    )
    even = ledger.chains.filter(CREDITS).rename({"credits_number": CREDITED})
    turns = even.select("number", *WORKDAY, "turn", *values)
    expected = turns.select("number", *WORKDAY, "turn").join(
        before, on=[*WORKDAY, "turn"], maintain_order="left"
    )
    found = turns.join(expected, on=["number", *WORKDAY, "turn"], how="semi", maintain_order="left")
    named = ("number", NAMED.alias("row"), *values)
    place = " against the turn before"
    billing = ledger.chains.filter(~CREDITS & pl.col("credits_number").is_not_null())
    return pl.concat(
        [
            differences(expected.select(named), found.select(named), place),
            told(
                billing,
                what=pl.format("credited invoice of {}", NAMED),
                found=pl.col("credits_number"),
            ),
        ]
    )


def find_double_billing(ledger: Ledger) -> pl.DataFrame:
    """Workdays that are on several live invoices."""
    twice = _where(pl.len() > 1, _live(ledger.chains), WORKDAY).sort(*WORKDAY, "number")
    return told(
        twice.group_by(WORKDAY, maintain_order=True).agg(_numbers()),
        number=EMPLOYEE,
        what=NAMED,
        expected=pl.lit("on one live invoice"),
        found=pl.col("number"),
    )


def find_workdays_billed_twice(ledger: Ledger) -> pl.DataFrame:
    """Rows of other systems, by id, that are live under several days, projects or employees."""
    several = _where(pl.len() > 1, _live(ledger.chains), ["workday_id"])
    apart = several.unique([*WORKDAY, "workday_id"])
    twice = _where(pl.len() > 1, apart, ["workday_id"]).sort("workday_id", *WORKDAY)
    places = pl.format("{} as {} of {}", "number", NAMED, "employee").str.join(" and ")
    return told(
        twice.group_by("workday_id", maintain_order=True).agg(
            EMPLOYEE.first(), places.alias("places")
        ),
        number=EMPLOYEE,
        what=pl.format("workday with the id {}", "workday_id"),
        expected=pl.lit("on one live invoice"),
        found=pl.col("places"),
    )


def find_overfull_days(ledger: Ledger) -> pl.DataFrame:
    """Days of one employee with more live hours than a day has."""
    overfull = _where(HOURS.sum() > HOURS_OF_A_DAY, _live(ledger.chains), DAY)
    days = overfull.group_by(DAY).agg(HOURS.sum(), _numbers())
    return told(
        days.sort(DAY),
        number=EMPLOYEE,
        what=pl.format("hours billed for {}", "work_date"),
        expected=pl.lit(f"{HOURS_OF_A_DAY} at most"),
        found=pl.format("{} on {}", HOURS, "number"),
    )


def _where(condition: pl.Expr, rows: pl.DataFrame, key: list[str]) -> pl.DataFrame:
    """The groups of *rows* by *key* that meet *condition*."""
    met = rows.group_by(key).agg(condition.alias("met")).filter("met")
    return rows.join(met, on=key, how="semi", maintain_order="left")


def _live(chains: pl.DataFrame) -> pl.DataFrame:
    """The rows of invoices that no row of a credit note takes back, whatever their turns say."""
    credited = chains.filter(pl.col("document_kind") == "credit_note")
    return chains.filter(pl.col("document_kind") == "invoice").join(
        credited.select(*WORKDAY, number="credits_number"), on=[*WORKDAY, "number"], how="anti"
    )


def _numbers() -> pl.Expr:
    return pl.col("number").unique().sort().str.join(" and ")
