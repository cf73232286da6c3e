"""Why a step failed, in one sentence that may be kept and shown."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote

from botocore.exceptions import ClientError
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy.exc import DBAPIError

from chalicelib.billing.errors import BillingError
from chalicelib.store.connection import engine
from chalicelib.store.failures import Step, note_failure
from chalicelib.store.secret import libpq_url

CREDENTIALS = re.compile(r"://[^/\s@]*@")
HIDDEN = "***"


def keeper(database_url: str, step: Step) -> Callable[[int, Exception], None]:
    """What keeps a failure of *step* in the database, for `messages.handle_each`."""

    def keep(subject: int, error: Exception) -> None:
        reason = in_one_sentence(error, database_url)
        with engine(database_url).begin() as connection:
            note_failure(connection, step, subject, reason)

    return keep


def in_one_sentence(error: Exception, database_url: str) -> str:
    """
    What *error* says in its first line, without the credentials of *database_url* or of any URL.

    An error that is worded neither by us nor by AWS is named before it.
    """
    said = (error.orig if isinstance(error, DBAPIError) else None) or error
    lines = str(said).replace("\0", "").strip().splitlines()
    named = [] if isinstance(error, BillingError | ClientError) else [type(said).__name__]
    return _without_secrets(": ".join(named + lines[:1]) or type(said).__name__, database_url)


def _without_secrets(sentence: str, database_url: str) -> str:
    for secret in _secrets(database_url):
        sentence = sentence.replace(secret, HIDDEN)
    return CREDENTIALS.sub(f"://{HIDDEN}@", sentence)


def _secrets(database_url: str) -> list[str]:
    """The password, as itself and as it is written in a URL."""
    password = str(conninfo_to_dict(libpq_url(database_url)).get("password") or "")
    return sorted({password, quote(password), quote(password, safe="")} - {""}, key=len)[::-1]
