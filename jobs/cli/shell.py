"""What every command shares: its output, its errors and its exit code."""

from __future__ import annotations

import sys
from enum import IntEnum
from typing import Annotated, Any

import typer

from jobs.console import Terminal, json_of, sentence, write

out = Terminal()
err = Terminal(stderr=True, soft_wrap=True, highlight=False)

PeriodArgument = Annotated[str, typer.Argument(metavar="PERIOD", help="Month as YYYY-MM.")]


class Exit(IntEnum):
    """The exit code of a command."""

    DONE = 0
    LOOK = 1
    FAILED = 2
    # As a shell counts a program that was ended by SIGINT or SIGPIPE.
    INTERRUPTED = 130
    UNREAD = 141


def say(words: str) -> None:
    err.print(sentence(words), style="dim")


def end(*, look: bool) -> None:
    raise typer.Exit(Exit.LOOK if look else Exit.DONE)


def show_json(value: Any) -> None:  # noqa: ANN401 -- whatever JSON has
    write(json_of(value), sys.stdout)


def fail(words: str) -> None:
    """Say why a command refused or failed; the caller ends it."""
    err.print(f"Error: {sentence(words)}", style="red")
