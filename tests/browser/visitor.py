"""Somebody before the page."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from playwright.sync_api import ConsoleMessage, Page, expect

from cloud.local.accounts import PASSWORD

PATIENCE = 15_000
expect.set_options(timeout=PATIENCE)


@dataclass
class Visitor:
    """
    One browser tab.

    Attributes:
        complaints: What the browser held against the page: errors, and breaches of its policy.
    """

    page: Page
    origin: str
    folder: Path
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(PATIENCE)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._hear)

    def _hear(self, message: ConsoleMessage) -> None:
        # The browser reports every answer that is not 200; those are what some tests are about.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.complaints.append(message.text)

    def afresh(self) -> Self:
        """Leave behind whatever an earlier test did, without loading the page again."""
        self.page.unroute_all()
        self.page.context.set_offline(offline=False)
        self.go("nowhere", heading="Not found")
        self.complaints.clear()
        return self

    def go(self, place: str, heading: str) -> None:
        """Open a place of the page and wait for its heading."""
        self.page.goto(f"{self.origin}/#/{place}")
        self.sees(heading)
        expect(self.page.locator("main [aria-busy=true]")).to_have_count(0)

    def sees(self, heading: str) -> None:
        expect(self.page.locator("h1")).to_contain_text(heading)

    def sign_in(self, email: str, password: str = PASSWORD) -> None:
        self.page.get_by_label("Email").fill(email)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Sign in").click()

    @property
    def text(self) -> str:
        return self.page.locator("main").inner_text()

    def panel(self, title: str) -> str:
        """What stands in the panel with a heading."""
        heading = self.page.get_by_role("heading", name=title, exact=True)
        return self.page.locator("section.panel").filter(has=heading).inner_text()

    def rows(self) -> list[str]:
        """The first cell of each row of the page's first table."""
        first = self.page.locator("main table").first.locator("tbody tr > :first-child")
        return [text.split("\n")[0] for text in first.all_inner_texts()]

    def photograph(self, name: str) -> Path:
        file = self.folder / f"{name}.png"
        self.page.screenshot(path=file, full_page=True)
        return file
