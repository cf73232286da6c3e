"""Dead letters on a terminal and as JSON."""

from __future__ import annotations

from typing import Any

from rich.console import RenderableType
from rich.text import Text

from chalicelib.billing.plain import plain
from jobs.terminal import add_row, table, titled
from jobs.wording import GAVE_UP, STEPS, counted

from .find import DeadLetters, SetAside


def as_json(dead: DeadLetters) -> dict[str, Any]:
    """
    The members for the JSON of the report.

    ``dead_letters_unknown`` is null, or why ``set_aside`` may be incomplete.
    """
    return {
        "set_aside": plain(dead.found),
        "set_aside_unseen": dead.unseen,
        "dead_letters_unknown": dead.unknown,
    }


def set_aside(dead: DeadLetters) -> RenderableType | None:
    """The section of the report; None if there are no dead letters."""
    if not dead.found:
        return None
    grid = table("step", "invoice", "name", "reason")
    for row in dead.found:
        if row.number is None:
            add_row(grid, STEPS[row.step], "", "", strange_words(row))
        else:
            add_row(grid, STEPS[row.step], row.number, row.name or "", why(row))
    return titled(GAVE_UP, grid)


def remarks(dead: DeadLetters) -> list[Text]:
    """What could not be read, a sentence each."""
    return [Text(f"\n{sentence}", style="yellow") for sentence in sentences(dead)]


def sentences(dead: DeadLetters) -> list[str]:
    said = []
    if dead.unseen:
        said.append(f"{not_read(dead.unseen)} Run the report again in a minute.")
    if dead.unknown:
        said.append(f"The dead-letter queues were not checked: {dead.unknown.rstrip('.')}.")
    return said


def not_read(count: int) -> str:
    """That *count* messages could not be read, and why that may be."""
    held = "it" if count == 1 else "them"
    return (
        f"{counted(count, 'more message')} could not be read: another reader holds {held}, or SQS's"
        " count is stale."
    )


def why(row: SetAside) -> str:
    """The reason, and how many messages it is the reason of."""
    return row.reason if row.messages == 1 else f"{row.reason} ({counted(row.messages, 'message')})"


def strange_words(row: SetAside) -> str:
    """A message that is not recognised, as far as a terminal can show it."""
    body = "".join(letter if letter.isprintable() else " " for letter in row.body or "")
    return f"{row.reason}: {body}"
