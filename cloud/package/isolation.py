"""Run functions from their unpacked zips, with only what Lambda has around them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from chalicelib.billing.errors import BillingError

from . import inside
from .interpreter import interpreter
from .kinds import RUNTIME

SECONDS = 300


class CallFailed(BillingError):
    """A function ended with an error."""

    def __init__(self, handler: str, said: str) -> None:
        self.said = said
        super().__init__(f"{handler} failed in its unpacked zip: {said.splitlines()[-1]}")


@dataclass(frozen=True, slots=True)
class Call:
    """
    One call of one function in a process of its own.

    Attributes:
        peak_bytes: The most memory that process had.
        elsewhere: Files it loaded from outside its zip, Lambda's own libraries and Python.
    """

    answer: Any
    import_seconds: float
    call_seconds: float
    peak_bytes: int
    elsewhere: list[str]


def call(
    code: Path, runtime: Path, handler: str, event: object, environment: Mapping[str, str]
) -> Call:
    """
    Call *handler* of the zip unpacked in *code*.

    Args:
        runtime: Made by `lay_out_runtime`.
        handler: As the template names it: ``app.bill_month``.
        environment: All that the function sees.

    Raises:
        CallFailed: With the last line of its traceback; the whole is in ``said``.
    """
    finished = subprocess.run(  # noqa: S603 -- a Python of Lambda's version
        [interpreter(), "-I", "-S", inside.__file__, str(code), str(runtime), handler],
        input=json.dumps(event), env=dict(environment), cwd=code,
        capture_output=True, text=True, timeout=SECONDS, check=False,
    )  # fmt: skip
    if finished.returncode:
        raise CallFailed(handler, finished.stderr.strip() or f"exit code {finished.returncode}")
    return Call(**json.loads(finished.stdout.splitlines()[-1]))


def lay_out_runtime(folder: Path) -> None:
    """Link into *folder* what Lambda's runtime has beside Python."""
    for name in RUNTIME:
        files = distribution(name).files or []
        for top in {file.parts[0] for file in files} - {"..", "__pycache__"}:
            place = Path(str(distribution(name).locate_file(top)))
            (folder / top).symlink_to(place, target_is_directory=place.is_dir())
