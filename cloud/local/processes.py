"""Background processes that outlive the program that starts them."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress

import psutil

from cloud.project import PROJECT, inherited

from .home import Home

SAME_START_SECONDS = 2.0
STOP_SECONDS = 30.0
# How the modules of our background processes are called.
OURS = "cloud.local."


def start(home: Home, name: str, module: str, environment: Mapping[str, str]) -> psutil.Process:
    """
    Run ``python -m module HOME`` detached from the terminal, logging to ``logs/NAME.log``.

    It gets *environment* and what is `inherited`. When this returns, `alive` finds it, or it has
    ended.
    """
    with (home.logs / f"{name}.log").open("ab") as log:
        child = subprocess.Popen(  # noqa: S603 -- our own interpreter and module
            [sys.executable, "-m", module, str(home.folder)],
            cwd=PROJECT,
            env={**inherited(), "TZ": "UTC", "PYTHONUNBUFFERED": "1", **environment},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            # What it writes may contain secrets and emails.
            umask=0o077,
        )
    # It is meant to outlive us; Popen would warn about a process left behind.
    child.returncode = 0
    process = psutil.Process(child.pid)
    home.keep(
        "processes",
        {**home.recall("processes"), name: {"pid": child.pid, "created": process.create_time()}},
    )
    _await_arguments(process)
    return process


def _await_arguments(process: psutil.Process) -> None:
    """Linux shows no arguments for a moment after it has executed a program; `alive` needs them."""
    with suppress(psutil.NoSuchProcess):
        while not process.cmdline() and not _ended(process):
            time.sleep(0.001)


def alive(home: Home, name: str) -> psutil.Process | None:
    """
    The running process that *home* knows as *name*.

    After a reboot a pid proves nothing: the process must also have started when ours did and work
    for this very folder.
    """
    known = home.recall("processes").get(name)
    if not isinstance(known, dict) or not {"pid", "created"} <= known.keys():
        return None
    try:
        process = psutil.Process(known["pid"])
        ours = (
            process.status() != psutil.STATUS_ZOMBIE
            and abs(process.create_time() - known["created"]) < SAME_START_SECONDS
            and process.cmdline()[-1:] == [str(home.folder)]
        )
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return None
    return process if ours else None


def working_on(argument: str) -> list[psutil.Process]:
    """Processes of any program that was called with *argument*, such as a folder."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if argument in process.cmdline():
                found.append(process)
    return found


def unrecorded(home: Home) -> list[psutil.Process]:
    """Our programs that work on *home*, recorded or not: its record may be lost or unreadable."""
    found = []
    for process in working_on(str(home.folder)):
        with suppress(psutil.Error):
            if any(word.startswith(OURS) for word in process.cmdline()):
                found += [process, *process.children(recursive=True)]
    return found


def stop(home: Home, name: str) -> None:
    """
    Stop the process and its children; kill them if that takes `STOP_SECONDS`.

    Raises:
        UnusableRecord: If what runs cannot be read, or, once it is stopped, not be written.
    """
    process = alive(home, name)
    if process is not None:
        children = process.children(recursive=True)
        end([process])
        end(children)
    home.keep("processes", {k: v for k, v in home.recall("processes").items() if k != name})


def end(processes: Sequence[psutil.Process]) -> None:
    """Send SIGTERM, and SIGKILL to those still running after `STOP_SECONDS`."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    for process in wait(processes):
        with suppress(psutil.NoSuchProcess):
            process.kill()
    wait(processes)


def wait(processes: Sequence[psutil.Process]) -> list[psutil.Process]:
    """Wait until all have ended, at most `STOP_SECONDS`; returns those that have not."""
    deadline = time.monotonic() + STOP_SECONDS
    left = [process for process in processes if not _ended(process)]
    while left and time.monotonic() < deadline:
        time.sleep(0.02)
        left = [process for process in left if not _ended(process)]
    return left


def _ended(process: psutil.Process) -> bool:
    """
    Whether it has ended.

    Not psutil's own wait: an orphan stays a zombie until some init collects it, which can take
    seconds in a container.
    """
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def last_words(home: Home, name: str) -> str:
    """The last line that *name* logged, and where the log is, for an error message."""
    log = home.logs / f"{name}.log"
    lines = log.read_text(errors="replace").split("\n") if log.exists() else []
    last = next((line.strip() for line in reversed(lines) if line.strip()), "it logged nothing")
    return f"{last} (see {log})"
