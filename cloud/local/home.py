"""
The folder of a local cloud.

Everything a cloud keeps is in it, so removing the folder removes the cloud. Use a different folder
for each local cloud.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from fasteners import InterProcessLock

from chalicelib.billing.errors import BillingError

LOCK_SECONDS = 180
# Of what may contain secrets and emails.
OWNER_ONLY = 0o700


class UnusableHome(BillingError):
    """The folder cannot be used for a local cloud."""

    def __init__(self, folder: Path, reason: str) -> None:
        self.folder = folder
        super().__init__(
            f"{folder} cannot be used for the local cloud ({reason}); "
            "set SELFBILL_HOME to a folder that you can write to"
        )


class UnusableRecord(BillingError):
    """What the folder keeps of its cloud cannot be read or written."""

    def __init__(self, record: Path, reason: str) -> None:
        self.record = record
        super().__init__(
            f"{record} cannot be used ({reason}); make room on the disk, or move away what is in"
            " its place"
        )


class HomeBusy(BillingError):
    """Another program has been starting or stopping this cloud for too long."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        super().__init__(
            f"another program has been starting or stopping the local cloud in {folder} for "
            f"{LOCK_SECONDS} seconds; wait for it to finish or stop it, then try again"
        )


@dataclass(frozen=True, slots=True)
class Home:
    """
    One cloud's folder.

    Attributes:
        folder: Absolute. It may contain other things too; only the names below are touched. They
            are for their owner alone, and so is the folder, if it is made here.
    """

    folder: Path

    @classmethod
    def at(cls, folder: Path) -> Self:
        return cls(folder.expanduser().resolve())

    @property
    def postgres(self) -> Path:
        return self.folder / "postgres"

    @property
    def state(self) -> Path:
        """The state of the AWS services, except the objects in S3."""
        return self.folder / "aws"

    @property
    def snapshot(self) -> Path:
        """All of that as of one moment."""
        return self.state / "services.json"

    @property
    def objects(self) -> Path:
        return self.folder / "objects"

    @property
    def temporary(self) -> Path:
        """Emptied at each start."""
        return self.folder / "tmp"

    @property
    def mail(self) -> Path:
        return self.folder / "mail"

    @property
    def build(self) -> Path:
        return self.folder / "build"

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    @property
    def known(self) -> bool:
        """Whether there has been a local cloud in this folder."""
        return self._record.is_file()

    def prepare(self) -> None:
        """
        Raises:
            UnusableHome: If the folders cannot be made.
        """
        kept = (self.state, self.objects, self.temporary, self.mail, self.build, self.logs)
        try:
            self._make()
            for folder in kept:
                folder.mkdir(mode=OWNER_ONLY, exist_ok=True)
                # An earlier release left it to the umask.
                folder.chmod(OWNER_ONLY)
        except OSError as error:
            raise UnusableHome(self.folder, error.strerror or str(error)) from error

    def _make(self) -> None:
        self.folder.mkdir(mode=OWNER_ONLY, parents=True, exist_ok=True)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """
        Keep other processes from starting or stopping this cloud.

        Raises:
            UnusableHome: If the folder cannot be written to.
            HomeBusy: If the lock is not free in time.
        """
        try:
            self._make()
            lock = InterProcessLock(self.folder / "cloud.lock")
            had = lock.acquire(timeout=LOCK_SECONDS)
        except OSError as error:
            raise UnusableHome(self.folder, error.strerror or str(error)) from error
        if not had:
            raise HomeBusy(self.folder)
        try:
            yield
        finally:
            lock.release()

    def recall(self, section: str) -> dict[str, Any]:
        """
        The last value of *section*; empty if there is none.

        Raises:
            UnusableRecord: If it cannot be read.
        """
        section_kept = self._read().get(section, {})
        return section_kept if isinstance(section_kept, dict) else {}

    def keep(self, section: str, values: dict[str, Any]) -> None:
        """
        Replace *section*; a crash or a full disk leaves either the old file or the new one.

        Raises:
            UnusableRecord: If it cannot be written.
        """
        text = json.dumps({**self._read(), section: values}, indent=2, sort_keys=True)
        unfinished = self._record.with_suffix(".json.new")
        # It contains the database's URL, possibly with a password.
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        try:
            with os.fdopen(os.open(unfinished, flags, 0o600), "w") as file:
                file.write(text)
            unfinished.replace(self._record)
        except OSError as error:
            with suppress(OSError):
                unfinished.unlink()
            raise UnusableRecord(self._record, error.strerror or str(error)) from error

    @property
    def _record(self) -> Path:
        return self.folder / "cloud.json"

    def _read(self) -> dict[str, Any]:
        try:
            kept = json.loads(self._record.read_text())
        except (FileNotFoundError, NotADirectoryError, json.JSONDecodeError, UnicodeDecodeError):
            return {}
        except OSError as error:
            raise UnusableRecord(self._record, error.strerror or str(error)) from error
        return kept if isinstance(kept, dict) else {}
