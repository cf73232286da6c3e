"""Reading a whole queue without removing anything from it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from chalicelib.aws import sqs
from chalicelib.aws.sqs import Message

# How long messages stay hidden from others if the reader is killed: some seconds, and one more for
# every so many messages.
HOLD_SECONDS = 20
HELD_A_SECOND = 50
# How long to wait for messages that another reader holds.
PATIENCE_SECONDS = 10.0


def look(
    queue_url: str, progress: Callable[[int], None], *, patience: float = PATIENCE_SECONDS
) -> tuple[list[Message], int]:
    """
    Read every message of a queue and give all of them back at once.

    SQS shows a message to one reader at a time. Two readers at once see a part each, give it back
    and try again, until each has seen as many as there are or runs out of patience.

    Args:
        queue_url: The queue.
        progress: Told now and then how many messages have been read.
        patience: Seconds to wait for messages that others hold.

    Returns:
        The messages, oldest first, and how many others held the whole time, as far as SQS knows.
    """
    seen: dict[str, Message] = {}
    deadline = time.monotonic() + patience
    _pass(queue_url, seen, progress)
    while (unseen := sqs.size(queue_url) - len(seen)) > 0 and time.monotonic() < deadline:
        # Out of step with another reader.
        time.sleep(random.uniform(0.1, 1))  # noqa: S311 -- no secret
        _pass(queue_url, seen, progress)
    return sorted(seen.values(), key=lambda message: (message.sent_at, message.id)), max(unseen, 0)


def _pass(queue_url: str, seen: dict[str, Message], progress: Callable[[int], None]) -> None:
    """Receive all that can be received, note it in *seen*, and give it back whatever happens."""
    seconds = HOLD_SECONDS + sqs.size(queue_url) // HELD_A_SECOND
    held: dict[str, Message] = {}
    try:
        while batch := sqs.receive(queue_url, seconds):
            # A message that comes back has been visible again: this reader has seen them all.
            again = any(message.id in held for message in batch)
            held |= {message.id: message for message in batch}
            progress(len(held))
            if again:
                break
        seen |= held
    finally:
        sqs.give_back(queue_url, held.values())
