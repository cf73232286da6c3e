"""SQS batches: every message on its own, failures reported one by one."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

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
    failures = []
    for record in event["Records"]:
        subject = None
        try:
            subject = json.loads(record["body"])[key]
            step(subject)
        except Exception as error:  # one broken message must not send its neighbours round again
            log.exception("message %s failed: %s", record["messageId"], record["body"])
            failures.append({"itemIdentifier": record["messageId"]})
            if keep is not None and isinstance(subject, int):
                _keep(keep, subject, error)
    return {"batchItemFailures": failures}


def _keep(keep: Callable[[int, Exception], None], subject: int, error: Exception) -> None:
    """The log has both errors if the database that would keep the first is itself what failed."""
    try:
        keep(subject, error)
    except Exception:
        log.exception("why %s failed could not be kept in the database", subject)
