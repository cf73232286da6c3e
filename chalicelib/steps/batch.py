"""SQS batches: every message on its own, failures reported one by one."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

from chalicelib.billing.errors import place_of

from .reasons import in_one_sentence

log = logging.getLogger("selfbill")


def handle_each(
    event: dict[str, Any],
    key: str,
    step: Callable[[int], None],
    keep: Callable[[int, Exception], None] | None = None,
) -> dict[str, list[dict[str, str]]]:
    """
    Run *step* with the id under *key* of every message of *event*.

    Args:
        event: As Lambda gives it.
        key: What the messages call the id.
        step: What is to be done with it.
        keep: Told of every failure whose message could be read: the id, and what *step* raised.

    Returns:
        The partial batch response: the messages whose step raised.  SQS delivers those again,
        and sets them aside in the dead-letter queue after the last try.
    """

    def one(body: str) -> None:
        subject = json.loads(body)[key]
        try:
            step(subject)
        except Exception as error:
            if keep is not None and isinstance(subject, int):
                _keep(keep, subject, error)
            raise

    return handle_bodies(event, one)


def handle_bodies(
    event: dict[str, Any], step: Callable[[str], None]
) -> dict[str, list[dict[str, str]]]:
    """Run *step* with the body of every message of *event*; answers as `handle_each` does."""
    failures = []
    for record in event["Records"]:
        try:
            step(record["body"])
        except Exception as error:  # noqa: BLE001 -- one must not send its neighbours round again
            # Not the body: an event of SES has addresses in it.
            _log("message %s failed: %s", record["messageId"], error)
            failures.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failures}


def _keep(keep: Callable[[int, Exception], None], subject: int, error: Exception) -> None:
    """The log has both errors if the database that would keep the first is itself what failed."""
    try:
        keep(subject, error)
    except Exception as lost:  # noqa: BLE001 -- whatever it is, the first error is what counts
        _log("why %s failed could not be kept in the database: %s", subject, lost)


def _log(sentence: str, what: object, error: Exception) -> None:
    """One line, without row data, and where the error was raised."""
    log.error(f"{sentence} [%s]", what, in_one_sentence(error), place_of(error))  # noqa: G004
