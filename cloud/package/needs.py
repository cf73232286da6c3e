"""What a library requires, with environment markers evaluated for Lambda."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from chalicelib.billing.errors import BillingError

from .interpreter import DOTTED

LAMBDA = {
    "implementation_name": "cpython",
    "os_name": "posix",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "platform_system": "Linux",
    "python_full_version": f"{DOTTED}.0",
    "python_version": DOTTED,
    "sys_platform": "linux",
}


class NotPinned(BillingError):
    """Something that ships is not in requirements.txt, or in a version that does not fit."""

    def __init__(self, needing: str, needed: str) -> None:
        super().__init__(f"{needing} needs {needed}; pin it in requirements.txt")


def closure(
    names: Iterable[str],
    requires: Mapping[NormalizedName, Iterable[Requirement]],
    versions: Mapping[NormalizedName, Version],
    needing: str = "Selfbill",
) -> frozenset[NormalizedName]:
    """
    *names* and everything they need, directly or not.

    Args:
        names: Distributions.
        requires: What each distribution says it needs.
        versions: Those that there are.
        needing: Who asks for *names*, for the error.

    Raises:
        NotPinned: If something needed is not among *versions*, or in another version.
    """
    waiting = [(Requirement(name), needing) for name in names]
    found: set[NormalizedName] = set()
    while waiting:
        requirement, asking = waiting.pop()
        name = canonicalize_name(requirement.name)
        if name not in versions or not requirement.specifier.contains(versions[name]):
            raise NotPinned(asking, str(requirement))
        if name not in found:
            found.add(name)
            waiting += [(needed, name) for needed in requires[name] if _applies(needed)]
    return frozenset(found)


def _applies(requirement: Requirement) -> bool:
    """Whether Lambda needs it; extras that nobody asked for are left out."""
    return requirement.marker is None or requirement.marker.evaluate({**LAMBDA, "extra": ""})
