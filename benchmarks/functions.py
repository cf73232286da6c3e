"""The zips that deploy: how long a function takes to start from its zip, and how large they are."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from zipfile import ZipFile

import yaml
from rich.table import Table

from cloud.package import isolation
from cloud.package.archives import LIMIT
from cloud.package.build import Package, build, functions_of, libraries_of, unpack_all
from cloud.package.interpreter import interpreter
from cloud.package.wheels import fetch
from cloud.project import PROJECT

from .claims import MIB, Claim, Measured, Memory, Size, Speed
from .server import Server
from .sizes import Sizes

# Lambda's Python would compile every source on every cold start: it cannot write beside it.
AT_MOST_OF_SOURCES = 0.6
AT_MOST_OF_LIBRARIES = 1.5

EVERY = ("boto3", "chalice.app", "msgspec", "psycopg", "sqlalchemy")
# By function: what it imports of ours, and the libraries that needs, which are its floor.
STARTED = {
    "APIHandler": ((), ()),
    "RecordMailEvent": (("chalicelib.steps.record_mail_event",), ()),
    "Sweep": (("chalicelib.steps.sweep",), ("stamina",)),
    "EmailInvoice": (("chalicelib.steps.email_invoice",), ("babel.numbers", "stamina")),
    "RenderInvoice": (
        ("chalicelib.steps.render_invoice",),
        ("babel.numbers", "fontTools.ttLib", "fpdf", "pypdfium2", "segno", "stamina", "uharfbuzz"),
    ),
    "BillMonth": (
        ("chalicelib.steps.bill_month",),
        ("fontTools.ttLib", "pandera.polars", "polars", "stamina"),
    ),
}

START = """
import sys, time
sys.path[:0] = {folders!r}
begun = time.perf_counter()
import {modules}
seconds = time.perf_counter() - begun
[peak] = (line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(seconds, int(peak.split()[1]) * 1024)
"""


@dataclass(frozen=True, slots=True)
class Folders:
    """What the zips hold, unpacked by kind: as shipped, and with sources in place of bytecode."""

    package: Package
    shipped: Path
    sources: Path
    runtime: Path

    def kind_of(self, function: str) -> str:
        [kind] = (kind for kind, names in self.package.functions.items() if function in names)
        return kind


@dataclass(frozen=True, slots=True)
class Start:
    """Medians of one function: seconds to load it, and peaks in bytes."""

    seconds: float
    from_sources: float
    libraries: float
    peak: int


def from_their_zips(_server: Server, sizes: Sizes) -> Measured:
    """Loading against loading without bytecode and against the libraries alone; memory, sizes."""
    repeats = sizes.function_starts
    with _folders() as folders:
        starts = {function: _measure(folders, function, repeats) for function in STARTED}
        configured = functions_of(yaml.safe_load(folders.package.template.read_text()))
        zipped = [
            Size(f"{archive.path.name}, unzipped", archive.unzipped, LIMIT)
            for archive in folders.package.archives.values()
        ]
    claims: list[Claim] = [*zipped]
    for function, start in starts.items():
        claims += _claims(function, start, configured[function]["MemorySize"])
    return Measured(claims, _table(starts))


def _claims(function: str, start: Start, memory_size: int) -> list[Claim]:
    loading = f"loading {function}"
    return [
        Speed(loading, start.seconds, start.from_sources, "without bytecode", AT_MOST_OF_SOURCES),
        Speed(loading, start.seconds, start.libraries, "its libraries alone", AT_MOST_OF_LIBRARIES),
        Memory(f"peak memory, {function} loaded", start.peak, memory_size * MIB),
    ]


def _measure(folders: Folders, function: str, repeats: int) -> Start:
    ours, libraries = STARTED[function]
    kind = folders.kind_of(function)
    runs = [
        (
            _start(folders, folders.shipped / kind, ("app", *ours)),
            _start(folders, folders.sources / kind, ("app", *ours)),
            _start(folders, folders.shipped / kind, (*EVERY, *libraries)),
        )
        for _ in range(repeats)
    ]
    shipped, sources, floors = zip(*runs, strict=True)
    return Start(
        median(seconds for seconds, _ in shipped),
        median(seconds for seconds, _ in sources),
        median(seconds for seconds, _ in floors),
        int(median(peak for _, peak in shipped)),
    )


def _start(folders: Folders, code: Path, modules: tuple[str, ...]) -> tuple[float, int]:
    """Seconds to import *modules* in an interpreter of their own, and its peak in bytes."""
    script = START.format(
        folders=[str(code), str(folders.runtime)], modules=", ".join(sorted(modules))
    )
    finished = subprocess.run(
        [interpreter(), "-I", "-S", "-B", "-c", script], capture_output=True, text=True, check=True
    )
    seconds, peak = finished.stdout.split()
    return float(seconds), int(peak)


@contextmanager
def _folders() -> Iterator[Folders]:
    with TemporaryDirectory(prefix="selfbill-bench-") as folder:
        top = Path(folder)
        package = build(PROJECT, top / "package", "prod", lambda _: None)
        folders = Folders(package, top / "shipped", top / "sources", top / "runtime")
        folders.runtime.mkdir()
        isolation.lay_out_runtime(folders.runtime)
        for kind, archive in package.archives.items():
            with ZipFile(archive.path) as zipped:
                zipped.extractall(folders.shipped / kind)
        _lay_out_sources(folders, top)
        yield folders


def _lay_out_sources(folders: Folders, top: Path) -> None:
    (top / "wheels").mkdir()
    wheels = fetch(PROJECT / "requirements.txt", top / "wheels")
    places = unpack_all(wheels, top / "libraries", compiled=False)
    for kind in folders.package.archives:
        for name in libraries_of(kind, wheels):
            shutil.copytree(places[name], folders.sources / kind, dirs_exist_ok=True)
        for ours in ("app.py", "chalicelib", "chalice"):
            _copy(folders.shipped / kind / ours, folders.sources / kind / ours)


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copyfile(source, target)


def _table(starts: dict[str, Start]) -> Table:
    """The milliseconds and memory of a cold start, as docs/cost.md counts them."""
    table = Table("function", title="Cold starts, without Lambda's own")
    for heading in ("loading", "from sources", "libraries alone", "peak"):
        table.add_column(heading, justify="right")
    for function, start in starts.items():
        seconds = (start.seconds, start.from_sources, start.libraries)
        cells = [f"{value * 1000:,.0f} ms" for value in seconds]
        table.add_row(function, *cells, f"{start.peak / MIB:,.0f} MiB")
    return table
