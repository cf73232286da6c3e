"""The project's folder, and the environment variables that its programs inherit."""

from __future__ import annotations

import os
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "SYSTEMROOT", "VIRTUAL_ENV")


def inherited() -> dict[str, str]:
    """
    The environment variables that a process inherits from us.

    Never a proxy, an AWS profile or a certificate bundle: those lead away from localhost.
    """
    return {name: os.environ[name] for name in INHERITED if name in os.environ}
