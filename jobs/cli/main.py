"""
The command line: text in, exit codes out.

0 done; 1 finished with something a person must look at; 2 refused or failed, in one sentence.
"""

from __future__ import annotations

import json
import os
import shlex
import sys
from datetime import UTC, datetime
from enum import IntEnum
from pathlib import Path
from typing import Annotated

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.table import Table
from sqlalchemy.exc import SQLAlchemyError

from chalicelib.billing.errors import BillingError
from chalicelib.billing.period import Period
from chalicelib.store.connection import check_reachable
from jobs import environment
from jobs.import_time.clock import DateOrder
from jobs.import_time.tools import ToolName
from jobs.query.forms import Form, form_of

app = typer.Typer(
    help="Selfbill: contractors' workdays in, issued and delivered self-billed invoices out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
out = Console()
err = Console(stderr=True, soft_wrap=True, highlight=False)

REFUSALS_SHOWN = 20
# As the template has it.
DEFAULT_ZONE = "Europe/Kyiv"

PeriodArgument = Annotated[str, typer.Argument(metavar="PERIOD", help="A month, as YYYY-MM.")]


class Exit(IntEnum):
    """What the shell is told."""

    DONE = 0
    LOOK = 1
    FAILED = 2


def main() -> None:
    """Run one command; whatever was anticipated ends as one sentence and exit code 2."""
    try:
        app()
    except BillingError as error:
        _fail(str(error))
    except (ClientError, BotoCoreError) as error:
        _fail(f"AWS refused: {error}; check AWS_ENDPOINT_URL and what python -m jobs env prints")
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        _fail(f"the database refused: {reason}; if its schema is old, run: python -m jobs migrate")


def _fail(sentence: str) -> None:
    err.print(f"Error: {sentence}", style="red", markup=False)
    sys.exit(Exit.FAILED)


def _say(sentence: str) -> None:
    err.print(sentence, style="dim", markup=False)


def _end(*, look: bool) -> None:
    raise typer.Exit(Exit.LOOK if look else Exit.DONE)


@app.command()
def demo() -> None:
    """Bill a made-up company's month on a fresh local cloud, and stop it."""
    from jobs.demo import run_demo
    from jobs.report import view as report_view

    shown = run_demo(environment.home(), out)
    report_view.show(shown.report, out)
    report_view.show_places(shown, out)
    delivered = shown.report.balanced and shown.report.arrived
    raise typer.Exit(Exit.DONE if delivered else Exit.LOOK)


@app.command()
def up() -> None:
    """Start the local cloud, deploy the template on it and keep it running."""
    from cloud.local import addresses

    addresses.show(environment.start_cloud(_say), out)
    out.print('Next: eval "$(python -m jobs env)"; python -m jobs load DIR', soft_wrap=True)


@app.command()
def down() -> None:
    """Stop the local cloud; its data stays for the next up."""
    from cloud.local.cloud import down as stop

    stop(environment.home(), _say)


@app.command()
def env() -> None:
    """Print the local cloud's environment as lines for a shell."""
    for name, value in sorted(environment.of_cloud().items()):
        typer.echo(f"export {name}={shlex.quote(value)}")


@app.command()
def migrate() -> None:
    """Bring the database to the newest schema."""
    from cloud.migrate import migrate as bring_up_to_date

    bring_up_to_date(environment.database_url(_say))
    out.print("The database has the newest schema.")


@app.command()
def load(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="CSV files; see data/fixtures for their columns.")
    ],
) -> None:
    """Load master data, workdays and users from CSV files; loading twice changes nothing."""
    from jobs.load.store import load_folder

    database_url = environment.database_url(_say)
    with err.status("loading") as status:
        loaded = load_folder(folder, database_url, lambda name: status.update(f"loading {name}"))
        _open_accounts(database_url)
    table = Table("file", "lines", "new or changed", "refused", box=None)
    for file in loaded:
        counts = (file.lines, file.changed, len(file.refusals))
        table.add_row(file.file, *(f"{count:,}" for count in counts))
    out.print(table)
    refusals = [refusal for file in loaded for refusal in file.refusals]
    for refusal in refusals[:REFUSALS_SHOWN]:
        err.print(f"refused {refusal}", style="yellow", markup=False)
    if len(refusals) > REFUSALS_SHOWN:
        err.print(f"and {len(refusals) - REFUSALS_SHOWN} more; correct these and load again")
    _end(look=bool(refusals))


