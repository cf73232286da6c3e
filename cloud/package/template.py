"""The template that chalice generates, with ours merged in, and the code of all functions."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from chalicelib.billing.errors import BillingError
from cloud.project import inherited

SHIPPED = ("app.py", "chalicelib", ".chalice")
TEMPLATE = "sam.yaml"
CODE = "deployment.zip"
# Chalice asks for a region; what it generates names none.
ANY_REGION = "us-east-1"


class PackagingFailed(BillingError):
    """``chalice package`` refused the project."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the project could not be packaged: {reason}")


class UnknownStage(BillingError):
    """The stage is not configured; Chalice would package it with its own defaults."""

    def __init__(self, stage: str, known: list[str]) -> None:
        self.stage = stage
        super().__init__(
            f"there is no stage {stage}; use one in .chalice/config.json: {', '.join(known)}"
        )


def generate(source: Path, stage: str, work: Path, target: Path) -> None:
    """
    Run ``chalice package`` on *source*, without its dependencies.

    Args:
        source: The project's folder.
        stage: One of ``.chalice/config.json``.
        work: A folder for a copy of *source*.
        target: The folder to make, with `TEMPLATE` and `CODE`.

    Raises:
        UnknownStage: If *source* has no such stage.
        PackagingFailed: Quoting chalice.
    """
    _check_stage(source, stage)
    staged = work / "source"
    _stage(source, staged)
    unfinished = work / "unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    merge = staged / ".chalice" / "resources.yaml"
    finished = subprocess.run(  # noqa: S603 -- our own interpreter
        [sys.executable, "-c", "from chalice.cli import main; main()",
         "--project-dir", str(staged), "package", "--stage", stage,
         "--merge-template", str(merge), "--template-format", "yaml", str(unfinished)],
        env={**inherited(), "AWS_DEFAULT_REGION": ANY_REGION},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    # Some of chalice's refusals end with exit code 0.
    if finished.returncode or not (unfinished / TEMPLATE).exists():
        lines = (finished.stderr or finished.stdout).strip().splitlines()
        raise PackagingFailed(lines[-1] if lines else f"exit code {finished.returncode}")
    unfinished.rename(target)


def digest(source: Path) -> str:
    """A name for what *source* ships; it changes whenever a byte changes."""
    combined = hashlib.sha256()
    for file in _shipped(source):
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        combined.update(f"{file.relative_to(source)}\0{content}\0".encode())
    return combined.hexdigest()[:16]


def _check_stage(source: Path, stage: str) -> None:
    known = sorted(json.loads((source / ".chalice" / "config.json").read_text())["stages"])
    if stage not in known:
        raise UnknownStage(stage, known)


def _stage(source: Path, staged: Path) -> None:
    """Copy what is shipped, with an empty requirements.txt."""
    shutil.rmtree(staged, ignore_errors=True)
    for file in _shipped(source):
        copy = staged / file.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copy)
    (staged / "requirements.txt").touch()


def _shipped(source: Path) -> Iterator[Path]:
    for name in SHIPPED:
        top = source / name
        files = [top] if top.is_file() else sorted(top.rglob("*"))
        for file in files:
            inside = file.relative_to(source)
            if file.is_file() and file.suffix != ".pyc" and not _left_by_chalice(inside):
                yield file


def _left_by_chalice(file: Path) -> bool:
    return file.parts[:1] == (".chalice",) and len(file.parts) > 2  # noqa: PLR2004 -- its folders
