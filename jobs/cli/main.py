"""
The command line: text in, exit codes out.

0 done; 1 done, but somebody must act; 2 refused or failed, with one sentence that says why.

A command imports what it needs when it runs, so that help and a refusal come at once.
"""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

from chalicelib.billing.errors import BillingError

from . import cloud, data, month, release
from .shell import fail

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
    """Run one command; whatever was anticipated ends as one sentence and exit code 2."""
    try:
        app()
    except BillingError as error:
        fail(str(error))
    except Exception as error:
        sentence = _refusal(error)
        if sentence is None:
            raise
        fail(sentence)


def _refusal(error: Exception) -> str | None:
    """What a service refused, as a sentence; None for what nobody anticipated."""
    import psycopg
    from botocore.exceptions import BotoCoreError, ClientError
    from sqlalchemy.exc import SQLAlchemyError

    if isinstance(error, ClientError | BotoCoreError):
        return f"AWS refused the request: {error}; check AWS_ENDPOINT_URL, credentials and region"
    # COPY raises psycopg's own.
    if isinstance(error, SQLAlchemyError | psycopg.Error):
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        return (
            f"the database refused the request: {reason}; if its schema is out of date, run:"
            " python -m jobs migrate"
        )
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}; correct the path, or make room on the disk"
    return None
