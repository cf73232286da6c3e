"""A month's life: previewed, billed, reported, corrected, closed, verified, exported."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from chalicelib.billing.period import Period
from jobs import environment

from .shell import PeriodArgument, end, err, out, say


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
    found = preview_month(environment.settings(say), month, datetime.now(UTC), bounds)
    if as_json:
        typer.echo(json.dumps(preview_view.as_json(found), indent=2, ensure_ascii=False))
    else:
        preview_view.show(found, out)
    end(look=found.needs_a_person)


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
    settings = environment.settings(say)
    outcome = run(settings, month, err, wait=wait)
    report = read(settings.database_url, month)
    report_view.show(report, out)
    report_view.show_run(outcome, out)
    report_view.show_cloud_places(os.environ, month, out)
    end(look=report.needs_a_person or (wait and not report.arrived))


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
    database_url = environment.database_url(say)
    found = read(database_url, month)
    named = environment.queues_of(database_url, say)
    with err.status("reading dead letters") as status:
        dead = dead_letters.find(
            named, database_url, lambda count: status.update(f"reading dead letters: {count:,}")
        )
    if html is not None:
        write_page(found, html, dead)
        say(f"written to {html}")
    if as_json:
        typer.echo(json.dumps(report_view.as_json(found, dead), indent=2, ensure_ascii=False))
    else:
        report_view.show(found, out, dead)
    end(look=found.needs_a_person or dead.needs_a_person)


def drift(period: PeriodArgument) -> None:
    """Show what changed upstream since it was billed, and what correcting it would do."""
    from jobs.drift import show_drift

    month = Period.parse(period)
    end(look=show_drift(environment.settings(say), month, out))


def correct(
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="Of an invoice with drift.")],
) -> None:
    """Credit an invoice whose workdays have changed, and bill them anew."""
    from chalicelib.steps.correct_invoice import correct_invoice
    from jobs.drift import in_words

    settings = environment.settings(say)
    correction = correct_invoice(settings, number, datetime.now(UTC))
    out.print(f"Issued {in_words(correction)}.")
    end(look=correction.rejected > 0)


def close(period: PeriodArgument) -> None:
    """Close a month: late work of it is billed with the next open one."""
    from chalicelib.steps.close_month import close_period

    month = Period.parse(period)
    close_period(environment.database_url(say), month)
    out.print(f"{month} is closed; late work of it is billed in the next open month.")


def resend(
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="Of an invoice.")],
) -> None:
    """Mail an invoice once more, to its contractor's address of today."""
    from chalicelib.steps.resend_invoice import resend as queue_again

    address = queue_again(environment.settings(say), number)
    out.print(f"{number} is queued for {address}.", markup=False)


def redrive() -> None:
    """Send what is in the dead-letter queues round again, once its cause is settled."""
    from chalicelib.store.connection import check_reachable
    from jobs.dead_letters import redrive as redriving

    database_url = environment.database_url(say)
    check_reachable(database_url)
    named = environment.queues_of(database_url, say)
    with err.status("redriving") as status:
        done = redriving.redrive(
            named, database_url, lambda count: status.update(f"redriving: {count:,}")
        )
    redriving.show(done, out)
    end(look=bool(done.left))


def verify(period: PeriodArgument) -> None:
    """Recompute every document of a month and compare ledger, PDFs and Parquet."""
    from jobs.verify import show_verification

    month = Period.parse(period)
    end(look=show_verification(environment.settings(say), month, out))


def export(period: PeriodArgument) -> None:
    """Rewrite a month's Parquet files."""
    from jobs.bill import export as rewrite

    month = Period.parse(period)
    for dataset, rows in rewrite(environment.settings(say), month).items():
        out.print(f"{dataset}: {rows:,} rows")
