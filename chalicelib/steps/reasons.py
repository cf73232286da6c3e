"""Why a step failed, in one sentence that may be kept, shown and logged."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import quote

import psycopg
from botocore.exceptions import BotoCoreError, ClientError
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy.exc import SQLAlchemyError

from chalicelib.billing.errors import BillingError, Defect
from chalicelib.billing.escapes import on_one_line
from chalicelib.store.connection import engine
from chalicelib.store.failures import Step, note_failure
from chalicelib.store.refusals import DatabaseRefused
from chalicelib.store.secret import libpq_url

CREDENTIALS = re.compile(r"://[^/\s@]*@")
HIDDEN = "***"


class StepFailed(BillingError):
    """What a function failed on, in one sentence."""


@contextmanager
def telling() -> Iterator[None]:
    """
    Around a Lambda: what leaves it is one sentence, as Lambda logs it and answers it.

    Raises:
        StepFailed: Instead of any error but ours and AWS's, which are raised again alone.
    """
    try:
        yield
    except (BillingError, BotoCoreError, ClientError) as error:
        # Without what it was raised from, which would be logged as well.
        raise error from None
    except Exception as error:  # noqa: BLE001 -- raised again, as a sentence
        raise StepFailed(in_one_sentence(error)).with_traceback(error.__traceback__) from None


def keeper(database_url: str, step: Step) -> Callable[[int, Exception], None]:
    """What keeps a failure of *step* in the database, for `batch.handle_each`."""

    def keep(subject: int, error: Exception) -> None:
        reason = in_one_sentence(error, database_url)
        with engine(database_url).begin() as connection:
            note_failure(connection, step, subject, reason)

    return keep


def in_one_sentence(error: BaseException, database_url: str | None = None) -> str:
    """
    Why *error* happened, on one line, without row data and without the credentials of any URL.

    An error that is worded neither by us nor by AWS is told by what it means or by where it
    happened: its own words may quote a row.

    Args:
        error: What was raised.
        database_url: The ledger's; that of the environment if left out.
    """
    url = os.environ.get("DATABASE_URL", "") if database_url is None else database_url
    return _without_secrets(on_one_line(_first_line(error)), url)


def _first_line(error: BaseException) -> str:
    if isinstance(error, psycopg.Error | SQLAlchemyError):
        return str(DatabaseRefused(error))
    if isinstance(error, BillingError | BotoCoreError | ClientError):
        lines = str(error).strip().splitlines()
        return lines[0] if lines else type(error).__name__
    if isinstance(error, OSError) and error.strerror:
        return f"{type(error).__name__}: {error.strerror}"
    return str(Defect(error)) if isinstance(error, Exception) else type(error).__name__


def _without_secrets(sentence: str, database_url: str) -> str:
    for secret in _secrets(database_url):
        sentence = sentence.replace(secret, HIDDEN)
    return CREDENTIALS.sub(f"://{HIDDEN}@", sentence)


def _secrets(database_url: str) -> list[str]:
    """The password, as itself and as it is written in a URL."""
    try:
        known = conninfo_to_dict(libpq_url(database_url))
    except (psycopg.Error, BillingError):
        return []
    password = str(known.get("password") or "")
    return sorted({password, quote(password), quote(password, safe="")} - {""}, key=len)[::-1]
