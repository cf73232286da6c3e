"""A background process ends when the folder it works for is removed."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

LOOK_SECONDS = 2.0


def end_with(folder: Path) -> None:
    """End this process, without saving anything, soon after *folder* is gone."""
    threading.Thread(target=_watch, args=(folder,), daemon=True).start()


def _watch(folder: Path) -> None:
    while folder.is_dir():
        time.sleep(LOOK_SECONDS)
    # A graceful end would write the folder anew.
    os._exit(0)
