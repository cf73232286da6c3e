"""The demo: a sample company's month, from CSV files to emails, on a local cloud of its own."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from chalicelib.aws import s3
from chalicelib.billing.errors import BillingError
from chalicelib.billing.period import Period
from chalicelib.settings import Settings
from chalicelib.store.reporting import PeriodReport
from cloud.local.accounts import open_accounts
from cloud.local.cloud import down, up
from cloud.local.home import OWNER_ONLY, Home
from cloud.migrate import migrate

from .bill import bill, report
from .load.store import load_folder, users

FIXTURES = Path(__file__).parents[1] / "data" / "fixtures"
FIXTURE_PERIOD = Period.month(2026, 10)


class NotADemo(BillingError):
    """The demo's folder contains something else."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        super().__init__(
            f"{folder} was not made by an earlier demo and is left untouched;"
            " move it away, or set SELFBILL_HOME to another folder"
        )


@dataclass(frozen=True, slots=True)
class Shown:
    """What the demo leaves to look at: the report, and the folders of its PDFs and emails."""

    report: PeriodReport
    folder: Path
    documents: Path
    emails: Path


def run_demo(home: Path, console: Console) -> Shown:
    """
    Bill the month of ``data/fixtures`` on a fresh local cloud in ``demo/`` of *home*, and stop it.

    Replaces what an earlier demo left there and touches nothing else in *home*.

    Raises:
        NotADemo: If ``demo/`` is something else.
    """
    folder = home / "demo"
    _clear(folder)
    try:
        # Never the DATABASE_URL of the environment: a demo does not write into real books.
        chosen = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
        environment = up(folder, chosen, console.print, migrate)
        os.environ.update(environment)
        shown = _bill_fixtures(folder, environment, console)
    except BaseException:
        # What stopped the demo is what somebody must know, not what stopped its end.
        with suppress(BillingError):
            down(folder, console.print)
        raise
    down(folder, console.print)
    return shown


def _clear(folder: Path) -> None:
    if not folder.exists() or not any(folder.iterdir()):
        return
    if not Home.at(folder).known:
        raise NotADemo(folder)
    down(folder, lambda _: None)
    shutil.rmtree(folder)


def _bill_fixtures(folder: Path, environment: dict[str, str], console: Console) -> Shown:
    settings = Settings.from_environment(environment)
    loaded = load_folder(FIXTURES, settings.database_url, lambda _: None)
    open_accounts(users(settings.database_url), environment)
    console.print(f"loaded {sum(file.lines for file in loaded):,} lines from data/fixtures")
    bill(settings, FIXTURE_PERIOD, console, wait=True)
    documents = folder / "documents"
    _save_documents(settings.document_bucket, documents)
    return Shown(
        report=report(settings.database_url, FIXTURE_PERIOD),
        folder=folder,
        documents=documents,
        emails=Path(environment["MAIL_FOLDER"]),
    )


def _save_documents(bucket: str, folder: Path) -> None:
    """Save the PDFs by invoice number, because the cloud is about to stop."""
    folder.mkdir(mode=OWNER_ONLY, exist_ok=True)
    for key in s3.keys(bucket, "invoices/"):
        number = Path(key).stem.rpartition("-")[0]
        (folder / f"{number}.pdf").write_bytes(s3.get(bucket, key))
