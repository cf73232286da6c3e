# ruff: noqa: INP001, T201 -- documents are no package; this script talks to a shell
"""
The pictures of the README: the page's month, an invoice, the report.

    .venv/bin/python -m docs.pictures.make

bills the fixtures on a local cloud in a temporary folder, writes the PNG files beside this one,
and removes the cloud.  It needs Chromium (`apt-get install chromium`).
"""

from __future__ import annotations

import io
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pypdfium2
from PIL import Image, ImageOps
from playwright.sync_api import Browser, Page, expect, sync_playwright
from rich.console import Console

from chalicelib.aws import s3
from chalicelib.billing.period import Period
from chalicelib.settings import Settings
from chalicelib.steps.bill_month import bill_month
from cloud.local.accounts import open_accounts, token
from cloud.local.cloud import down, up
from cloud.migrate import migrate
from jobs.bill import follow, report
from jobs.load.store import load_folder, users
from jobs.report.page import write_page

HERE = Path(__file__).parent
FIXTURES = HERE.parents[1] / "data" / "fixtures"

SEPTEMBER, OCTOBER = Period.month(2026, 9), Period.month(2026, 10)
# A fixed moment of issue: the invoice in the picture is the same whenever the picture is made.
ISSUED = datetime(2026, 11, 1, 3, tzinfo=UTC)
ACCOUNTANT = "accounts@company.example"
# In English, with Greek names, overtime and a payment code.
INVOICE = "PAPADOPOULOU-0001"
# Below it an invoice of few lines is empty.
PART_OF_PAGE = 0.72
PATIENCE_SECONDS = 120.0

WIDTH, HEIGHT = 1200, 1000
MARGIN = 14
FRAME = "#d9d6cc"
# Sharp on a dense screen, where a README shows a picture at half of its width.
DENSITY = 1.5
COLOURS = 128
MOST_BYTES = 150_000

CHROMIUM = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]


class TooLarge(Exception):
    """A picture would make every clone of the project heavier."""

    def __init__(self, file: Path, size: int) -> None:
        super().__init__(f"{file.name} has {size:,} bytes; at most {MOST_BYTES:,} are allowed")


def main() -> None:
    """Make all three pictures."""
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("the pictures need Chromium: apt-get install chromium")
    with billed_cloud() as cloud, chromium_browser(chromium) as browser:
        settings = Settings.from_environment(cloud)
        save(month_on_the_page(browser, cloud), "month.png")
        save(invoice(settings.document_bucket), "invoice.png")
        save(report_of_month(browser, settings.database_url), "report.png")


@contextmanager
def billed_cloud() -> Iterator[dict[str, str]]:
    """Start a cloud with the fixtures' September and October billed; yield its environment."""
    with TemporaryDirectory(prefix="selfbill-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        # The server of a cloud that root starts runs as another user.
        home.chmod(0o755)
        try:
            cloud = up(home, {}, print, migrate)
            os.environ.update(cloud)
            bill_fixtures(cloud)
            yield cloud
        finally:
            down(home, print)


def bill_fixtures(cloud: dict[str, str]) -> None:
    """Load and bill `data/fixtures`, and wait for the last email."""
    settings = Settings.from_environment(cloud)
    load_folder(FIXTURES, settings.database_url, print)
    open_accounts(users(settings.database_url), cloud)
    for period in (SEPTEMBER, OCTOBER):
        bill_month(settings, period, ISSUED)
        follow(settings.database_url, period, Console(), patience=PATIENCE_SECONDS)


@contextmanager
def chromium_browser(executable: str) -> Iterator[Browser]:
    # None of this machine's proxies: they lead away from localhost.
    environment: dict[str, str | float | bool] = {
        name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")
    }
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable, args=CHROMIUM, env=environment
        )
        yield browser
        browser.close()


def new_page(browser: Browser) -> Page:
    return browser.new_page(
        locale="en-GB",
        color_scheme="light",
        reduced_motion="reduce",
        viewport={"width": WIDTH, "height": HEIGHT},
        device_scale_factor=DENSITY,
    )


def month_on_the_page(browser: Browser, cloud: dict[str, str]) -> Image.Image:
    """October as the accountant sees it."""
    page = new_page(browser)
    page.add_init_script(f"sessionStorage.setItem('token', '{token(ACCOUNTANT, cloud)}')")
    page.goto(f"{cloud['WEB_ORIGIN']}/#/months/{OCTOBER}")
    expect(page.locator("h1")).to_contain_text("October 2026")
    expect(page.locator("main [aria-busy=true]")).to_have_count(0)
    return screenshot(page)


def invoice(bucket: str) -> Image.Image:
    """The first page of `INVOICE`, as the contractor gets it."""
    key = next(key for key in s3.keys(bucket, f"invoices/{OCTOBER}/") if INVOICE in key)
    page: Image.Image = pypdfium2.PdfDocument(s3.get(bucket, key))[0].render(scale=2).to_pil()
    return page.crop((0, 0, page.width, round(page.height * PART_OF_PAGE)))


def report_of_month(browser: Browser, database_url: str) -> Image.Image:
    """The top of October's report as a file for a browser."""
    with TemporaryDirectory() as folder:
        file = Path(folder, "report.html")
        write_page(report(database_url, OCTOBER), file)
        page = new_page(browser)
        page.goto(file.as_uri())
        return screenshot(page)


def screenshot(page: Page) -> Image.Image:
    """The top of *page*, down to the last panel that fits whole."""
    panels = [panel.bounding_box() for panel in page.locator("main section").all()]
    ends = [panel["y"] + panel["height"] for panel in panels if panel]
    bottom = max(end for end in ends if end <= HEIGHT) + MARGIN
    shot = page.screenshot(clip={"x": 0, "y": 0, "width": WIDTH, "height": min(bottom, HEIGHT)})
    return Image.open(io.BytesIO(shot))


def save(picture: Image.Image, name: str) -> None:
    """
    Write *picture* beside this script, in few colours.

    Raises:
        TooLarge: If the file is too heavy for a clone.
    """
    file = HERE / name
    framed = ImageOps.expand(picture.convert("RGB"), border=2, fill=FRAME)
    flat = framed.quantize(COLOURS, dither=Image.Dither.NONE)
    flat.save(file, optimize=True)
    print(f"{file.name}: {flat.width} x {flat.height}, {file.stat().st_size:,} bytes")
    if file.stat().st_size > MOST_BYTES:
        raise TooLarge(file, file.stat().st_size)


if __name__ == "__main__":
    main()
