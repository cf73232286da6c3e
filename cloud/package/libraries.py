"""
A wheel as it ships: unpacked, without the files for building and testing, sources as bytecode.

With sources beside their bytecode the billing zip would not fit into Lambda; a traceback still
names file, line and function.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path, PurePosixPath
from zipfile import ZipFile

from chalicelib.billing.errors import BillingError

from .interpreter import interpreter

# Where Lambda unpacks a zip.
TASK = "/var/task"
# Sources of compiled modules, types for checkers, and the testing kits of libraries.
NOT_SHIPPED = frozenset({".c", ".cpp", ".h", ".pxd", ".pyi", ".pyx"})
TESTING = frozenset({"testing", "tests"})
# importlib.metadata reads these; licences go where their code goes.
DISTRIBUTION = frozenset({"METADATA", "entry_points.txt", "licenses"})
INSTALLED = ("purelib", "platlib")


class NotCompiled(BillingError):
    """A module cannot be compiled."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the bytecode could not be written: {reason}")


def unpack(wheel: Path, folder: Path) -> None:
    """Put what ships of *wheel* into *folder*, as pip would lay it out, sources as they are."""
    with ZipFile(wheel) as archive:
        for entry in archive.infolist():
            place = _place(PurePosixPath(entry.filename))
            if not entry.is_dir() and place is not None and ships(place):
                target = folder / place
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(entry) as content, target.open("wb") as file:
                    shutil.copyfileobj(content, file)


def ships(file: PurePosixPath) -> bool:
    """Whether a function could miss *file*, relative to where its library is installed."""
    top, *rest = file.parts
    if top.endswith(".dist-info"):
        return rest[0] in DISTRIBUTION
    return file.suffix not in NOT_SHIPPED and TESTING.isdisjoint(file.parts[:-1])


def _place(entry: PurePosixPath) -> PurePosixPath | None:
    """Where an installer would put it; None for scripts, headers and manual pages."""
    top, *rest = entry.parts
    if not top.endswith(".data"):
        return entry
    return PurePosixPath(*rest[1:]) if rest and rest[0] in INSTALLED else None


def replace_sources(folder: Path) -> None:
    """
    Put bytecode in the place of every source below *folder*.

    Raises:
        NotCompiled: Naming the first file that is no Python 3.11.
        NoInterpreter: If there is no Python 3.11 to compile with.
    """
    _compile(folder, "-b")
    for source in folder.rglob("*.py"):
        source.unlink()


def add_bytecode(folder: Path) -> None:
    """
    Put bytecode beside every source below *folder*; no Python will ever compare the two.

    Raises:
        NotCompiled: Naming the first file that is no Python 3.11.
        NoInterpreter: If there is no Python 3.11 to compile with.
    """
    _compile(folder)


def _compile(folder: Path, *options: str) -> None:
    """
    In a process of its own: what a compiler did before shows in what it writes, and so does the
    seed of its hashes.
    """
    finished = subprocess.run(  # noqa: S603 -- a Python of Lambda's version
        [interpreter(), "-s", "-m", "compileall", "-q", "-f", *options,
         "--invalidation-mode", "unchecked-hash", "-s", str(folder), "-p", TASK, str(folder)],
        env={**os.environ, "PYTHONHASHSEED": "0", "PYTHONWARNINGS": "ignore"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if finished.returncode:
        said = (finished.stdout + finished.stderr).strip().splitlines()
        raise NotCompiled(said[0] if said else f"exit code {finished.returncode}")
