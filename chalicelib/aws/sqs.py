"""SQS: one small JSON message per invoice or delivery."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

import boto3
import stamina
from botocore.config import Config

from chalicelib.billing.errors import BillingError

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

# What SQS takes in one call.
BATCH = 10
SENDERS = 8
# A receive that does not wait asks only some of SQS's servers and may miss messages.
WAIT_SECONDS = 1
CONNECT_SECONDS = 5
ATTEMPTS = 3
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Thing = TypeVar("Thing")


class MessagesRefused(BillingError):
    """SQS took the call and refused some of its messages."""

    def __init__(self, queue_url: str, reasons: list[str]) -> None:
        self.queue_url = queue_url
        self.reasons = reasons
        super().__init__(
            f"the queue {queue_url} refused some messages ({reasons[0]}); run the month again to"
            " send them"
        )


@cache
def client() -> SQSClient:
    """The process's SQS client, which says soon if nobody answers."""
    config = Config(
        connect_timeout=CONNECT_SECONDS,
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
    )
    return boto3.client("sqs", config=config)


class NoDeadLetters(BillingError):
    """A queue has no dead-letter queue."""

    def __init__(self, queue_url: str) -> None:
        self.queue_url = queue_url
        super().__init__(
            f"the queue {queue_url} has no dead-letter queue; deploy the template again"
        )


@dataclass(frozen=True, slots=True)
class Message:
    """
    A message that was received, and is hidden from others for a while.

    Attributes:
        receipt: What gives it back or deletes it.
        sent_at: When it was queued first; being set aside does not change it.
    """

    id: str
    body: str
    receipt: str
    sent_at: datetime


def publish(queue_url: str, key: str, ids: Sequence[int]) -> None:
    """
    Send ``{key: id}`` for each of *ids*, in parallel batches; the order of arrival is open.

    Raises:
        MessagesRefused: If SQS still refuses a message after retries.
    """
    resend(queue_url, (json.dumps({key: number}) for number in ids))


def resend(queue_url: str, bodies: Iterable[str]) -> None:
    """
    Send messages as they are written, in parallel batches; the order of arrival is open.

    Raises:
        MessagesRefused: If SQS still refuses a message after retries.
    """
    _in_batches(bodies, lambda batch: _send(queue_url, _entries(batch)))


def size(queue_url: str) -> int:
    """How many messages wait or are being worked on, as far as SQS knows."""
    answer = client().get_queue_attributes(
        QueueUrl=queue_url,
        AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
    )
    return sum(int(count) for count in answer["Attributes"].values())


def is_idle(queue_url: str) -> bool:
    """Whether a queue has nothing waiting and nothing being worked on, as far as SQS knows."""
    return size(queue_url) == 0


def dead_letters_of(queue_url: str) -> str:
    """
    The URL of the queue that takes what *queue_url* gives up.

    Raises:
        NoDeadLetters: If there is none.
    """
    answer = client().get_queue_attributes(QueueUrl=queue_url, AttributeNames=["RedrivePolicy"])
    policy = answer.get("Attributes", {}).get("RedrivePolicy")
    if policy is None:
        raise NoDeadLetters(queue_url)
    *_, owner, name = json.loads(policy)["deadLetterTargetArn"].split(":")
    return client().get_queue_url(QueueName=name, QueueOwnerAWSAccountId=owner)["QueueUrl"]


def receive(queue_url: str, seconds: int) -> list[Message]:
    """Up to `BATCH` messages, hidden from others for so many *seconds*; none if it is empty."""
    answer = client().receive_message(
        QueueUrl=queue_url,
        MaxNumberOfMessages=BATCH,
        VisibilityTimeout=seconds,
        WaitTimeSeconds=WAIT_SECONDS,
        MessageSystemAttributeNames=["SentTimestamp"],
    )
    return [
        Message(
            id=message["MessageId"],
            body=message["Body"],
            receipt=message["ReceiptHandle"],
            sent_at=EPOCH + timedelta(milliseconds=int(message["Attributes"]["SentTimestamp"])),
        )
        for message in answer.get("Messages", [])
    ]


def give_back(queue_url: str, messages: Iterable[Message]) -> None:
    """Show *messages* to everybody again; one whose time was up is shown already."""
    _in_batches(
        messages,
        lambda batch: client().change_message_visibility_batch(
            QueueUrl=queue_url,
            Entries=[
                {"Id": str(place), "ReceiptHandle": message.receipt, "VisibilityTimeout": 0}
                for place, message in enumerate(batch)
            ],
        ),
    )


def delete(queue_url: str, messages: Iterable[Message]) -> None:
    """Take received *messages* off their queue; one whose time was up may come again."""
    _in_batches(
        messages,
        lambda batch: client().delete_message_batch(
            QueueUrl=queue_url,
            Entries=[
                {"Id": str(place), "ReceiptHandle": message.receipt}
                for place, message in enumerate(batch)
            ],
        ),
    )


def _in_batches(things: Iterable[Thing], act: Callable[[list[Thing]], object]) -> None:
    """Call *act* with up to `BATCH` of *things* at a time, in parallel."""
    remaining = iter(things)
    batches = list(iter(lambda: list(islice(remaining, BATCH)), []))
    if len(batches) == 1:
        # Most often; starting threads would cost more than it.
        act(batches[0])
        return
    with ThreadPoolExecutor(SENDERS) as threads:
        for _ in threads.map(act, batches):
            pass


def _entries(bodies: list[str]) -> list[SendMessageBatchRequestEntryTypeDef]:
    return [{"Id": str(place), "MessageBody": body} for place, body in enumerate(bodies)]


@stamina.retry(on=MessagesRefused, attempts=4)
def _send(queue_url: str, entries: list[SendMessageBatchRequestEntryTypeDef]) -> None:
    # The whole batch is sent again: every consumer does nothing with a message it has had.
    answer = client().send_message_batch(QueueUrl=queue_url, Entries=entries)
    if failed := answer.get("Failed"):
        raise MessagesRefused(queue_url, [entry.get("Message", entry["Code"]) for entry in failed])
