"""Which workdays are on no live invoice: the one rule, for the run and for the report."""

from __future__ import annotations


def unbilled(within: str) -> str:
    """
    The FROM and WHERE of the unbilled workdays *within* a condition on ``work_date``.

    A workday is billed by its key, whose chain then ends on an odd turn, or by its id: an upstream
    edit may have changed either.  An id is live when it was billed once more than it was credited;
    it is looked up only for rows whose key is free, as the ledger holds years.  ``chain.turn`` is
    the last turn of the key, null if there is none.
    """
    return f"""
    FROM workday
    LEFT JOIN (
        SELECT employee_id, work_date, project_id, kind, max(turn) AS turn
        FROM invoice_workday
        WHERE {within}
        GROUP BY employee_id, work_date, project_id, kind
    ) AS chain USING (employee_id, work_date, project_id, kind)
    WHERE {within}
      AND CASE WHEN coalesce(chain.turn, 0) % 2 = 0 THEN coalesce((
          SELECT sum(billed.turn % 2 * 2 - 1)
          FROM invoice_workday AS billed WHERE billed.workday_id = workday.id
      ), 0) = 0 END
"""
