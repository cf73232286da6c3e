"""The local cloud: tried, started, stopped, asked."""

from __future__ import annotations

import shlex
from typing import Annotated

import typer

from jobs import environment

from .shell import Exit, out, say


def demo() -> None:
    """Bill a made-up company's month on a fresh local cloud, and stop it."""
    from jobs.demo import run_demo
    from jobs.report import view as report_view

    shown = run_demo(environment.home(), out)
    report_view.show(shown.report, out)
    report_view.show_places(shown, out)
    delivered = shown.report.balanced and shown.report.arrived
    raise typer.Exit(Exit.DONE if delivered else Exit.LOOK)


def up() -> None:
    """Start the local cloud, deploy the template on it and keep it running."""
    from cloud.local import addresses

    addresses.show(environment.start_cloud(say), out)
    out.print('Next: eval "$(python -m jobs env)"; python -m jobs load DIR', soft_wrap=True)


def down() -> None:
    """Stop the local cloud; its data stays for the next up."""
    from cloud.local.cloud import down as stop

    stop(environment.home(), say)


def env() -> None:
    """Print the local cloud's environment as lines for a shell."""
    for name, value in sorted(environment.of_cloud().items()):
        typer.echo(f"export {name}={shlex.quote(value)}")


def token(
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="Of somebody in users.csv.")],
) -> None:
    """Print an ID token of the local user pool, for curl and the page."""
    from cloud.local.accounts import token as sign_in

    typer.echo(sign_in(email, environment.of_cloud()))
