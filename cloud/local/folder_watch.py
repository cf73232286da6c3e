"""End a background process when its cloud does not know it, or when the folder is removed."""

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
    End this process without saving anything soon after *folder* is removed or replaced.

    It ends at once if the cloud in *folder* has not recorded this process in time.
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
    # A process that wrote into it at that moment may have created it again.
    while identity(folder) == known is not None:
        time.sleep(LOOK_SECONDS)
    # A graceful end would create the folder again.
    os._exit(0)


def identity(folder: Path) -> tuple[int, int] | None:
    """What identifies the cloud in *folder*, whatever replaced it; None if there is none."""
    try:
        found = folder.stat()
    except FileNotFoundError:
        return None
    # A new folder may get the inode number of the old one, but not its record.
    return (found.st_dev, found.st_ino) if Home.at(folder).known else None
