"""What drift is found from: live lineage, the workdays behind it as they are now, the rates."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl
from sqlalchemy import Connection

from chalicelib.billing.corrections import find_drift
from chalicelib.billing.period import Period
from chalicelib.billing.schemas import CurrentWorkday, LiveWorkday, Rate, dtypes

from .extraction import copy_frame

LIVE = """
    SELECT invoice_id, workday_id, live_workday.employee_id, work_date, project_id,
           live_workday.kind, hours, unit_rate
    FROM live_workday JOIN invoice ON invoice.id = invoice_id
    WHERE {condition}
"""

# A workday is found by its key or by its id, whichever an edit has left alone; but one that now
# has the key of a workday billed elsewhere belongs there.
CURRENT = """
    WITH billed AS ({live})
    SELECT billed.invoice_id, workday.id AS workday_id, workday.employee_id, workday.work_date,
           workday.project_id, workday.kind, workday.hours
    FROM billed JOIN workday ON workday.id = billed.workday_id
    WHERE NOT EXISTS (
        SELECT FROM live_workday AS elsewhere
        WHERE elsewhere.employee_id = workday.employee_id
          AND elsewhere.work_date = workday.work_date
          AND elsewhere.project_id = workday.project_id
          AND elsewhere.kind = workday.kind
          AND elsewhere.invoice_id <> billed.invoice_id
    )
    UNION
    SELECT billed.invoice_id, workday.id AS workday_id, workday.employee_id, workday.work_date,
           workday.project_id, workday.kind, workday.hours
    FROM billed JOIN workday USING (employee_id, work_date, project_id, kind)
"""

RATES = """
    SELECT employee_id, valid_from, hourly_rate, overtime_multiplier
    FROM rate WHERE employee_id IN (SELECT employee_id FROM invoice WHERE {condition})
"""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which invoices to look at: an SQL condition on ``invoice``, and its value."""

    condition: str
    value: object

    @classmethod
    def period(cls, period: Period) -> Scope:
        return cls("invoice.period = {value}", period.start)

    @classmethod
    def invoice(cls, invoice_id: int) -> Scope:
        return cls("invoice.id = {value}", invoice_id)


def drift(connection: Connection, scope: Scope) -> pl.DataFrame:
    """
    The `schemas.Drift` of the live invoices in *scope*.

    Call it in a transaction; reads only.
    """
    live = LIVE.replace("{condition}", scope.condition)
    queries = (
        (live, LiveWorkday),
        (CURRENT.replace("{live}", live), CurrentWorkday),
        (RATES.replace("{condition}", scope.condition), Rate),
    )
    billed, current, rates = (
        copy_frame(connection, query, dtypes(model), {"value": scope.value})
        for query, model in queries
    )
    return find_drift(billed, current, rates)
