"""Numbering: one unbroken series per employee."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, text

# One statement locks the rows in the order of the array, so that two runs cannot deadlock.
TAKE = text("""
    INSERT INTO invoice_series AS taken (series, last_sequence)
    SELECT unnest(CAST(:series AS text[])), 1
    ON CONFLICT (series) DO UPDATE SET last_sequence = taken.last_sequence + 1
    RETURNING series, last_sequence
""")


def take_sequences(connection: Connection, series: Sequence[str]) -> dict[str, int]:
    """
    Take the next number of each of *series*.

    Call it inside the transaction that inserts the invoices.  The rows stay locked until that
    transaction ends, so a rollback gives the numbers back and leaves no gap.

    Returns:
        The sequence taken, by series.
    """
    taken = connection.execute(TAKE, {"series": sorted(series)})
    return {row.series: row.last_sequence for row in taken}


def number(series: str, sequence: int) -> str:
    """How a number is written: ``E198-0001``; more digits once four are used up."""
    return f"{series}-{sequence:04d}"
