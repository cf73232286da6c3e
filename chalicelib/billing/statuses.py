"""The states of a run and of a delivery: what each of them means, said once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

ON_THEIR_WAY = ("queued", "sending")
ARRIVED = ("sent", "delivered")
COMPLETED = ("issued", "empty")


@dataclass(frozen=True, slots=True)
class Settlement:
    """
    What became of one email.

    Attributes:
        message_id: SES's own.
        delivery_id: The delivery it was tagged with; None where events carry no tags.
        status: ``delivered``, ``bounced``, ``complained``, ``failed``, or ``unknown`` for what may
            be a bounce or an automatic reply.
        reason: Why; None if it was delivered.
        event_id: SES's id of the event, where it has one.
        event_at: When it happened, aware.
        sent_at: When SES accepted the email, aware.
    """

    message_id: str
    delivery_id: int | None
    status: str
    reason: str | None
    event_id: str | None
    event_at: datetime
    sent_at: datetime
