"""Reproducible zips: the same files always make the same bytes."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from chalicelib.billing.errors import BillingError

# AWS Lambda quotas: deployment package unzipped, layers included.
LIMIT = 250 * 2**20
# The earliest time that a zip can hold.
TIME = (1980, 1, 1, 0, 0, 0)
# Lambda runs as another user than the owner of the files.
READABLE = 0o100644 << 16
UNIX = 3


class Clash(BillingError):
    """Two libraries contain the same file."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"two libraries contain {name}, so one would overwrite the other; replace one of them"
        )


class TooLarge(BillingError):
    """Lambda would refuse the zip."""

    def __init__(self, name: str, size: int) -> None:
        super().__init__(
            f"{name} unpacks to {size / 2**20:.1f} MiB, but Lambda allows {LIMIT // 2**20} MiB;"
            " see docs/decisions/0013 for what can be left out"
        )


@dataclass(frozen=True, slots=True)
class Archive:
    """
    A zip that deploys.

    Attributes:
        unzipped: Bytes of all files in it.
        sha256: Of the zip, in hexadecimal.
    """

    path: Path
    unzipped: int
    sha256: str

    @property
    def zipped(self) -> int:
        return self.path.stat().st_size


def gather(folders: Iterable[Path]) -> dict[str, Path]:
    """
    The files of all *folders* by their names in the zip, sorted.

    Raises:
        Clash: If two folders have the same file.
    """
    files: dict[str, Path] = {}
    for folder in folders:
        for file in filter(Path.is_file, folder.rglob("*")):
            name = file.relative_to(folder).as_posix()
            if name in files:
                raise Clash(name)
            files[name] = file
    return dict(sorted(files.items()))


def write(files: Mapping[str, Path], target: Path) -> Archive:
    """
    Zip *files* in the order given.

    Raises:
        TooLarge: If they are more than `LIMIT`; nothing is written.
    """
    unzipped = sum(file.stat().st_size for file in files.values())
    if unzipped > LIMIT:
        raise TooLarge(target.name, unzipped)
    with ZipFile(target, "w") as archive:
        for name, file in files.items():
            with file.open("rb") as content, archive.open(_entry(name, file), "w") as entry:
                shutil.copyfileobj(content, entry)
    return Archive(target, unzipped, _sha256(target))


def _entry(name: str, file: Path) -> ZipInfo:
    """An entry without time, owner or machine."""
    entry = ZipInfo(name, TIME)
    entry.compress_type = ZIP_DEFLATED
    entry.create_system = UNIX
    entry.external_attr = READABLE
    entry.file_size = file.stat().st_size
    return entry


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
