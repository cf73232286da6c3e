"""Reading a whole queue and leaving it as it was."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from chalicelib.aws import sqs
from chalicelib.aws.sqs import Message

# Nobody else sees what is being read for so long, should the reader be killed: some seconds, and
# one more for every so many messages.
HOLD_SECONDS = 20
HELD_A_SECOND = 50
# How long to wait for what somebody else is reading.
PATIENCE_SECONDS = 10.0


def look(
    queue_url: str, progress: Callable[[int], None], *, patience: float = PATIENCE_SECONDS
) -> tuple[list[Message], int]:
    """
    Every message of a queue; all of them are given back at once.

    SQS shows a message to one reader at a time.  What two look at together each of them sees in
    part, gives back, and tries again until it has seen as many as there are, or its patience ends.

    Args:
        queue_url: The queue.
        progress: Told now and then how many messages have been read.
        patience: Seconds to wait for messages that others hold.

    Returns:
        The messages, oldest first, and how many others held all the while, as far as SQS knows.
    """
    seen: dict[str, Message] = {}
    deadline = time.monotonic() + patience
    _pass(queue_url, seen, progress)
    while (unseen := sqs.size(queue_url) - len(seen)) > 0 and time.monotonic() < deadline:
        # Not in step with another reader.
        time.sleep(random.uniform(0.1, 1))  # noqa: S311 -- no secret
        _pass(queue_url, seen, progress)
    return sorted(seen.values(), key=lambda message: (message.sent_at, message.id)), max(unseen, 0)


def _pass(queue_url: str, seen: dict[str, Message], progress: Callable[[int], None]) -> None:
    """Take all that can be had, note it in *seen*, and give it back whatever happens."""
    seconds = HOLD_SECONDS + sqs.size(queue_url) // HELD_A_SECOND
    held: dict[str, Message] = {}
    try:
        while batch := sqs.receive(queue_url, seconds):
            # Those whose time was up are there again: this reader has been round.
            again = any(message.id in held for message in batch)
            held |= {message.id: message for message in batch}
            progress(len(held))
            if again:
                break
        seen |= held
    finally:
        sqs.give_back(queue_url, held.values())
