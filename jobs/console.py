"""
The way to the terminal: all that a command prints goes through here.

Names, notes and file names are others' text. A terminal would obey an escape sequence in them, Rich
would read ``[x]`` as markup and ``:x:`` as an emoji, and characters that change the direction of
writing would show another name than the ledger has.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import IO, Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from chalicelib.billing.escapes import escaped, escaped_json, on_one_line


class Unread(Exception):
    """Nobody reads the output any more, as when ``head`` has seen enough."""


class Terminal(Console):
    """A Rich console that shows text as it is written and never obeys it."""

    def __init__(self, **how: Any) -> None:  # noqa: ANN401 -- as Rich's own
        super().__init__(markup=False, emoji=False, **how)

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            plain = segment.control is None
            yield segment._replace(text=escaped(segment.text)) if plain else segment

    def on_broken_pipe(self) -> None:
        raise Unread


def write(text: str, file: IO[str]) -> None:
    """
    Write *text* exactly, for another program to read; on a terminal, `escaped`.

    Raises:
        Unread: If nobody reads it.
    """
    try:
        file.write(escaped(text) if file.isatty() else text)
        file.flush()
    except BrokenPipeError:
        raise Unread from None


def json_of(value: Any) -> str:  # noqa: ANN401 -- whatever JSON has
    """*value* as JSON, letters as they are; what steers a terminal as JSON escapes it."""
    return escaped_json(json.dumps(value, indent=2, ensure_ascii=False)) + "\n"


def sentence(text: str) -> str:
    """*text* on one line, whatever others' text is in it."""
    return on_one_line(" ".join(text.split()))
