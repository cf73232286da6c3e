"""
Call one function as Lambda would, in an interpreter that has only its zip.

    python -I -S inside.py CODE RUNTIME app.bill_month  < event.json

Standard library only: whatever else is loaded comes from the zip or is Lambda's own.  Linux only,
as the wheels in the zips are.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from time import perf_counter
from typing import Any

SECONDS_LEFT = 900


class Context:
    """The part of Lambda's context that our functions use."""

    aws_request_id = "00000000-0000-0000-0000-000000000000"
    function_name = "isolated"

    def get_remaining_time_in_millis(self) -> int:
        return SECONDS_LEFT * 1000


def main(code: str, runtime: str, handler: str) -> None:
    """Print the handler's answer, its time and memory, and modules loaded from elsewhere."""
    event = json.load(sys.stdin)
    sys.path[:0] = [code, runtime]
    started = perf_counter()
    module, _, name = handler.rpartition(".")
    function = getattr(import_module(module), name)
    imported = perf_counter()
    answer = function(event, Context())
    done = perf_counter()
    found = {
        "answer": answer,
        "import_seconds": imported - started,
        "call_seconds": done - imported,
        "peak_bytes": peak_memory(),
        "elsewhere": elsewhere((code, runtime, sys.base_prefix)),
    }
    print(json.dumps(found, default=str))  # noqa: T201 -- its one result


def elsewhere(known: tuple[str, ...]) -> list[str]:
    """Files of loaded modules that are in none of the *known* folders."""
    files: list[Any] = [getattr(module, "__file__", None) for module in sys.modules.values()]
    return sorted({file for file in files if file and not file.startswith((*known, __file__))})


def peak_memory() -> int:
    """
    The most memory this process ever had, in bytes.

    Not of getrusage: on Linux that begins with what the parent had when it started us.
    """
    with open("/proc/self/status", encoding="ascii") as status:  # noqa: PTH123 -- quick to load
        [line] = (line for line in status if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    main(*sys.argv[1:])
