"""
Claims about speed and memory, measured side by side.

    python -m benchmarks [--small] [BENCHMARK]

The machine's speed cancels out: each claim about speed is a ratio to a floor measured in the same
minutes.  The table says which claims are missed; the exit code says only whether everything ran.
`--small` shows in a minute or two that every benchmark runs, and says nothing about the claims.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from rich.console import Console

from . import api, drain, extraction, functions, listing, rendering, run, shards
from .claims import Claim, Measured, as_table
from .server import Server, temporary_server
from .sizes import FULL, SMALL, Sizes

BENCHMARKS: dict[str, Callable[[Server, Sizes], Measured]] = {
    "extraction": extraction.against_draining,
    "history": extraction.behind_a_year,
    "growth": run.growth,
    "shards": shards.beside_the_whole,
    "floor": run.against_floor,
    "api": api.cold_and_warm,
    "listing": listing.out_of_a_million,
    "drain": drain.against_rendering,
    "rendering": rendering.against_peers,
    "functions": functions.from_their_zips,
}
# A pipe or a file has no width of its own; with 80 columns every claim would take four lines.
UNBOUND = 150


def main(arguments: Sequence[str] | None = None) -> None:
    asked = _parser().parse_args(arguments)
    console = Console(width=None if sys.stdout.isatty() else UNBOUND)
    claims: list[Claim] = []
    with temporary_server() as server:
        for name in [asked.benchmark] if asked.benchmark else BENCHMARKS:
            console.print(f"Measuring {name}…", style="dim")
            measured = BENCHMARKS[name](server, SMALL if asked.small else FULL)
            claims += measured.claims
            if measured.stages:
                console.print(measured.stages)
    console.print(as_table(claims, judged=not asked.small))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure claims about speed and memory.",
    )
    parser.add_argument(
        "benchmark", nargs="?", choices=BENCHMARKS, help="the one to run (default: all)"
    )
    parser.add_argument(
        "--small",
        action="store_true",
        help="run at a small size, only to see that it works; claims are not judged",
    )
    return parser


if __name__ == "__main__":
    main()
