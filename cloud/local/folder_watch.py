"""A background process works for a cloud that knows it, and ends when its folder is removed."""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path

from .home import Home

LOOK_SECONDS = 2.0
KNOWN_SECONDS = 30.0


def end_with(folder: Path) -> None:
    """
    End this process, without saving anything, soon after *folder* is gone or another one.

    And at once if the cloud in it does not come to know of this process.
    """
    await_record(Home.at(folder))
    threading.Thread(target=_watch, args=(folder, identity(folder)), daemon=True).start()


def await_record(home: Home) -> None:
    """
    Wait until *home* knows this process; whoever started it does that next, or was killed.

    Nobody could find it then to stop it, and it would keep a port of the cloud for good.
    """
    deadline = time.monotonic() + KNOWN_SECONDS
    while os.getpid() not in {part["pid"] for part in home.recall("processes").values()}:
        if time.monotonic() > deadline:
            sys.exit("ended, because whoever started this was killed")
        time.sleep(0.01)


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
