"""
A real browser before a real local cloud with two billed months.

The cloud is these tests' own: the functional tests send theirs through failures that would show
here.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from cloud.local import accounts
from cloud.local.cloud import down, up
from cloud.migrate import migrate
from tests.conftest import scratch

from .visitor import Visitor

FIXTURES = Path(__file__).parents[2] / "data" / "fixtures"
# Such an address bounces on AWS and on the local cloud.
BOUNCES = "bounce@simulator.amazonses.com"
MAIL_SECONDS = 120
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="package")
def cloud_home() -> Iterator[Path]:
    with scratch() as folder:
        yield folder


@pytest.fixture(scope="package")
def cloud(cloud_home: Path) -> Iterator[dict[str, str]]:
    """The environment of a cloud with September and October 2026 billed, and one credit note."""
    try:
        started = up(cloud_home, {}, lambda _sentence: None, migrate)
        bill(cloud_home, started)
        yield started
    finally:
        down(cloud_home, lambda _sentence: None)


def bill(home: Path, cloud: dict[str, str]) -> None:
    """One mail bounces; one invoice is corrected after its workdays changed."""
    months = home / "months"
    shutil.copytree(FIXTURES, months)
    change(months / "employees.csv", "chloe@lefevre.example", BOUNCES)
    jobs(home, "load", str(months))
    jobs(home, "bill", "2026-09")
    jobs(home, "bill", "2026-10")
    second = "HUDZ,2026-10-02,DNIPRO,regular"
    change(months / "workdays.csv", f"{second},7.25", f"{second},7.00")
    jobs(home, "load", str(months))
    jobs(home, "correct", "HUDZ-0001")
    await_mails(cloud)


def await_mails(cloud: dict[str, str]) -> None:
    """Until every mail has come to an end."""
    under_way = "SELECT count(*) FROM delivery WHERE status IN ('queued', 'sending', 'sent')"
    deadline = time.monotonic() + MAIL_SECONDS
    with psycopg.connect(cloud["DATABASE_URL"], autocommit=True) as connection:
        while connection.execute(under_way).fetchone() != (0,):
            assert time.monotonic() < deadline, "some mails are still on their way"
            time.sleep(0.1)


def jobs(home: Path, *arguments: str) -> None:
    finished = subprocess.run(
        [sys.executable, "-m", "jobs", *arguments],
        env=os.environ | {"SELFBILL_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert finished.returncode in (0, 1), finished.stderr


def change(file: Path, before: str, after: str) -> None:
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after))


@pytest.fixture(scope="package")
def chromium() -> str:
    """The path of Debian's Chromium, which is installed if need be and if we may."""
    if shutil.which("chromium") is None and os.geteuid() == 0 and shutil.which("apt-get"):
        install = ["apt-get", "install", "--yes", "--no-install-recommends", "chromium"]
        subprocess.run(["apt-get", "update"], capture_output=True, check=False)
        subprocess.run(install, capture_output=True, check=False)
    found = shutil.which("chromium")
    if found is None:
        pytest.fail("the browser tests need Chromium: apt-get install chromium", pytrace=False)
    return found


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="package")
def browser(playwright: Playwright, chromium: str) -> Iterator[Browser]:
    # None of this machine's proxies: they lead away from localhost.
    environment = {n: v for n, v in os.environ.items() if not n.lower().endswith("_proxy")}
    launched = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS, env=environment)
    yield launched
    launched.close()


@pytest.fixture(scope="package")
def token(cloud: dict[str, str]) -> Callable[[str], str]:
    """The token of an account, asked for once."""
    return cache(lambda email: accounts.token(email, cloud))


@pytest.fixture
def visit(
    browser: Browser, cloud: dict[str, str], token: Callable[[str], str], tmp_path: Path
) -> Iterator[Callable[..., Visitor]]:
    """
    Open the page in a browser of one's own.

    ``email`` is somebody signed in already, by a real token; ``width``, ``locale`` and
    ``color_scheme`` are the browser's.
    """
    contexts = []

    def visit(email: str | None = None, **options: object) -> Visitor:
        options = {"locale": "en-GB", "viewport": {"width": 1200, "height": 800}} | options
        context = browser.new_context(**options)
        contexts.append(context)
        if email:
            context.add_init_script(f"sessionStorage.setItem('token', '{token(email)}')")
        return Visitor(context.new_page(), cloud["WEB_ORIGIN"], tmp_path)

    yield visit
    for context in contexts:
        context.close()


@pytest.fixture
def contractor(visit) -> Visitor:
    """Марія Ґудзь-Їжакевич, whose October was corrected."""
    return visit("maria@hudz.example")


@pytest.fixture
def accountant(visit) -> Visitor:
    return visit("accounts@company.example")