def _open_accounts(database_url: str) -> None:
    """Give every user an account in the local pool; a real pool's are opened by its operator."""
    from cloud.local.accounts import open_accounts
    from cloud.local.cloud import running
    from jobs.load.store import users

    cloud = running(environment.home())
    if cloud and cloud["DATABASE_URL"] == database_url:
        open_accounts(users(database_url), cloud)


@app.command()
def bill(
    period: PeriodArgument,
    wait: Annotated[
        bool, typer.Option("--wait", help="Follow documents and mails to their end.")
    ] = False,
) -> None:
    """Run a month: extract, validate, balance, issue, send out."""
    from jobs.bill import bill as run
    from jobs.bill import report as read
    from jobs.report import view as report_view

    month = Period.parse(period)
    settings = environment.settings(_say)
    outcome = run(settings, month, err, wait=wait)
    report = read(settings.database_url, month)
    report_view.show(report, out)
    report_view.show_run(outcome, out)
    report_view.show_cloud_places(os.environ, month, out)
    _end(look=report.needs_a_person or (wait and not report.arrived))


@app.command()
def report(
    period: PeriodArgument,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="A page with charts, for people.")
    ] = None,
) -> None:
    """Show how a month stands: balance, money, rejects, helds, deliveries, what is set aside."""
    from jobs.bill import report as read
    from jobs.dead_letters import find as dead_letters
    from jobs.report import view as report_view
    from jobs.report.page import write_page

    month = Period.parse(period)
    database_url = environment.database_url(_say)
    found = read(database_url, month)
    named = environment.queues_of(database_url, _say)
    with err.status("reading dead letters") as status:
        dead = dead_letters.find(
            named, database_url, lambda count: status.update(f"reading dead letters: {count:,}")
        )
    if html is not None:
        write_page(found, html, dead)
        _say(f"written to {html}")
    if as_json:
        typer.echo(json.dumps(report_view.as_json(found, dead), indent=2, ensure_ascii=False))
    else:
        report_view.show(found, out, dead)
    _end(look=found.needs_a_person or dead.needs_a_person)


@app.command()
def resend(
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="Of an invoice.")],
) -> None:
    """Mail an invoice once more, to its contractor's address of today."""
    from chalicelib.steps.resend_invoice import resend as queue_again

    address = queue_again(environment.settings(_say), number)
    out.print(f"{number} is queued for {address}.", markup=False)


@app.command()
def redrive() -> None:
    """Send what is in the dead-letter queues round again, once its cause is settled."""
    from jobs.dead_letters import redrive as redriving

    database_url = environment.database_url(_say)
    check_reachable(database_url)
    named = environment.queues_of(database_url, _say)
    with err.status("redriving") as status:
        done = redriving.redrive(
            named, database_url, lambda count: status.update(f"redriving: {count:,}")
        )
    redriving.show(done, out)
    _end(look=bool(done.left))


