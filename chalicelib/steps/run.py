"""What every run shares, whether it bills, previews or corrects: its start, its record, its end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError

from chalicelib.billing.errors import BillingError
from chalicelib.billing.month import Extract
from chalicelib.billing.payer import Payer
from chalicelib.billing.period import Period
from chalicelib.billing.sharding import Shard
from chalicelib.documents.pdf.coverage import unprintable
from chalicelib.export.parquet import export_period
from chalicelib.settings import Settings
from chalicelib.store.closing import PeriodClosed, billed_from, open_from
from chalicelib.store.connection import check_reachable, engine
from chalicelib.store.extraction import extract
from chalicelib.store.refusals import DatabaseRefused
from chalicelib.store.runs import fail_run, start_run

from .reasons import in_one_sentence
from .sweep import fan_out


class UnprintablePayer(BillingError):
    """The company's own name or address cannot be printed on any invoice."""

    def __init__(self, letters: str, settings: list[str]) -> None:
        self.letters = letters
        self.settings = settings
        super().__init__(
            f"the invoice font cannot print {letters} in {' or '.join(settings)};"
            f" spell it without {letters}"
        )


def ready(settings: Settings) -> Engine:
    """
    The ledger, once it is sure that it answers and that invoices can be printed.

    Raises:
        DatabaseUnreachable: If the database does not answer.
        UnprintablePayer: If the fonts lack a letter of the payer's.
    """
    _check_printable(settings.payer)
    check_reachable(settings.database_url)
    return engine(settings.database_url)


def _check_printable(payer: Payer) -> None:
    printed = {
        "PAYER_NAME": payer.name,
        "PAYER_ADDRESS": payer.address,
        "PAYER_COUNTRY": payer.country,
        "PAYER_TAX_ID": payer.tax_id,
    }
    if letters := unprintable(" ".join(printed.values())):
        raise UnprintablePayer(
            letters, [name for name, text in printed.items() if unprintable(text)]
        )


@contextmanager
def attempt(
    ledger: Engine,
    connection: Connection,
    period: Period,
    *,
    corrects: int | None = None,
    shard: Shard | None = None,
) -> Iterator[int]:
    """A run's row around what it does: whatever stops it is kept there."""
    run_id = start_run(connection, period, corrects=corrects, shard=shard)
    try:
        yield run_id
    except BaseException as error:
        _note_failure(ledger, run_id, error)
        raise


def _note_failure(ledger: Engine, run_id: int, error: BaseException) -> None:
    """On a connection of its own, as the run's may be what broke.  Lost, the next run notes it."""
    try:
        with ledger.connect() as connection:
            fail_run(connection, run_id, in_one_sentence(error))
    except OperationalError as lost:
        error.add_note(f"run {run_id} could not be marked as failed: {DatabaseRefused(lost)}")


def refuse_closed(connection: Connection, period: Period) -> None:
    following = open_from(connection, period)
    connection.rollback()
    if following != period:
        raise PeriodClosed(period, following)


def extract_month(connection: Connection, period: Period, shard: Shard | None = None) -> Extract:
    """What a run of *period* bills: its own unbilled workdays and late ones of closed periods."""
    since = billed_from(connection, period)
    connection.rollback()
    return extract(connection, since, period.end, shard)


def issue_date(settings: Settings, now: datetime) -> date:
    """The date that an invoice issued *now* carries."""
    return now.astimezone(settings.billing_timezone).date()


def send_on(connection: Connection, settings: Settings, period: Period) -> tuple[int, int]:
    """After the commit: `fan_out` and the export, while the period is still locked."""
    sent = fan_out(connection, settings, period)
    export_period(connection, settings.export_bucket, period)
    return sent
