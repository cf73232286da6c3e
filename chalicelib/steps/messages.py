"""SQS batches: every message on its own, failures reported one by one."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

log = logging.getLogger("selfbill")


def handle_each(
    event: dict[str, Any], key: str, step: Callable[[int], None]
) -> dict[str, list[dict[str, str]]]:
    """
    Run *step* with the id under *key* of every message of *event*.

    Returns:
        The partial batch response: the messages whose step raised.  SQS delivers those again,
        and sets them aside in the dead-letter queue after the last try.
    """
    failures = []
    for record in event["Records"]:
        try:
            step(json.loads(record["body"])[key])
        except Exception:  # one broken message must not send its neighbours round again
            log.exception("message %s failed: %s", record["messageId"], record["body"])
            failures.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failures}
