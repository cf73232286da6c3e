"""Show what was built."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from .archives import LIMIT, Archive
from .build import Package


def show(package: Package, out: Console) -> None:
    """Each zip: its functions, its size, how much of Lambda's limit is left, and its hash."""
    table = Table("zip", "functions", "zipped", "unzipped", "left", "SHA-256", box=None)
    for kind, archive in package.archives.items():
        table.add_row(archive.path.name, ", ".join(package.functions[kind]), *_figures(archive))
    out.print(table)
    out.print(f"Template: {package.template}", soft_wrap=True, markup=False)


def _figures(archive: Archive) -> tuple[str, str, str, str]:
    return (
        _mebibytes(archive.zipped),
        _mebibytes(archive.unzipped),
        f"{_mebibytes(LIMIT - archive.unzipped)} of {LIMIT // 2**20}",
        archive.sha256[:16],
    )


def _mebibytes(size: int) -> str:
    return f"{size / 2**20:.1f} MiB"
