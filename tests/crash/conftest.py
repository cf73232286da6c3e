"""Fixtures of the crash tests: a site, and each step with what has to be there before it."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import psycopg
import pytest

from cloud.local import aws_services, processes
from cloud.local.home import Home
from tests.builders_ledger import Books
from tests.conftest import create_database, in_database

from . import worker
from .healing import Step, Uninterrupted, uninterrupted
from .worlds import Site, Start

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="package")
def site(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The session's PostgreSQL and an AWS of these tests' own, which outlive every worker."""
    home = Home.at(tmp_path_factory.mktemp("crash"))
    home.prepare()
    with pytest.MonkeyPatch.context() as environment:
        # The server of workers imports them before it knows where the tests are.
        environment.setenv("PYTHONPATH", str(ROOT))
        multiprocessing.set_forkserver_preload(["tests.crash.preloaded"])
        multiprocessing.forkserver.ensure_running()
    aws_services.launch(home, smtp="")
    try:
        aws_services.wait(home)
        yield Site(server_url, aws_services.access(home)["AWS_ENDPOINT_URL"])
    finally:
        processes.stop(home, aws_services.NAME)


@pytest.fixture(scope="package")
def steps(site: Site) -> dict[str, Step]:
    """Every step, by name, from one small month: each begins where the one before it ended."""
    with psycopg.connect(site.server_url, autocommit=True) as server:
        create_database(server, "crash_worked")
    with psycopg.connect(in_database(site.server_url, "crash_worked"), autocommit=True) as books:
        work(Books(books))
    worked = Start("crash_worked")
    issued = after(site, worked, "crash_issued", worker.bill)
    rendered = after(site, issued, "crash_rendered", worker.render, queue="render")
    drifted = after(site, rendered, "crash_drifted", worker.mail, queue="email", drift=True)
    return {
        step.name: step
        for step in (
            Step("bill_month", worked, worker.bill),
            # A correction that was committed sends nothing on when it is run again; the month's
            # next run does.  TestKilledCorrections says what should be.
            Step("correct_invoice", drifted, worker.correct),
            Step("render_invoice", issued, worker.render, "render"),
            Step("email_invoice", rendered, worker.mail, "email"),
        )
    }


def work(books: Books) -> None:
    """Three are billed, one of them with a rejected day and one without an address; one is held."""
    books.employee("ANNA")
    books.workday("ANNA", 1)
    books.workday("ANNA", 2, "2.50", project="BORE", kind="overtime")
    books.workday("ANNA", 3, "25.00")
    books.employee("BORYS", rate="67.2500", full_name="Борис Їжак")
    books.workday("BORYS", 5, "7.75")
    books.employee("CARA", self_billing_agreed_on=None)
    books.workday("CARA", 6)
    books.employee("DORA", email=None)
    books.workday("DORA", 7)


def after(
    site: Site, start: Start, name: str, task, *, queue: str | None = None, drift: bool = False
) -> Start:
    with site.world(start) as world:
        with world.worker() as process:
            process.do(task, world.event(queue))
        world.acknowledge(queue)
        if drift:
            world.books.execute(
                "UPDATE workday SET hours = 6 WHERE work_date = %s", date(2026, 10, 1)
            )
        return site.keep(world, name)


@pytest.fixture(scope="package")
def clean(site: Site, steps: dict[str, Step]) -> dict[str, Uninterrupted]:
    """What each step comes to when nobody kills it."""
    return {name: uninterrupted(site, step) for name, step in steps.items()}
