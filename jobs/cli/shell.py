"""What every command shares: its output, its errors and its exit code."""

from __future__ import annotations

import sys
from enum import IntEnum
from typing import Annotated, NoReturn

import typer
from rich.console import Console

out = Console()
err = Console(stderr=True, soft_wrap=True, highlight=False)

PeriodArgument = Annotated[str, typer.Argument(metavar="PERIOD", help="Month as YYYY-MM.")]


class Exit(IntEnum):
    """The exit code of a command."""

    DONE = 0
    LOOK = 1
    FAILED = 2


def say(sentence: str) -> None:
    err.print(sentence, style="dim", markup=False)


def end(*, look: bool) -> None:
    raise typer.Exit(Exit.LOOK if look else Exit.DONE)


def fail(sentence: str) -> NoReturn:
    err.print(f"Error: {sentence}", style="red", markup=False)
    sys.exit(Exit.FAILED)
