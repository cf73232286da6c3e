"""Dead letters on a terminal, and as JSON for machines."""

from __future__ import annotations

from typing import Any

from rich.console import RenderableType
from rich.text import Text

from chalicelib.billing.plain import plain
from jobs.terminal import add_row, plural, table, titled

from .find import DeadLetters, SetAside

TITLE = "Set aside after the last try: settle the cause, then run python -m jobs redrive"


def as_json(dead: DeadLetters) -> dict[str, Any]:
    """
    The members that the report's JSON gains.

    ``dead_letters_unknown`` is null, or why ``set_aside`` may lack something.
    """
    return {
        "set_aside": plain(dead.found),
        "set_aside_unseen": dead.unseen,
        "dead_letters_unknown": dead.unknown,
    }


def set_aside(dead: DeadLetters) -> RenderableType | None:
    """The section of the report; None if nothing is set aside."""
    if not dead.found:
        return None
    grid = table("step", "invoice", "name", "why")
    for row in dead.found:
        if row.number is None:
            add_row(grid, row.step, "", "", strange_words(row))
        else:
            add_row(grid, row.step, row.number, row.name or "", why(row))
    return titled(TITLE, grid)


def remarks(dead: DeadLetters) -> list[Text]:
    """In a sentence each, what could not be read."""
    return [Text(f"\n{sentence}", style="yellow") for sentence in sentences(dead)]


def sentences(dead: DeadLetters) -> list[str]:
    said = []
    if dead.unseen:
        said.append(
            f"{dead.unseen:,} more dead {plural('letter', dead.unseen)} could not be seen: somebody"
            " else is reading them, or SQS counts late; ask again in a minute."
        )
    if dead.unknown:
        said.append(f"Dead letters are unknown: {dead.unknown.rstrip('.')}.")
    return said


def why(row: SetAside) -> str:
    """The reason, and of how many messages."""
    return row.reason if row.messages == 1 else f"{row.reason} ({row.messages:,} messages)"


def strange_words(row: SetAside) -> str:
    """A message that is not ours, as far as a terminal can show it."""
    body = "".join(letter if letter.isprintable() else " " for letter in row.body or "")
    return f"{row.reason}: {body}"
