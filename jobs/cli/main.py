"""
The command line: text in, exit codes out.

0 done; 1 done, but somebody must act; 2 refused or failed, with one sentence that says why.

A command imports what it needs when it runs, so that help and a refusal come at once.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

import typer
from typer.core import TyperGroup

from chalicelib.billing.escapes import escaped
from jobs.console import Unread

from . import cloud, data, month, release
from .refusals import sentence_of
from .shell import Exit, fail

# The commands by the headings of --help, in the order in which somebody new needs them.
COMMANDS = {
    "Local cloud": (cloud.demo, cloud.up, cloud.down, cloud.env, cloud.token),
    "Data": (data.load, data.import_time),
    "Month": (month.preview, month.bill, month.report, month.verify, month.close),
    "Corrections and retries": (month.drift, month.correct, month.resend, month.redrive),
    "Analysis": (month.export, data.query),
    "Deployment": (release.migrate, release.package),
}


class Grouped(TyperGroup):
    """The list of commands under headings; Typer's own takes Rich markup, which starts slowly."""

    def format_commands(self, _ctx: Any, formatter: Any) -> None:  # noqa: ANN401 -- Typer's Click
        widest = max(map(len, self.commands))
        limit = formatter.width - widest - 6
        for heading, functions in COMMANDS.items():
            names = [function.__name__.replace("_", "-") for function in functions]
            rows = [(name, self.commands[name].get_short_help_str(limit)) for name in names]
            with formatter.section(heading):
                formatter.write_dl([(name.ljust(widest), words) for name, words in rows])


app = typer.Typer(
    cls=Grouped,
    help="Self-billing: turn contractors' workdays into issued and emailed invoices.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for group in COMMANDS.values():
    for command in group:
        app.command()(command)


def main() -> None:
    """Run one command and exit; whatever goes wrong ends as one sentence and exit code 2."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    _open_what_is_closed()
    sys.exit(_run())


def _open_what_is_closed() -> None:
    """Give a command that was started without an output (``>&-``) one that forgets."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w"))


def _run() -> int:
    try:
        code: int | None = app(standalone_mode=False)
        # Here, and not when Python ends, which would print a traceback and forget the exit code.
        sys.stdout.flush()
    except (BrokenPipeError, Unread):
        _forget(sys.stdout)
        return Exit.UNREAD
    except typer.TyperException as wrong:
        with _forgetting(sys.stderr):
            _show_usage(wrong)
        return Exit.FAILED
    except Exception as error:
        if sys.flags.dev_mode:
            raise
        # As which DuckDB shows Ctrl-C.
        if isinstance(error.__cause__, KeyboardInterrupt):
            return Exit.INTERRUPTED
        with _forgetting(sys.stdout):
            sys.stdout.flush()
        with _forgetting(sys.stderr):
            fail(sentence_of(error))
        return Exit.FAILED
    return code or Exit.DONE


def _show_usage(wrong: Any) -> None:  # noqa: ANN401 -- Typer's Click, which it keeps to itself
    """How the command is called; what was typed may hold anything, such as a file's name."""
    wrong.message = escaped(wrong.message)
    wrong.show()


@contextmanager
def _forgetting(stream: TextIO) -> Iterator[None]:
    """Write to *stream*; what it does not take is dropped."""
    try:
        yield
    except OSError:
        _forget(stream)


def _forget(stream: TextIO) -> None:
    """Drop what nobody takes, lest Python tries again to write it when it ends."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
