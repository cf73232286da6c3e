"""Build what deploys: libraries from wheels, zips from libraries and our code, and a template."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import ZipFile

import yaml
from packaging.utils import NormalizedName

from chalicelib.billing.errors import BillingError

from . import libraries
from .archives import Archive, gather, write
from .kinds import KINDS
from .needs import closure
from .template import CODE, TEMPLATE, generate
from .wheels import Wheel, fetch


class UnknownKind(BillingError):
    """The template has a function whose zip is not built."""

    def __init__(self, function: str, zip_name: str) -> None:
        super().__init__(
            f"{function} uses {zip_name}, but no kind in cloud/package/kinds.py builds it;"
            " correct its CodeUri in .chalice/resources.yaml"
        )


@dataclass(frozen=True, slots=True)
class Package:
    """
    What was built.

    Attributes:
        template: Names the zips beside it.
        archives: By kind.
        functions: The logical names of each kind's functions.
    """

    template: Path
    archives: Mapping[str, Archive]
    functions: Mapping[str, tuple[str, ...]]


def build(source: Path, out: Path, stage: str, say: Callable[[str], None]) -> Package:
    """
    Write a zip for each of `KINDS` and their template into *out*.

    The same source, wheels and Python 3.11 make the same bytes.  What *out* held under these names
    is replaced, and only once everything is built.

    Raises:
        BillingError: Its subclasses here and in this package say what does not ship and why.
    """
    out.mkdir(parents=True, exist_ok=True)
    # Beside its target, because a move between disks is not atomic.
    with TemporaryDirectory(prefix=".building-", dir=out) as folder:
        work = Path(folder)
        say("generating the template")
        generate(source, stage, work, work / "generated")
        functions = functions_by_kind(work / "generated" / TEMPLATE)
        say("fetching the wheels")
        wheels = fetch(source / "requirements.txt", _made(work / "wheels"))
        say("compiling")
        code = _made(work / "code")
        with ZipFile(work / "generated" / CODE) as archive:
            archive.extractall(code)
        libraries.add_bytecode(code)
        compiled = unpack_all(wheels, work / "libraries", compiled=True)
        say("writing the zips")
        zipped = [write_kind(kind, wheels, compiled, code, work) for kind in KINDS]
        archives = {archive.path.stem: _moved(archive, out) for archive in zipped}
        template = (work / "generated" / TEMPLATE).replace(out / TEMPLATE)
    return Package(template, archives, functions)


def functions_by_kind(template: Path) -> dict[str, tuple[str, ...]]:
    """
    The functions that each zip is for, as the template says.

    Raises:
        UnknownKind: If a function names a zip that is not built.
    """
    found: dict[str, tuple[str, ...]] = dict.fromkeys(KINDS, ())
    for name, properties in functions_of(yaml.safe_load(template.read_text())).items():
        kind = Path(properties["CodeUri"]).stem
        if kind not in found:
            raise UnknownKind(name, properties["CodeUri"])
        found[kind] += (name,)
    return found


def functions_of(template: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The properties of every function in a template, by logical name."""
    return {
        name: resource["Properties"]
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
    }


def libraries_of(kind: str, wheels: Iterable[Wheel]) -> list[NormalizedName]:
    """
    Everything that *kind* needs, sorted.

    Raises:
        NotPinned: If it is not among *wheels*.
    """
    pinned = list(wheels)
    requires = {wheel.name: wheel.requires for wheel in pinned}
    versions = {wheel.name: wheel.version for wheel in pinned}
    return sorted(closure(KINDS[kind], requires, versions))


def unpack_all(
    wheels: Iterable[Wheel], folder: Path, *, compiled: bool
) -> dict[NormalizedName, Path]:
    """Each library in a folder of its own, as bytecode if *compiled*, otherwise as source."""
    places = {wheel.name: folder / wheel.name for wheel in wheels}
    for wheel in wheels:
        libraries.unpack(wheel.path, places[wheel.name])
        if compiled:
            libraries.replace_sources(places[wheel.name])
    return places


def write_kind(
    kind: str,
    wheels: list[Wheel],
    places: Mapping[NormalizedName, Path],
    code: Path,
    folder: Path,
) -> Archive:
    """The zip of *kind* in *folder*: our *code* and the libraries it needs, out of *places*."""
    needed = [places[name] for name in libraries_of(kind, wheels)]
    return write(gather([code, *needed]), folder / f"{kind}.zip")


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _moved(archive: Archive, folder: Path) -> Archive:
    path = archive.path.replace(folder / archive.path.name)
    return Archive(path, archive.unzipped, archive.sha256)
