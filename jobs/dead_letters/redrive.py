"""Redrive: what is in the dead-letter queues goes round again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from rich.console import Console
from rich.text import Text

from chalicelib.aws import sqs
from chalicelib.aws.sqs import Message
from chalicelib.billing.errors import BillingError
from jobs.terminal import plural

from .find import SetAside, Station, by_number, known_subjects, stations
from .view import strange_words

# How long a batch may take from being received to being deleted.
HOLD_SECONDS = 60

Progress = Callable[[int], None]


class NoQueues(BillingError):
    """Nobody says where the queues are."""

    def __init__(self) -> None:
        super().__init__(
            "no queue is named; set RENDER_QUEUE_URL and EMAIL_QUEUE_URL, or start the local cloud"
            " with: python -m jobs up"
        )


@dataclass(slots=True)
class Redriven:
    """
    What a redrive did.

    Attributes:
        moved: What is on its way again, by step and number.
        left: What is not ours, and stays where it is.
        unseen: How many messages SQS counts besides: others are reading them, or it counts late.
    """

    moved: list[SetAside] = field(default_factory=list)
    left: list[SetAside] = field(default_factory=list)
    unseen: int = 0


def redrive(named: Mapping[str, str], database_url: str, progress: Progress) -> Redriven:
    """
    Send every dead letter of ours to the queue that it came from.

    Sent first and deleted then: a redrive that is killed loses nothing, and what it sent twice
    every step does once.

    Args:
        named: The environment that names the queues.
        database_url: The ledger; what it does not know is left where it is.
        progress: Told now and then how many messages of a queue have been moved.

    Raises:
        NoQueues: If *named* names none.
        MessagesRefused: If a queue takes no messages; those not moved are where they were.
    """
    asked = stations(named)
    if not asked:
        raise NoQueues
    done = Redriven()
    for station in asked:
        queue_url = named[station.variable]
        moved, left = _move(station, queue_url, database_url, progress)
        done.moved += by_number(station, moved, database_url)
        done.left += by_number(station, left, database_url)
        done.unseen += max(sqs.size(sqs.dead_letters_of(queue_url)) - len(left), 0)
    return done


def _move(
    station: Station, queue_url: str, database_url: str, progress: Progress
) -> tuple[list[Message], list[Message]]:
    """Move what is ours, a batch at a time; returns it, and what was left."""
    dead_letters = sqs.dead_letters_of(queue_url)
    moved: dict[str, Message] = {}
    held: dict[str, Message] = {}
    try:
        while batch := sqs.receive(dead_letters, HOLD_SECONDS):
            if all(message.id in held or message.id in moved for message in batch):
                break
            held |= {message.id: message for message in batch}
            ours = _ours(station, batch, database_url)
            sqs.resend(queue_url, [one.body for one in ours if one.id not in moved])
            sqs.delete(dead_letters, ours)
            moved |= {message.id: held.pop(message.id) for message in ours}
            progress(len(moved))
    finally:
        sqs.give_back(dead_letters, held.values())
    return list(moved.values()), list(held.values())


def _ours(station: Station, batch: list[Message], database_url: str) -> list[Message]:
    about = {message.id: station.subject(message.body) for message in batch}
    known = known_subjects(station, about.values(), database_url)
    return [message for message in batch if about[message.id] in known]


def show(done: Redriven, console: Console) -> None:
    """Print what goes round again, by number, and what does not."""
    if not (done.moved or done.left or done.unseen):
        console.print("Nothing is set aside.")
    for step in dict.fromkeys(row.step for row in done.moved):
        rows = [row for row in done.moved if row.step == step]
        count = sum(row.messages for row in rows)
        numbers = ", ".join(str(row.number) for row in rows)
        sent = f"{count:,} {plural('message', count)} sent round again to {step}: {numbers}"
        console.print(Text(sent), soft_wrap=True)
    for row in done.left:
        console.print(Text(f"Left in the dead letters of {row.step}: {strange_words(row)}"))
    if done.unseen:
        console.print(
            f"SQS counts {done.unseen:,} more, which it did not give: somebody else reads them, or"
            " its count is old; run it again in a minute."
        )
