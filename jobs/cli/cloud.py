"""Commands for the local cloud: demo, up, down, env and token."""

from __future__ import annotations

import shlex
import sys
from typing import Annotated

import typer

from jobs import environment
from jobs.console import write

from .shell import Exit, out, say


def demo() -> None:
    """
    Bill a sample company's month on a fresh local cloud.

    Starts a new local cloud in demo/ of SELFBILL_HOME, loads data/fixtures, bills its month, waits
    for every email, prints the report and where the PDFs and emails are, and stops the cloud. The
    exit code is 0 if the run balanced and every invoice was emailed, else 1.
    """
    from jobs.demo import run_demo
    from jobs.report import view as report_view

    shown = run_demo(environment.home(), out)
    report_view.show(shown.report, out)
    report_view.show_places(shown, out)
    delivered = shown.report.balanced and shown.report.arrived
    raise typer.Exit(Exit.DONE if delivered else Exit.LOOK)


def up() -> None:
    """
    Start the local cloud and keep it running.

    Deploys the template on it and prints what to open and who can sign in. Run it again after a
    change to the code.
    """
    from cloud.local import addresses

    addresses.show(environment.start_cloud(say), out)
    out.print("Next: python -m jobs load DIR", soft_wrap=True)


def down() -> None:
    """Stop the local cloud; its data stays for the next up."""
    from cloud.local.cloud import down as stop

    stop(environment.home(), say)


def env() -> None:
    """
    Print the local cloud's settings as shell variables.

    Use it as: eval "$(python -m jobs env)"
    """
    for name, value in sorted(environment.of_cloud().items()):
        write(f"export {name}={shlex.quote(value)}\n", sys.stdout)


def token(
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="Email of a user in users.csv.")],
) -> None:
    """Print an ID token for the local API, to use with curl."""
    from cloud.local.accounts import token as sign_in

    write(f"{sign_in(email, environment.of_cloud())}\n", sys.stdout)
