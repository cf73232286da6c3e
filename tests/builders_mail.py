"""What SES says of a mail, as AWS writes it; a test states only what it is about."""

from __future__ import annotations

import json
from typing import Any

SENT_AT = "2026-11-01T03:16:00.120Z"
REPORTED_AT = "2026-11-01T03:16:07.451Z"
RECIPIENT = "anna@contractors.example"

# Each kind's part of the event, and the status and reason it leads to.
PARTS: dict[str, tuple[str, dict[str, Any]]] = {
    "Delivery": (
        "delivery",
        {"processingTimeMillis": 2200, "recipients": [RECIPIENT], "smtpResponse": "250 ok"},
    ),
    "Bounce": (
        "bounce",
        {
            "feedbackId": "0100-bounce",
            "bounceType": "Permanent",
            "bounceSubType": "General",
            "bouncedRecipients": [
                {
                    "emailAddress": RECIPIENT,
                    "action": "failed",
                    "status": "5.1.1",
                    "diagnosticCode": "smtp; 550 5.1.1 user unknown",
                }
            ],
        },
    ),
    "Transient": (
        "bounce",
        {
            "feedbackId": "0100-transient",
            "bounceType": "Transient",
            "bounceSubType": "General",
            "bouncedRecipients": [{"emailAddress": RECIPIENT}],
        },
    ),
    "Complaint": (
        "complaint",
        {
            "feedbackId": "0100-complaint",
            "complainedRecipients": [{"emailAddress": RECIPIENT}],
            "complaintFeedbackType": "abuse",
        },
    ),
    "Reject": ("reject", {"reason": "Bad content"}),
}

# From the weakest report to the strongest.
OUTCOMES = {
    "Transient": (
        "unknown",
        "temporary bounce or automatic reply: Transient General",
    ),
    "Delivery": ("delivered", None),
    "Bounce": ("bounced", "bounced: Permanent General: smtp; 550 5.1.1 user unknown"),
    "Complaint": ("complained", "marked as spam: abuse"),
    "Reject": ("failed", "SES rejected it: Bad content"),
}


def event(
    kind: str, message_id: str, *, delivery_id: int | None = None, identity: bool = False
) -> dict[str, Any]:
    """
    An event of a configuration set, or the notification of an *identity*.

    Args:
        kind: One of `PARTS`.
        message_id: SES's.
        delivery_id: What the mail was tagged with.
        identity: Whether an identity tells, which knows nothing of tags.
    """
    name, part = PARTS[kind]
    mail: dict[str, Any] = {
        "timestamp": SENT_AT,
        "source": "invoices@company.example",
        "messageId": message_id,
        "destination": [RECIPIENT],
    }
    if delivery_id is not None and not identity:
        mail["tags"] = {
            "ses:configuration-set": ["selfbill"],
            "ses:source-ip": ["192.0.2.1"],
            "delivery": [str(delivery_id)],
        }
    spoken = "Bounce" if kind == "Transient" else kind
    timed = part if kind == "Reject" else {**part, "timestamp": REPORTED_AT}
    return {"notificationType" if identity else "eventType": spoken, "mail": mail, name: timed}


def through_sns(body: str) -> str:
    """A message as SNS wraps it where raw delivery is off."""
    return json.dumps(
        {
            "Type": "Notification",
            "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
            "TopicArn": "arn:aws:sns:eu-central-1:123456789012:events",
            "Subject": "Amazon SES Email Event Notification",
            "Message": body,
            "Timestamp": REPORTED_AT,
        }
    )
