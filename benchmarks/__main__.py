"""
Claims about speed, measured side by side.

    python -m benchmarks [extraction | history | growth | floor | api | listing | drain |
                          rendering | functions]

The machine's speed cancels out: each claim is a ratio to a floor measured in the same minutes.
A claim that is missed is shown as such; the exit code says only whether it all ran.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

from rich.console import Console

from . import api, drain, extraction, functions, listing, rendering, run
from .claims import Claim, Measured, as_table
from .server import Server, temporary_server

BENCHMARKS: dict[str, Callable[[Server], Measured]] = {
    "extraction": extraction.against_draining,
    "history": extraction.behind_a_year,
    "growth": run.growth,
    "floor": run.against_floor,
    "api": api.cold_and_warm,
    "listing": listing.out_of_a_million,
    "drain": drain.against_rendering,
    "rendering": rendering.against_peers,
    "functions": functions.from_their_zips,
}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure claims.")
    parser.add_argument("benchmark", nargs="?", choices=BENCHMARKS, help="all of them if not given")
    only = parser.parse_args(arguments).benchmark
    console = Console()
    claims: list[Claim] = []
    with temporary_server() as server:
        for name in [only] if only else BENCHMARKS:
            console.print(f"measuring {name} …", style="dim")
            measured = BENCHMARKS[name](server)
            claims += measured.claims
            if measured.stages:
                console.print(measured.stages)
    console.print(as_table(claims))


if __name__ == "__main__":
    main()
