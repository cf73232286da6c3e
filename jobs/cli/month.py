"""Commands for a month: from preview and bill to close, verify and export."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from chalicelib.billing.period import Period
from jobs import environment

from .shell import PeriodArgument, end, err, out, say, show_json


def preview(
    period: PeriodArgument,
    factor: Annotated[
        str,
        typer.Option(
            envvar="PREVIEW_FACTOR",
            help="Flag totals more than this many times last month's (or less than 1/N).",
        ),
    ] = "2",
    max_hours: Annotated[
        str,
        typer.Option(
            envvar="PREVIEW_MAX_HOURS",
            help="Flag contractors with more hours than this in the month.",
        ),
    ] = "220",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """
    Show what a run would bill, reject and hold.

    Compares with last month and flags totals that look wrong. Nothing is issued.
    """
    from chalicelib.billing.preview import Bounds
    from chalicelib.steps.preview_month import preview_month
    from jobs import preview as preview_view

    month, bounds = Period.parse(period), Bounds.parse(factor, max_hours)
    found = preview_month(environment.settings(say), month, datetime.now(UTC), bounds)
    if as_json:
        show_json(preview_view.as_json(found))
    else:
        preview_view.show(found, out)
    end(look=found.needs_a_person)


def bill(
    period: PeriodArgument,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait until every PDF is stored and every email sent.")
    ] = False,
) -> None:
    """
    Bill a month: issue its invoices and email them.

    Run it as often as you like: it never issues an invoice twice, and it picks up whatever is left.
    """
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
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    html: Annotated[
        Path | None,
        typer.Option("--html", metavar="FILE", help="Also write an HTML page with charts to FILE."),
    ] = None,
) -> None:
    """
    Show where a month stands.

    The balance, totals, rejected workdays, held contractors, deliveries and dead letters.
    """
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
        say(f"wrote {html}")
    if as_json:
        show_json(report_view.as_json(found, dead))
    else:
        report_view.show(found, out, dead)
    end(look=found.needs_a_person or dead.needs_a_person)


def drift(period: PeriodArgument) -> None:
    """
    List billed work that has changed since.

    For each invoice, shows the days that differ and what correcting it would issue.
    """
    from jobs.drift import show_drift

    month = Period.parse(period)
    end(look=show_drift(environment.settings(say), month, out))


def correct(
    number: Annotated[
        str, typer.Argument(metavar="NUMBER", help="Number of an invoice that drift lists.")
    ],
) -> None:
    """
    Credit an invoice and bill its workdays again.

    For invoices that drift lists: the new invoice uses the workdays and rates recorded today.
    """
    from chalicelib.steps.correct_invoice import correct_invoice
    from jobs.drift import in_words

    settings = environment.settings(say)
    correction = correct_invoice(settings, number, datetime.now(UTC))
    out.print(f"Issued {in_words(correction)}.")
    end(look=correction.rejected > 0)


def close(period: PeriodArgument) -> None:
    """
    Close a month to further billing.

    Its late work is billed in the next open month.
    """
    from chalicelib.steps.close_month import close_period

    month = Period.parse(period)
    close_period(environment.database_url(say), month)
    out.print(f"{month} is closed. Its late work is billed in the next open month.")


def resend(
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="Number of the invoice.")],
) -> None:
    """Email an invoice again, to the contractor's current address."""
    from chalicelib.steps.resend_invoice import resend as queue_again

    address = queue_again(environment.settings(say), number)
    out.print(f"{number} is queued for {address}.", soft_wrap=True)


def redrive() -> None:
    """
    Retry messages that gave up, after you fix the cause.

    Moves the messages in the dead-letter queues back to the queues they came from; report lists
    them with the reason.
    """
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
    """
    Check a month's documents against the ledger.

    Recomputes every document from its workdays and compares the ledger, the PDFs, the e-invoices
    inside them and the Parquet files. Trusts no constraint or trigger of the database, and names
    those that are missing, switched off or changed.
    """
    from jobs.verify import show_verification

    month = Period.parse(period)
    end(look=show_verification(environment.settings(say), month, out))


def export(period: PeriodArgument) -> None:
    """Rewrite a month's Parquet files."""
    from jobs.bill import export as rewrite
    from jobs.wording import counted

    month = Period.parse(period)
    for dataset, rows in rewrite(environment.settings(say), month).items():
        out.print(f"{dataset}: {counted(rows, 'row')}")
