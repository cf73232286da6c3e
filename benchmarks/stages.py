"""One run of the month, extract to committed, with the time of each stage."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from time import perf_counter

from sqlalchemy import Connection

from chalicelib.billing.month import draft_month
from chalicelib.billing.payer import Payer
from chalicelib.documents.pdf.coverage import unprintable
from chalicelib.steps.run import extract_month
from chalicelib.store.connection import engine, period_lock
from chalicelib.store.issuing import Issue, issue
from chalicelib.store.runs import start_run

from .data import PERIOD
from .processes import peak_memory
from .watching import Watch

NOW = datetime(2026, 11, 2, 6, tzinfo=UTC)
PAYER = Payer("Example Holding Ltd", "1 High Street\nLondon", "GB123456789", "GB", 30)


@dataclass(frozen=True, slots=True)
class Run:
    """
    What one run took.

    Attributes:
        seconds: From the first statement of the extraction to the end of the commit.
        stages: The same seconds by stage, in order; an indented one is part of the one above.
        peak: The most memory its process ever had, in bytes.
    """

    seconds: float
    stages: dict[str, float]
    peak: int


def run_month(url: str) -> Run:
    """Bill the month in the database at *url*, as `steps.bill_month` does, without AWS."""
    with period_lock(engine(url), PERIOD) as connection:
        run_id = start_run(connection, PERIOD)
        started = perf_counter()
        stages = _bill(connection, run_id)
        seconds = perf_counter() - started
    return Run(seconds, stages, peak_memory())


def _bill(connection: Connection, run_id: int) -> dict[str, float]:
    watch = Watch(connection)
    common = Issue(run_id, PERIOD, NOW, NOW.date(), PAYER)
    with watch.timed("extract"):
        snapshot = extract_month(connection, PERIOD)
    extracting = _parts(watch, "extract")
    with watch.timed("draft"):
        draft = draft_month(snapshot, issued_on=NOW.date(), unprintable=unprintable)
    drafting = _parts(watch, "draft")
    with connection.begin() as transaction:
        with watch.timed("issue"):
            issue(connection, draft, snapshot, common)
        issuing = _parts(watch, "issue")
        with watch.timed("commit"):
            transaction.commit()
    return extracting | drafting | issuing | _parts(watch, "commit")


def _parts(watch: Watch, stage: str) -> dict[str, float]:
    """The time of *stage*, of its statements, and of what is left: our own work in Python."""
    whole = watch.seconds.pop(stage)
    statements = {f"  {name}": seconds for name, seconds in watch.seconds.items()}
    own = whole - sum(watch.seconds.values())
    watch.seconds.clear()
    return {stage: whole} | statements | ({f"  in Python, to {stage}": own} if statements else {})
