"""
Verification: recompute what was issued from the workdays behind it, and trust nothing else.

Neither the ledger's own sums nor its constraints, indexes and triggers are taken for granted: each
rule reads plain rows and works out again what the database should have refused.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import polars as pl

from chalicelib.billing.issued import Ledger

from . import chains, deliveries, documents, references, runs, series
from .differences import differences
from .guards import compare_guards

__all__ = ["compare_guards", "differences", "verify"]

# Each gives a `Difference` of what it finds.
RULES: Final[tuple[Callable[[Ledger], pl.DataFrame], ...]] = (
    documents.compare_kinds,
    documents.compare_sums,
    documents.find_repeated_lines,
    documents.find_unknown_kinds,
    documents.find_mixed_lines,
    documents.find_split_lines,
    documents.find_credits_of_nothing,
    documents.compare_credits,
    chains.find_broken_turns,
    chains.find_wrong_sides,
    chains.compare_credited_turns,
    chains.find_double_billing,
    chains.find_workdays_billed_twice,
    chains.find_overfull_days,
    series.find_gaps,
    series.compare_last_numbers,
    series.find_shared_series,
    series.find_repeated_credits,
    series.find_dates_that_went_back,
    runs.compare_billed,
    runs.compare_sums,
    runs.compare_rejected,
    runs.compare_held,
    runs.compare_origins,
    deliveries.find_missing,
    deliveries.compare_histories,
    deliveries.find_forbidden_steps,
    deliveries.find_two_on_their_way,
    deliveries.compare_transitions,
    references.find_orphans,
    references.find_repeats,
)


def verify(ledger: Ledger) -> pl.DataFrame:
    """
    Recompute everything and compare.

    Returns:
        `Difference`, by number; empty if the ledger is right.
    """
    found = [rule(ledger) for rule in RULES]
    return pl.concat(found).sort("number", maintain_order=True)
