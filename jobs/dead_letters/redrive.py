"""Redrive: move dead letters back to the queues they came from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from rich.console import Console
from rich.text import Text

from chalicelib.aws import sqs
from chalicelib.aws.sqs import Message
from chalicelib.billing.errors import BillingError
from jobs.wording import STEPS, counted

from .find import NO_QUEUES, SetAside, Station, by_number, known_subjects, stations
from .view import not_read, strange_words

# How long a batch may take from being received to being deleted.
HOLD_SECONDS = 60

Progress = Callable[[int], None]


class NoQueues(BillingError):
    """Nothing says where the queues are."""

    def __init__(self) -> None:
        super().__init__(NO_QUEUES)


@dataclass(slots=True)
class Redriven:
    """
    What a redrive did.

    Attributes:
        moved: What is being retried, by step and number.
        left: What is not recognised, and stays where it is.
        unseen: How many more messages SQS counts: another reader holds them, or its count is stale.
    """

    moved: list[SetAside] = field(default_factory=list)
    left: list[SetAside] = field(default_factory=list)
    unseen: int = 0


def redrive(named: Mapping[str, str], database_url: str, progress: Progress) -> Redriven:
    """
    Send every recognised dead letter to the queue that it came from.

    Each is sent first and deleted afterwards: a redrive that is killed loses nothing, and every
    step does a message that it receives twice only once.

    Args:
        named: The environment that names the queues.
        database_url: The ledger; messages about what it does not know stay where they are.
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
    """Move recognised messages, a batch at a time; returns them, and those that were left."""
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
    """Print what is being retried, by number, and what is not."""
    if not (done.moved or done.left or done.unseen):
        console.print("The dead-letter queues are empty.")
    for step in dict.fromkeys(row.step for row in done.moved):
        rows = [row for row in done.moved if row.step == step]
        count = sum(row.messages for row in rows)
        numbers = ", ".join(str(row.number) for row in rows)
        sent = f"{counted(count, 'message')} returned to the {STEPS[step]} queue: {numbers}"
        console.print(Text(sent), soft_wrap=True)
    for row in done.left:
        queue = f"{STEPS[row.step]} dead-letter queue"
        console.print(Text(f"Left in the {queue}: {strange_words(row)}"))
    if done.unseen:
        console.print(f"{not_read(done.unseen)} Run redrive again in a minute.")
