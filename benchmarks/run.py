"""The whole run, extract to committed: how it grows, what it needs, how far from its floor."""

from __future__ import annotations

from statistics import median

from rich.table import Table

from chalicelib.store.connection import engine

from .claims import MIB, Claim, Measured, Memory, Speed
from .data import DAYS, month_of
from .extraction import statements_of_extract
from .floor import repeat_bare
from .processes import in_fresh_process
from .server import Server
from .stages import Run, run_month

SMALL, MEDIUM, LARGE = 5_000, 6_000, 50_000
REPEATS = 3
TEN_TIMES = 12
ABOVE_FLOOR = 3
WORTH_SHOWING = 0.01
GIB = 1024 * MIB


def growth(server: Server) -> Measured:
    """Ten times the people, at most twelve times the seconds."""
    server.prepare("small", month_of(SMALL))
    server.prepare("large", month_of(LARGE))
    small: list[Run] = []
    large: list[Run] = []
    for _ in range(REPEATS):
        small.append(_run_copy(server, "small"))
        large.append(_run_copy(server, "large"))
    claims: list[Claim] = [
        Speed(_run_of(LARGE), _median(large), _median(small), f"{SMALL:,} employees", TEN_TIMES),
        Memory(f"peak memory, {LARGE:,} employees", max(run.peak for run in large), 2 * GIB),
    ]
    return Measured(claims, _stages({SMALL: _typical(small), LARGE: _typical(large)}))


def against_floor(server: Server) -> Measured:
    """The same rows out and in with nothing between, and a run's distance from that."""
    server.prepare("medium", month_of(MEDIUM))
    with server.copy_of("medium") as url:
        statements = in_fresh_process(_statements, url)
    ours: list[Run] = []
    bare: list[float] = []
    barest: list[float] = []
    for _ in range(REPEATS):
        with server.copy_of("medium") as billed:
            ours.append(in_fresh_process(run_month, billed))
            for seconds, triggers in ((bare, True), (barest, False)):
                with server.copy_of("medium") as fresh:
                    seconds.append(
                        in_fresh_process(repeat_bare, billed, fresh, statements, triggers=triggers)
                    )
    what = _run_of(MEDIUM)
    claims: list[Claim] = [
        Speed(what, _median(ours), median(bare), "the same COPYs out and in", ABOVE_FLOOR),
        Speed(what, _median(ours), median(barest), "those without our triggers", ABOVE_FLOOR),
        Memory(f"peak memory, {MEDIUM:,} employees", max(run.peak for run in ours), GIB),
    ]
    return Measured(claims, _stages({MEDIUM: _typical(ours)}))


def _run_copy(server: Server, template: str) -> Run:
    with server.copy_of(template) as url:
        return in_fresh_process(run_month, url)


def _statements(url: str) -> list[str]:
    with engine(url).connect() as connection:
        return statements_of_extract(connection)


def _run_of(employees: int) -> str:
    return f"run of {employees:,} x {DAYS}"


def _median(runs: list[Run]) -> float:
    return median(run.seconds for run in runs)


def _typical(runs: list[Run]) -> Run:
    """The one of middling length, whose stages add up to its own seconds."""
    return sorted(runs, key=lambda run: run.seconds)[len(runs) // 2]


def _stages(runs: dict[int, Run]) -> Table:
    table = Table("stage", title="Where the seconds of a run go")
    for employees in runs:
        table.add_column(f"{employees:,}", justify="right")
    for stage in dict.fromkeys(stage for run in runs.values() for stage in run.stages):
        seconds = [run.stages.get(stage, 0) for run in runs.values()]
        if max(seconds) >= WORTH_SHOWING:
            table.add_row(stage, *(f"{taken:.2f}" for taken in seconds))
    return table
