"""A background process ends when the folder it works for is removed."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

from .home import Home

LOOK_SECONDS = 2.0


def end_with(folder: Path) -> None:
    """End this process, without saving anything, soon after *folder* is gone or another one."""
    threading.Thread(target=_watch, args=(folder, identity(folder)), daemon=True).start()


def _watch(folder: Path, known: tuple[int, int] | None) -> None:
    # Whoever wrote into it at that moment may have made it anew.
    while identity(folder) == known is not None:
        time.sleep(LOOK_SECONDS)
    # A graceful end would write the folder anew.
    os._exit(0)


def identity(folder: Path) -> tuple[int, int] | None:
    """What tells the cloud in *folder* from another of its name; None while none lives there."""
    try:
        found = folder.stat()
    except FileNotFoundError:
        return None
    # A folder made anew may get the number of the old one, but not its record.
    return (found.st_dev, found.st_ino) if Home.at(folder).known else None
