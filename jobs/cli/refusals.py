"""What ended a command, as the one sentence that it prints."""

from __future__ import annotations

from chalicelib.billing.errors import BillingError, Defect

DEVELOPER = "for the traceback, run it with: python -X dev -m jobs"


def sentence_of(error: Exception) -> str:
    """
    What *error* says and what to do about it.

    Of what a service refused no more than it says about itself: no row, no statement.
    """
    import psycopg
    from botocore.exceptions import BotoCoreError, ClientError
    from sqlalchemy.exc import SQLAlchemyError

    from chalicelib.store.refusals import DatabaseRefused

    if isinstance(error, BillingError):
        return str(error)
    if isinstance(error, ClientError | BotoCoreError):
        return f"AWS refused the request: {error}; check AWS_ENDPOINT_URL, credentials and region"
    # COPY raises psycopg's own.
    if isinstance(error, SQLAlchemyError | psycopg.Error):
        return str(DatabaseRefused(error))
    if isinstance(error, OSError) and error.strerror:
        return _of_the_system(error)
    if isinstance(error, UnicodeEncodeError):
        return _of_the_encoding(error)
    return f"{Defect(error)}; {DEVELOPER}"


def _of_the_system(error: OSError) -> str:
    if error.filename is None:
        return (
            f"something could not be written: {error.strerror}; make room on the disk, then run it"
            " again"
        )
    return f"{error.filename}: {error.strerror}; correct the path, or make room on the disk"


def _of_the_encoding(error: UnicodeEncodeError) -> str:
    # Half a pair of UTF-16: so Python keeps a byte of the command line that is not text.
    if "\ud800" <= error.object[error.start] <= "\udfff":
        return "what was typed has bytes that are not UTF-8; type it again"
    return f"the output cannot show every character in {error.encoding}; set PYTHONUTF8=1"
