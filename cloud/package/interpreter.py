"""The Python that Lambda runs: its version, and one of it on this machine."""

from __future__ import annotations

import subprocess
import sys
from functools import cache

from chalicelib.billing.errors import BillingError
from cloud.project import PROJECT

# Lambda's, and so that of the bytecode in the zips; the machine's own may be another.
VERSION = (3, 11)
DOTTED = "{}.{}".format(*VERSION)
RUNTIME = f"python{DOTTED}"


class NoInterpreter(BillingError):
    """No Python of Lambda's version starts on this machine."""

    def __init__(self) -> None:
        super().__init__(
            f"packaging compiles for Lambda's Python {DOTTED}, and none starts on"
            f" this machine; install {RUNTIME} and run the command again"
        )


@cache
def interpreter() -> str:
    """
    A Python of Lambda's version: this one, or the first on the path or of pyenv's that starts.

    Raises:
        NoInterpreter: If there is none.
    """
    if sys.version_info[:2] == VERSION:
        return sys.executable
    found = subprocess.run(  # noqa: S603 -- our own script
        [str(PROJECT / "cloud" / "pythons.sh"), "--bare", DOTTED],
        capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    if not found:
        raise NoInterpreter
    return found[0]
