"""
Delivering a month: the local cloud's Lambdas render, store and email every document.

The floor is rendering alone: the same documents one after the other in one process, with nothing
read, stored or sent.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

import psutil
from rich.table import Table
from sqlalchemy import text

from chalicelib.documents.invoice_pdf import render
from chalicelib.documents.printed import PrintedInvoice, printed
from chalicelib.settings import Settings
from chalicelib.steps.sweep import fan_out
from chalicelib.store import records
from chalicelib.store.connection import engine
from cloud.local import aws_services, mailbox, processes
from cloud.local.cloud import down, up
from cloud.local.home import Home
from cloud.migrate import migrate

from .claims import Claim, Measured, Speed
from .data import PERIOD, invoices_of, month_of
from .processes import in_fresh_process
from .server import Server
from .sizes import Sizes
from .stages import run_month

ABOVE_RENDERING = 1.5
POLL_SECONDS = 0.05
PATIENCE_SECONDS = 600.0

PROGRESS = text("""
    SELECT count(*) AS deliveries, count(*) FILTER (WHERE status IN ('sent', 'delivered')) AS sent,
           count(*) FILTER (WHERE status NOT IN ('queued', 'sending')) AS ended,
           (SELECT count(*) FROM document) AS documents
    FROM delivery
""")


class NotDrained(Exception):
    """Not every invoice was rendered and emailed, so there is nothing to compare."""


def against_rendering(server: Server, sizes: Sizes) -> Measured:
    """Rendering and emailing takes at most half as long again as rendering alone."""
    invoices = invoices_of(sizes.emailed_month)
    server.prepare("drain", month_of(sizes.emailed_month))
    with server.copy_of("drain") as url:
        in_fresh_process(run_month, url)
        rendering = in_fresh_process(render_all, url)
        with local_cloud(url) as (home, environment):
            before = computed(home)
            wall, rendered = in_fresh_process(drain, environment, invoices)
            spent = {who: seconds - before[who] for who, seconds in computed(home).items()}
        again = in_fresh_process(render_all, url)
    floor = (rendering + again) / 2
    claims: list[Claim] = [
        Speed(
            f"{invoices:,} invoices rendered and emailed",
            wall,
            floor,
            "rendering alone, one process",
            ABOVE_RENDERING,
        )
    ]
    return Measured(claims, _where(invoices, wall, rendered, spent))


def render_all(url: str) -> float:
    """Seconds to draw every invoice at *url*, once all is read."""
    invoices = list(printed_invoices(url))
    started = perf_counter()
    for invoice in invoices:
        render(invoice)
    return perf_counter() - started


def printed_invoices(url: str) -> Iterator[PrintedInvoice]:
    with engine(url).connect() as connection:
        ids = connection.execute(text("SELECT id FROM invoice ORDER BY id")).scalars().all()
        for invoice_id in ids:
            invoice = records.invoice_by_id(connection, invoice_id)
            assert invoice is not None
            lines = records.lines_of(connection, invoice_id)
            yield printed(invoice, lines, records.days_of(connection, invoice_id))


@contextmanager
def local_cloud(url: str) -> Iterator[tuple[Home, dict[str, str]]]:
    """A cloud of its own for the ledger at *url*, its Lambdas not yet started."""
    with tempfile.TemporaryDirectory(
        prefix="selfbill-bench-", ignore_cleanup_errors=True
    ) as folder:
        home = Path(folder)
        try:
            yield Home.at(home), up(home, {"DATABASE_URL": url}, lambda _: None, migrate)
        finally:
            down(home, lambda _: None)


def computed(home: Home) -> dict[str, float]:
    """Seconds of processor that the parts of a cloud have had so far, starting included."""
    services, mailboxes = (
        processes.alive(home, name) for name in (aws_services.NAME, mailbox.NAME)
    )
    lambdas = services.children(recursive=True) if services else []
    return {
        "our Lambdas": sum(map(_seconds, lambdas)),
        "the local AWS services": _seconds(services) if services else 0.0,
        "the local mailbox": _seconds(mailboxes) if mailboxes else 0.0,
    }


def _seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def drain(environment: dict[str, str], invoices: int) -> tuple[float, float]:
    """
    Queue all *invoices* and wait for their emails.

    Returns:
        Seconds from the first message to the last email, and to the last document.

    Raises:
        NotDrained: If an email was not accepted, or they take too long.
    """
    os.environ.update(environment)
    settings = Settings.from_environment(os.environ)
    with engine(settings.database_url).connect() as connection:
        started = perf_counter()
        fan_out(connection, settings, PERIOD)
        rendered = None
        while (taken := perf_counter() - started) < PATIENCE_SECONDS:
            row = connection.execute(PROGRESS).mappings().one()
            connection.rollback()
            if rendered is None and row["documents"] == invoices:
                rendered = taken
            if row["ended"] == row["deliveries"]:
                break
            time.sleep(POLL_SECONDS)
    if rendered is None or row["sent"] != invoices:
        raise NotDrained(dict(row))
    return taken, rendered


def _where(invoices: int, wall: float, rendered: float, spent: dict[str, float]) -> Table:
    table = Table("what", "seconds", title=f"Delivering {invoices:,} invoices")
    table.add_row("to the last document", f"{rendered:.1f}")
    table.add_row("to the last email", f"{wall:.1f}")
    for who, seconds in spent.items():
        table.add_row(f"of processor, {who}", f"{seconds:.1f}")
    return table
