"""
The wheels that ship: as published, for Lambda's Linux, whatever this machine runs.

Lambda's Python 3.11 runs on Amazon Linux 2, whose C library is glibc 2.26; a wheel may ask for no
newer one.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from email.message import Message
from email.parser import Parser
from functools import cache
from itertools import chain
from pathlib import Path, PurePosixPath
from zipfile import BadZipFile, ZipFile

from packaging.requirements import Requirement
from packaging.tags import Tag, compatible_tags, cpython_tags, parse_tag
from packaging.utils import InvalidWheelFilename, NormalizedName, parse_wheel_filename
from packaging.version import Version

from chalicelib.billing.errors import BillingError

from .interpreter import DOTTED, VERSION

ABI = "cp{}{}".format(*VERSION)
NEWEST_GLIBC = (2, 26)
PLATFORMS = (
    *(f"manylinux_2_{minor}_x86_64" for minor in range(NEWEST_GLIBC[1], 4, -1)),
    "manylinux2014_x86_64",
    "manylinux2010_x86_64",
    "manylinux1_x86_64",
)
# A compiled file names the versions of the C library's symbols that it uses.
ASKED_OF_GLIBC = re.compile(rb"GLIBC_2\.(\d+)")
NOT_FOUND = re.compile(r"No matching distribution found for (\S+)")


class NoWheel(BillingError):
    """No wheel is published that Lambda can load."""

    def __init__(self, requirement: str) -> None:
        self.requirement = requirement
        super().__init__(
            f"{requirement} has no wheel for Python 3.11 on x86_64 Linux with glibc 2.26;"
            " pin a version in requirements.txt that has one"
        )


class FetchFailed(BillingError):
    """pip refused."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the wheels could not be fetched: {reason}")


class WheelRefused(BillingError):
    """A wheel that Lambda could not load, or that is not as published."""

    def __init__(self, wheel: str, reason: str) -> None:
        self.wheel = wheel
        super().__init__(f"{wheel} {reason}")


@dataclass(frozen=True, slots=True)
class Wheel:
    """
    A wheel that Lambda can load.

    Attributes:
        requires: What it says it needs, under whatever conditions.
    """

    path: Path
    name: NormalizedName
    version: Version
    requires: tuple[Requirement, ...]


def fetch(requirements: Path, folder: Path) -> list[Wheel]:
    """
    Download what *requirements* pins, and nothing that it does not.

    Raises:
        NoWheel: If there is no wheel of a pin for Lambda; nothing is ever built from source.
        FetchFailed: Quoting pip.
        WheelRefused: See `read`.
    """
    finished = subprocess.run(  # noqa: S603 -- our own interpreter
        [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check",
         "--no-deps", "--only-binary=:all:", "--implementation=cp",
         f"--python-version={DOTTED}",
         *(f"--platform={platform}" for platform in PLATFORMS),
         "--dest", str(folder), "--requirement", str(requirements)],
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if finished.returncode:
        raise _refusal(finished.stderr)
    return [read(path) for path in sorted(folder.glob("*.whl"))]


def _refusal(said: str) -> BillingError:
    if missing := NOT_FOUND.search(said):
        return NoWheel(missing[1])
    errors = [line for line in said.splitlines() if line.startswith("ERROR")] or said.splitlines()
    return FetchFailed(errors[-1] if errors else "pip gave no reason")


def read(path: Path) -> Wheel:
    """
    Check a wheel before it is unpacked.

    Raises:
        WheelRefused: If it is for another platform or a newer C library, was built on some machine
            instead of published, says one thing outside and another inside, or is damaged.
    """
    try:
        name, version, _, tags = parse_wheel_filename(path.name)
        with ZipFile(path) as archive:
            metadata, inside = _headers(archive, "METADATA"), _headers(archive, "WHEEL")
            compiled = list(filter(_is_compiled, archive.namelist()))
            glibc = max(chain.from_iterable(_asked(archive, file) for file in compiled), default=0)
    except (InvalidWheelFilename, BadZipFile, StopIteration) as error:
        raise WheelRefused(path.name, "is not a valid wheel; download it again") from error
    _check_platform(path.name, tags)
    _check_honest(path.name, tags, inside, compiled)
    if glibc > NEWEST_GLIBC[1]:
        raise WheelRefused(
            path.name, f"needs glibc 2.{glibc}, but Lambda has 2.26; pin another version"
        )
    requires = metadata.get_all("Requires-Dist", [])
    return Wheel(path, name, version, tuple(Requirement(line) for line in requires))


def _headers(archive: ZipFile, file: str) -> Message:
    entries = (entry for entry in archive.namelist() if entry.endswith(f".dist-info/{file}"))
    return Parser().parsestr(archive.read(next(entries)).decode())


def _is_compiled(file: str) -> bool:
    return ".so" in PurePosixPath(file).suffixes


def _asked(archive: ZipFile, file: str) -> list[int]:
    """The minor versions of glibc that a compiled *file* names."""
    return [int(minor) for minor in ASKED_OF_GLIBC.findall(archive.read(file))]


def _check_platform(wheel: str, tags: frozenset[Tag]) -> None:
    platforms = {tag.platform for tag in tags}
    if "linux_x86_64" in platforms:
        raise WheelRefused(
            wheel,
            "was built from source and may not load in Lambda;"
            " pin a version that is published as a manylinux wheel",
        )
    if not tags & _loadable():
        raise WheelRefused(
            wheel,
            f"is for {', '.join(sorted(platforms))}, which Lambda's Python 3.11 cannot load"
            " (x86_64, glibc 2.26); pin a version with a manylinux2014 wheel",
        )


def _check_honest(wheel: str, tags: frozenset[Tag], inside: Message, compiled: list[str]) -> None:
    """A renamed wheel still states its platform inside; a pure one has no compiled files."""
    stated = set(chain.from_iterable(parse_tag(line) for line in inside.get_all("Tag", [])))
    if stated.isdisjoint(_loadable()):
        raise WheelRefused(
            wheel, f"is for {_platforms(stated)}, as its own files say; download it again"
        )
    if compiled and {tag.platform for tag in tags} == {"any"}:
        raise WheelRefused(
            wheel, f"is named for any platform but contains {compiled[0]}; pin another version"
        )


def _platforms(tags: set[Tag]) -> str:
    return ", ".join(sorted({tag.platform for tag in tags})) or "nothing"


@cache
def _loadable() -> frozenset[Tag]:
    """What Lambda's Python can load."""
    return frozenset(
        chain(
            cpython_tags(VERSION, abis=[ABI], platforms=PLATFORMS),
            compatible_tags(VERSION, ABI, PLATFORMS),
        )
    )
