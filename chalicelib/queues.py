"""SQS: one small JSON message per invoice or delivery."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING

import boto3
import stamina

from chalicelib.billing.errors import BillingError

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

# What SQS takes in one call.
BATCH = 10
SENDERS = 8


class MessagesRefused(BillingError):
    """SQS took the call and refused some of its messages."""

    def __init__(self, queue_url: str, reasons: list[str]) -> None:
        self.queue_url = queue_url
        self.reasons = reasons
        super().__init__(
            f"the queue {queue_url} refused {len(reasons)} messages ({reasons[0]});"
            " run the month again to send what is missing"
        )


@cache
def client() -> SQSClient:
    """The process's SQS client."""
    return boto3.client("sqs")


def publish(queue_url: str, key: str, ids: Sequence[int]) -> None:
    """
    Send ``{key: id}`` for each of *ids*, in parallel batches; the order of arrival is open.

    Raises:
        MessagesRefused: If SQS still refuses a message after retries.
    """
    messages = ({key: number} for number in ids)
    with ThreadPoolExecutor(SENDERS) as senders:
        batches = _batches(messages)
        for _ in senders.map(lambda batch: _send(queue_url, batch), batches):
            pass


def is_idle(queue_url: str) -> bool:
    """Whether a queue has nothing waiting and nothing being worked on, as far as SQS knows."""
    answer = client().get_queue_attributes(
        QueueUrl=queue_url,
        AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
    )
    return not any(int(count) for count in answer["Attributes"].values())


def _batches(
    messages: Iterable[dict[str, int]],
) -> Iterable[list[SendMessageBatchRequestEntryTypeDef]]:
    remaining = iter(messages)
    while batch := list(islice(remaining, BATCH)):
        yield [
            {"Id": str(place), "MessageBody": json.dumps(message)}
            for place, message in enumerate(batch)
        ]


@stamina.retry(on=MessagesRefused, attempts=4)
def _send(queue_url: str, entries: list[SendMessageBatchRequestEntryTypeDef]) -> None:
    # The whole batch is sent again: every consumer does nothing with a message it has had.
    answer = client().send_message_batch(QueueUrl=queue_url, Entries=entries)
    if failed := answer.get("Failed"):
        raise MessagesRefused(queue_url, [entry.get("Message", entry["Code"]) for entry in failed])
