"""The root of every anticipated error, and the sentence for one that nobody anticipated."""

from __future__ import annotations

from pathlib import PurePath
from traceback import extract_tb


class BillingError(Exception):
    """
    Something a person can put right; ``str()`` is one sentence that says what to do.

    Concrete errors sit beside the code that raises them and keep the facts as attributes.
    """


class Defect(BillingError):
    """
    An error that nobody anticipated, by its kind and its place alone.

    What it says itself is left out: it may quote a row, with a name or an account in it.
    """

    def __init__(self, error: BaseException) -> None:
        self.kind = type(error).__name__
        place = place_of(error)
        super().__init__(
            f"unexpected {self.kind}{f' in {place}' if place else ''}; this is a defect of the"
            " program: please report it"
        )


def place_of(error: BaseException) -> str:
    """Where *error* was raised: the last of our own lines on its way, empty if it has none."""
    frames = extract_tb(error.__traceback__)
    own = [frame for frame in frames if "site-packages" not in frame.filename] or frames
    if not own:
        return ""
    file = PurePath(own[-1].filename)
    return f"{file.parent.name}/{file.name} line {own[-1].lineno}"
