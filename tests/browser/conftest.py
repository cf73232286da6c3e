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
from cloud.project import PROJECT
from tests.conftest import scratch

from .visitor import Visitor

EMAIL_SECONDS = 120
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
        bill(cloud_home)
        await_emails(started)
        yield started
    finally:
        down(cloud_home, lambda _sentence: None)


def await_emails(cloud: dict[str, str]) -> None:
    """Wait until no email is in progress."""
    under_way = "SELECT count(*) FROM delivery WHERE status IN ('queued', 'sending', 'sent')"
    deadline = time.monotonic() + EMAIL_SECONDS
    with psycopg.connect(cloud["DATABASE_URL"], autocommit=True) as connection:
        while connection.execute(under_way).fetchone() != (0,):
            assert time.monotonic() < deadline, "some emails are still in progress"
            time.sleep(0.1)


def bill(home: Path) -> None:
    finished = subprocess.run(
        [sys.executable, "-m", "tests.browser.months", str(home)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr


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


@pytest.fixture(scope="package")
def open_page(
    browser: Browser,
    cloud: dict[str, str],
    token: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[..., Visitor]:
    """
    Open the page in a browser profile of its own.

    ``email`` is somebody signed in already, by a real token; ``width``, ``locale`` and
    ``color_scheme`` are the browser's.
    """

    def open_page(email: str | None = None, **options: object) -> Visitor:
        options = {"locale": "en-GB", "viewport": {"width": 1200, "height": 800}} | options
        context = browser.new_context(**options)
        if email:
            context.add_init_script(f"sessionStorage.setItem('token', '{token(email)}')")
        folder = tmp_path_factory.mktemp("photographs")
        return Visitor(context.new_page(), cloud["WEB_ORIGIN"], folder)

    return open_page


@pytest.fixture
def visit(open_page: Callable[..., Visitor]) -> Iterator[Callable[..., Visitor]]:
    """`open_page`, for one test."""
    visitors = []

    def visit(email: str | None = None, **options: object) -> Visitor:
        visitors.append(open_page(email, **options))
        return visitors[-1]

    yield visit
    for visitor in visitors:
        visitor.page.context.close()


@pytest.fixture(scope="package")
def signed_in(open_page: Callable[..., Visitor]) -> Callable[[str], Visitor]:
    """
    Somebody's browser, left open for the tests that follow.

    Loading the page's forty files from the local cloud takes a second of processor: more than
    most tests do with it.
    """
    return cache(open_page)


@pytest.fixture
def contractor(signed_in: Callable[[str], Visitor]) -> Visitor:
    """Марія Ґудзь-Їжакевич, whose October was corrected."""
    return signed_in("maria@hudz.example").afresh()


@pytest.fixture
def accountant(signed_in: Callable[[str], Visitor]) -> Visitor:
    return signed_in("accounts@company.example").afresh()
