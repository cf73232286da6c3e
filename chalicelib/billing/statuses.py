"""
The statuses of a run and of a delivery, and what each comes to.

The database's views `run_status` and `newest_delivery` and its table `delivery_transition` say the
same to SQL; a test compares them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

RunStatus = Literal["running", "issued", "empty", "failed"]
DeliveryStatus = Literal[
    "queued", "sending", "sent", "delivered", "bounced", "complained", "failed", "unknown"
]

# Of a run: it balanced, and nothing of it is left to do.
COMPLETED: tuple[RunStatus, ...] = ("issued", "empty")
# Of a delivery: the emailer still has it.
ON_THEIR_WAY: tuple[DeliveryStatus, ...] = ("queued", "sending")
# Of a delivery: SES has taken it, and it has not come back.
ARRIVED: tuple[DeliveryStatus, ...] = ("sent", "delivered")
# Of a delivery: it did not arrive, or nobody can know, and nothing more comes of itself.
LOST: tuple[DeliveryStatus, ...] = ("bounced", "complained", "failed", "unknown")

# Of a delivery: what may follow each status; it is new before it is queued.
TRANSITIONS: Mapping[str, tuple[DeliveryStatus, ...]] = {
    "new": ("queued",),
    "queued": ("sending",),
    "sending": ("queued", "sent", "failed", "unknown", "delivered", "bounced", "complained"),
    "unknown": ("sent", "delivered", "bounced", "complained", "failed"),
    "sent": ("unknown", "delivered", "bounced", "complained", "failed"),
    "delivered": ("bounced", "complained", "failed"),
    "bounced": ("complained", "failed"),
    "complained": ("failed",),
}


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
