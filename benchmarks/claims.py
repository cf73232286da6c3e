"""Claims about speed and memory: each against a floor or a limit that it names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import Literal, NamedTuple

from rich.table import Table

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True, slots=True)
class Speed:
    """Seconds of ours, at most so many times the seconds of a floor."""

    what: str
    ours: float
    floor: float
    floor_is: str
    at_most: float

    @property
    def ratio(self) -> float:
        return self.ours / self.floor

    @property
    def met(self) -> bool:
        return self.ratio <= self.at_most

    def cells(self) -> list[str]:
        return [
            self.what,
            f"{self.ours:.3g} s",
            f"{self.floor:.3g} s",
            self.floor_is,
            f"{self.ratio:.2f}",
            f"≤ {self.at_most:.3g}",
        ]


@dataclass(frozen=True, slots=True)
class Memory:
    """The peak of a process, under a limit; both in bytes."""

    what: str
    peak: int
    under: int

    @property
    def met(self) -> bool:
        return self.peak < self.under

    def cells(self) -> list[str]:
        peak, under = f"{self.peak / MIB:,.0f} MiB", f"< {self.under / MIB:,.0f} MiB"
        return [self.what, peak, "", "", "", under]


@dataclass(frozen=True, slots=True)
class Size:
    """The bytes of a file, at most so many."""

    what: str
    size: int
    at_most: int

    @property
    def met(self) -> bool:
        return self.size <= self.at_most

    def cells(self) -> list[str]:
        size, at_most = f"{self.size / KIB:,.1f} KiB", f"≤ {self.at_most / KIB:,.0f} KiB"
        return [self.what, size, "", "", "", at_most]


Claim = Speed | Memory | Size

HEADINGS: tuple[tuple[str, Literal["left", "right"]], ...] = (
    ("ours", "right"),
    ("floor", "right"),
    ("the floor is", "left"),
    ("ratio", "right"),
    ("target", "right"),
)


class Measured(NamedTuple):
    """What a benchmark found; `stages` shows where the time went."""

    claims: list[Claim]
    stages: Table | None = None


def as_table(claims: Sequence[Claim], *, judged: bool = True) -> Table:
    """A line for each claim, *judged* as met or missed."""
    table = Table("what", title="Claims")
    for heading, justify in HEADINGS:
        table.add_column(heading, justify=justify)
    if judged:
        table.add_column("verdict")
    for claim in claims:
        verdict = "[green]met[/]" if claim.met else "[bold red]MISSED[/]"
        table.add_row(*claim.cells(), *([verdict] if judged else []))
    return table


def interleaved(repeats: int, *actions: Callable[[], object]) -> list[float]:
    """
    Time each action *repeats* times, in turn, so that a slow minute slows them all.

    Returns:
        The median seconds of each.
    """
    seconds: list[list[float]] = [[] for _ in actions]
    for _ in range(repeats):
        for action, measured in zip(actions, seconds, strict=True):
            started = perf_counter()
            action()
            measured.append(perf_counter() - started)
    return [median(measured) for measured in seconds]
