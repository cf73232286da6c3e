"""Deliveries: each document has one, and its history leads by allowed steps to its status."""

from __future__ import annotations

import polars as pl

from chalicelib.billing.issued import Ledger
from chalicelib.billing.statuses import ON_THEIR_WAY, TRANSITIONS

from .differences import told

NEW = "new"
STEP = pl.format("{} → {}", "from_status", "to_status")
ALLOWED = pl.DataFrame(
    [(before, after) for before, following in TRANSITIONS.items() for after in following],
    {"from_status": pl.String, "to_status": pl.String},
    orient="row",
)
STATUSES = ALLOWED.columns


def find_missing(ledger: Ledger) -> pl.DataFrame:
    """Documents that no delivery takes to anybody."""
    return told(
        ledger.issued.documents.join(
            ledger.deliveries, on="number", how="anti", maintain_order="left"
        ),
        what=pl.lit("delivery"),
        expected=pl.lit("there"),
    )


def compare_histories(ledger: Ledger) -> pl.DataFrame:
    """Histories that do not begin as new, skip a step, or end elsewhere than their delivery."""
    before = pl.col("to_status").shift().over("delivery_id").fill_null(NEW)
    steps = ledger.steps.sort("delivery_id", "event_id").with_columns(before=before)
    histories = steps.group_by("delivery_id", maintain_order=True).agg(
        unbroken=(pl.col("from_status") == pl.col("before")).all(),
        last=pl.col("to_status").last(),
        steps=STEP.str.join(", "),
    )
    led = ledger.deliveries.join(histories, on="delivery_id", how="left", maintain_order="left")
    right = pl.col("unbroken").fill_null(value=False) & pl.col("last").eq_missing(pl.col("status"))
    return told(
        led.filter(~right),
        what=pl.format("history of delivery {}", "delivery_id"),
        expected=pl.format("steps from new to {}", "status"),
        found=pl.col("steps"),
    )


def find_forbidden_steps(ledger: Ledger) -> pl.DataFrame:
    """Steps that no delivery may take, whatever the table of transitions says."""
    owners = ledger.deliveries.select("delivery_id", "number")
    forbidden = ledger.steps.join(ALLOWED, on=STATUSES, how="anti", maintain_order="left")
    return told(
        forbidden.join(owners, on="delivery_id", maintain_order="left"),
        what=pl.format("history of delivery {}", "delivery_id"),
        expected=pl.lit("of allowed steps"),
        found=STEP,
    )


def find_two_on_their_way(ledger: Ledger) -> pl.DataFrame:
    """Documents that would be emailed twice."""
    waiting = ledger.deliveries.filter(pl.col("status").is_in(ON_THEIR_WAY))
    return told(
        waiting.group_by("number").len().filter(pl.col("len") > 1).sort("number"),
        what=pl.lit("deliveries on their way"),
        expected=pl.lit("1 at most"),
        found=pl.col("len").cast(pl.String),
    )


def compare_transitions(ledger: Ledger) -> pl.DataFrame:
    """The table of transitions, which the triggers go by, against the program's own."""
    known = ledger.transitions
    table = pl.lit("delivery_transition")
    lost = ALLOWED.join(known, on=STATUSES, how="anti", maintain_order="left")
    added = known.join(ALLOWED, on=STATUSES, how="anti", maintain_order="left")
    return pl.concat(
        [
            told(lost, number=table, what=STEP, expected=pl.lit("there")),
            told(added, number=table, what=STEP, found=pl.lit("a row of it")),
        ]
    )
