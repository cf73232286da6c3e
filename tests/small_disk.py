"""A disk so small that it is full at once: a tmpfs, which only root may mount."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

NO_DISK = "a small disk is a tmpfs, which needs Linux and root"


@contextmanager
def small_disk(*options: str) -> Iterator[Path]:
    """
    An empty tmpfs with mount's *options*, such as ``size=64k`` or ``nr_inodes=1``.

    Without the right to mount one, the test is skipped.
    """
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        pytest.skip(NO_DISK)
    with TemporaryDirectory(prefix="selfbill-disk-") as name:
        mount = ["mount", "-t", "tmpfs", "-o", ",".join((*options, "mode=755")), "tmpfs", name]
        if subprocess.run(mount, capture_output=True, check=False).returncode:
            pytest.skip(NO_DISK)
        try:
            yield Path(name)
        finally:
            subprocess.run(["umount", "--lazy", name], check=True)


def fill(folder: Path) -> Path:
    """Write a file in *folder* until nothing more fits; removing it makes room again."""
    filling = folder / "filling"
    with filling.open("wb", buffering=0) as file:
        for size in (2**16, 2**12, 1):
            try:
                while file.write(bytes(size)):
                    pass
            except OSError:
                continue
    return filling
