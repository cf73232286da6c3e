"""
Runs: one row per attempt, committed apart from the issue.

So a run that fails, or whose process dies, keeps its place in the history and its reason.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, case, exists, func, insert, literal, update

from chalicelib.billing.control import ControlTotals
from chalicelib.billing.period import Period
from chalicelib.billing.sharding import Shard

from .tables import billing_run, held_employee, invoice, rejected_workday

INTERRUPTED = "interrupted: its process ended early; the next run does its work"


def start_run(
    connection: Connection,
    period: Period,
    *,
    corrects: int | None = None,
    shard: Shard | None = None,
) -> int:
    """
    Open a run of *period*, of its *shard*, or one that *corrects* an invoice; its id.  Commits.

    Call it while holding the period's lock, or the shard's.
    """
    mark_interrupted(connection, period, shard)
    run_id = add_run(connection, period, corrects=corrects, shard=shard)
    connection.commit()
    return run_id


def add_run(
    connection: Connection,
    period: Period,
    *,
    corrects: int | None = None,
    shard: Shard | None = None,
) -> int:
    """The id of a new run, in the caller's transaction."""
    part = {"shard": shard.index, "shards": shard.count} if shard else {}
    run_id: int = connection.execute(
        insert(billing_run)
        .values(period=period.start, status="running", corrects_invoice_id=corrects, **part)
        .returning(billing_run.c.id)
    ).scalar_one()
    return run_id


def mark_interrupted(connection: Connection, period: Period, shard: Shard | None = None) -> None:
    """
    Mark what still says ``running`` as failed.

    Call it while holding the period's lock, or the shard's: nobody can be at work there, so it is
    dead.  One that issued something all the same, which no program of ours does, stays as it is:
    it is for `verify` to name, and keeps no later run from its work.
    """
    dead = [billing_run.c.period == period.start, billing_run.c.status == "running"]
    dead += [
        ~exists().where(table.c.run_id == billing_run.c.id)
        for table in (invoice, rejected_workday, held_employee)
    ]
    if shard:
        dead.append(billing_run.c.shard == shard.index)
    connection.execute(
        update(billing_run)
        .where(*dead)
        .values(status="failed", finished_at=func.clock_timestamp(), failure=INTERRUPTED)
    )


def finish_run(connection: Connection, run_id: int, control: ControlTotals) -> None:
    """
    Close a run with its control totals, inside the transaction that issues.

    A correction always issues: a credit note, if nothing else.
    """
    issues = billing_run.c.corrects_invoice_id.is_not(None) | literal(control.billed.rows > 0)
    connection.execute(
        update(billing_run)
        .where(billing_run.c.id == run_id)
        .values(
            status=case((issues, "issued"), else_="empty"),
            finished_at=func.clock_timestamp(),
            **_totals(control),
        )
    )


def fail_run(connection: Connection, run_id: int, failure: str) -> None:
    """
    Close a run that issued nothing, with what stopped it.  Commits.

    A run that is over stays as it is: its commit may have succeeded and only the answer been lost.
    """
    connection.execute(
        update(billing_run)
        .where(billing_run.c.id == run_id, billing_run.c.status == "running")
        .values(status="failed", finished_at=func.clock_timestamp(), failure=failure)
    )
    connection.commit()


def _totals(control: ControlTotals) -> Mapping[str, object]:
    sides = ("extracted", "billed", "rejected", "held")
    rows = {f"{side}_rows": getattr(control, side).rows for side in sides}
    hours = {f"{side}_hours": getattr(control, side).hours for side in sides}
    return rows | hours
