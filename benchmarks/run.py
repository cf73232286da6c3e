"""A whole run, from extract to commit: how it grows, what it needs, how near to its floor."""

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
from .sizes import Sizes
from .stages import Run, run_month

TEN_TIMES = 12
ABOVE_FLOOR = 1.6
ABOVE_FLOOR_WITHOUT_TRIGGERS = 3
WORTH_SHOWING = 0.01
GIB = 1024 * MIB


def growth(server: Server, sizes: Sizes) -> Measured:
    """Ten times the employees take at most twelve times as long."""
    few, many = sizes.small_month, sizes.large_month
    server.prepare("small", month_of(few))
    server.prepare("large", month_of(many))
    small: list[Run] = []
    large: list[Run] = []
    for _ in range(sizes.runs):
        small.append(_run_copy(server, "small"))
        large.append(_run_copy(server, "large"))
    claims: list[Claim] = [
        Speed(_run_of(many), _median(large), _median(small), f"{few:,} employees", TEN_TIMES),
        Memory(f"peak memory, {many:,} employees", max(run.peak for run in large), 2 * GIB),
    ]
    return Measured(claims, _stages({few: _typical(small), many: _typical(large)}))


def against_floor(server: Server, sizes: Sizes) -> Measured:
    """A run takes little longer than reading and writing the same rows under the same guards."""
    employees = sizes.medium_month
    server.prepare("medium", month_of(employees))
    with server.copy_of("medium") as url:
        statements = in_fresh_process(_statements, url)
    ours: list[Run] = []
    bare: list[float] = []
    barest: list[float] = []
    for _ in range(sizes.runs):
        with server.copy_of("medium") as billed:
            ours.append(in_fresh_process(run_month, billed))
            for seconds, triggers in ((bare, True), (barest, False)):
                with server.copy_of("medium") as fresh:
                    seconds.append(
                        in_fresh_process(repeat_bare, billed, fresh, statements, triggers=triggers)
                    )
    what = _run_of(employees)
    claims: list[Claim] = [
        Speed(what, _median(ours), median(bare), "the same COPYs out and in", ABOVE_FLOOR),
        Speed(
            what,
            _median(ours),
            median(barest),
            "the same, without our triggers",
            ABOVE_FLOOR_WITHOUT_TRIGGERS,
        ),
        Memory(f"peak memory, {employees:,} employees", max(run.peak for run in ours), GIB),
    ]
    return Measured(claims, _stages({employees: _typical(ours)}))


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
    table = Table("stage", title="Seconds of a run, by stage")
    for employees in runs:
        table.add_column(f"{employees:,}", justify="right")
    for stage in dict.fromkeys(stage for run in runs.values() for stage in run.stages):
        seconds = [run.stages.get(stage, 0) for run in runs.values()]
        if max(seconds) >= WORTH_SHOWING:
            table.add_row(stage, *(f"{taken:.2f}" for taken in seconds))
    return table