@app.command()
def preview(
    period: PeriodArgument,
    factor: Annotated[
        str,
        typer.Option(envvar="PREVIEW_FACTOR", help="Flag totals so many times last month's."),
    ] = "2",
    max_hours: Annotated[
        str, typer.Option(envvar="PREVIEW_MAX_HOURS", help="Flag more hours a month than these.")
    ] = "220",
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Show what a run would bill, reject and hold, and what looks wrong; nothing is issued."""
    from chalicelib.billing.preview import Bounds
    from chalicelib.steps.preview_month import preview_month
    from jobs import preview as preview_view

    month, bounds = Period.parse(period), Bounds.parse(factor, max_hours)
    found = preview_month(environment.settings(_say), month, datetime.now(UTC), bounds)
    if as_json:
        typer.echo(json.dumps(preview_view.as_json(found), indent=2, ensure_ascii=False))
    else:
        preview_view.show(found, out)
    _end(look=found.needs_a_person)


@app.command()
def drift(period: PeriodArgument) -> None:
    """Show what changed upstream since it was billed, and what correcting it would do."""
    from jobs.drift import show_drift

    month = Period.parse(period)
    _end(look=show_drift(environment.settings(_say), month, out))


@app.command()
def correct(
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="Of an invoice with drift.")],
) -> None:
    """Credit an invoice whose workdays have changed, and bill them anew."""
    from chalicelib.steps.correct_invoice import correct_invoice
    from jobs.drift import in_words

    settings = environment.settings(_say)
    correction = correct_invoice(settings, number, datetime.now(UTC))
    out.print(f"Issued {in_words(correction)}.")
    _end(look=correction.rejected > 0)


@app.command()
def close(period: PeriodArgument) -> None:
    """Close a month: late work of it is billed with the next open one."""
    from jobs.drift import close_period

    month = Period.parse(period)
    close_period(environment.database_url(_say), month)
    out.print(f"{month} is closed; late work of it is billed in the next open month.")


@app.command()
def verify(period: PeriodArgument) -> None:
    """Recompute every document of a month and compare ledger, PDFs and Parquet."""
    from jobs.verify import show_verification

    month = Period.parse(period)
    _end(look=show_verification(environment.settings(_say), month, out))


@app.command()
def export(period: PeriodArgument) -> None:
    """Rewrite a month's Parquet files."""
    from jobs.bill import export as rewrite

    month = Period.parse(period)
    for dataset, rows in rewrite(environment.settings(_say), month).items():
        out.print(f"{dataset}: {rows:,} rows")


@app.command()
def query(
    question: Annotated[
        str,
        typer.Argument(
            metavar="FILE_OR_SQL", help="A file, SQL in quotes, or a question of sql/analyst."
        ),
    ],
    source: Annotated[
        str | None,
        typer.Option("--from", metavar="DIR", help="A copy of the export; else its bucket."),
    ] = None,
    form: Annotated[Form | None, typer.Option("--format", help="How to write the answer.")] = None,
    file: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Where to write the answer.")
    ] = None,
) -> None:
    """Ask the export with DuckDB; the views of sql/analyst are ready."""
    from jobs.query import answers, ask, sources

    sql, written = ask.text_of(question), form_of(form, file)
    with ask.answered(sql, sources.chosen(source, _say)) as answer:
        answers.write(answer, written, file, out)


@app.command()
def import_time(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A detailed CSV export.")],
    tool: Annotated[ToolName, typer.Option("--format", help="The tool that wrote it.")],
    target: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Else the terminal.")
    ] = None,
    zone: Annotated[
        str, typer.Option(envvar="BILLING_TIMEZONE", help="Of the times in the file.")
    ] = DEFAULT_ZONE,
    days: Annotated[
        str | None, typer.Option(help="The zone whose midnights part the days; else --zone.")
    ] = None,
    dates: Annotated[
        DateOrder | None, typer.Option(help="What dates like 03/04/2026 begin with.")
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option(
            "--from", metavar="DIR", help="Employees and projects as CSV; else the database."
        ),
    ] = None,
) -> None:
    """Turn another tool's time export into a workdays.csv for load."""
    from jobs.import_time import command as importing

    known = importing.known(folder, _say)
    imported = importing.run(file, tool, known, (zone, days), dates)
    importing.write(imported, target, out)
    importing.tell(imported, err)
    _end(look=imported.needs_a_person)


@app.command()
def package(
    out_folder: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Where zips and template go.")
    ] = Path("build"),
    stage: Annotated[
        str, typer.Option(metavar="STAGE", help="One of .chalice/config.json.")
    ] = "dev",
    bucket: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Upload to this bucket, and write packaged.yaml too."),
    ] = None,
) -> None:
    """Build what deploys on AWS: a zip for each kind of function, and the template."""
    from cloud.local.processes import PROJECT
    from cloud.package import view
    from cloud.package.build import build

    with err.status("packaging") as status:
        built = build(PROJECT, out_folder, stage, lambda step: status.update(f"packaging: {step}"))
    view.show(built, out)
    if bucket:
        import boto3

        from cloud.package.upload import upload

        with err.status(f"uploading to {bucket}"):
            uploaded = upload(built, bucket, boto3.client("s3"))
        out.print(f"{uploaded} names them in {bucket}.", soft_wrap=True, markup=False)


@app.command()
def token(
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="Of somebody in users.csv.")],
) -> None:
    """Print an ID token of the local user pool, for curl and the page."""
    from cloud.local.accounts import token as sign_in

    typer.echo(sign_in(email, environment.of_cloud()))
