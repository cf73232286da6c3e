"""
The command line: text in, exit codes out.

0 done; 1 finished with something a person must look at; 2 refused or failed, in one sentence.

A command imports what it needs when it runs, so that help and a refusal come at once.
"""

from __future__ import annotations

import typer

from chalicelib.billing.errors import BillingError

from . import cloud, data, month, release
from .shell import fail

COMMANDS = (
    cloud.demo,
    cloud.up,
    cloud.down,
    cloud.env,
    release.migrate,
    data.load,
    month.preview,
    month.bill,
    month.report,
    month.drift,
    month.correct,
    month.close,
    month.resend,
    month.redrive,
    month.verify,
    month.export,
    data.query,
    data.import_time,
    release.package,
    cloud.token,
)

app = typer.Typer(
    help="Selfbill: contractors' workdays in, issued and delivered self-billed invoices out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for command in COMMANDS:
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
    from botocore.exceptions import BotoCoreError, ClientError
    from sqlalchemy.exc import SQLAlchemyError

    if isinstance(error, ClientError | BotoCoreError):
        return f"AWS refused: {error}; check AWS_ENDPOINT_URL and what python -m jobs env prints"
    if isinstance(error, SQLAlchemyError):
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        return f"the database refused: {reason}; if its schema is old, run: python -m jobs migrate"
    return None
