"""
What SES reports about an email, read from a message.

Two shapes, wrapped by SNS or not: the events of a configuration set (``eventType``) and the
notifications of an identity (``notificationType``).
https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from chalicelib.billing.statuses import Settlement

# What SES posts when an event destination is made, in plain text.
GREETING = "Successfully validated SNS topic"


def settlement(body: str) -> Settlement | None:
    """
    What the message with *body* settles; None if it does not say how an email ended.

    Raises:
        ValueError, KeyError: If it is not of SES.
    """
    if body.startswith(GREETING):
        return None
    event = json.loads(body)
    if event.get("Type") == "Notification" and "TopicArn" in event:
        return settlement(event["Message"])
    read = READERS.get(event.get("eventType") or event["notificationType"])
    return read(event) if read else None


def _delivery(event: dict[str, Any]) -> Settlement:
    return _settlement(event, "delivered", None, event["delivery"])


def _bounce(event: dict[str, Any]) -> Settlement:
    """
    A permanent or a temporary bounce.

    A temporary bounce may be SES giving up on a full mailbox, or an automatic reply from somebody
    who has the email. Only a delivery report can tell; without one, a person must find out.
    """
    bounce = event["bounce"]
    kind = f"{bounce['bounceType']} {bounce['bounceSubType']}"
    said = [one["diagnosticCode"] for one in bounce["bouncedRecipients"] if "diagnosticCode" in one]
    words = ": ".join([kind, *said[:1]])
    if bounce["bounceType"] == "Transient":
        reason = f"temporary bounce or automatic reply: {words}"
        return _settlement(event, "unknown", reason, bounce)
    return _settlement(event, "bounced", f"bounced: {words}", bounce)


def _complaint(event: dict[str, Any]) -> Settlement:
    complaint = event["complaint"]
    kind = complaint.get("complaintFeedbackType") or "no reason given"
    return _settlement(event, "complained", f"marked as spam: {kind}", complaint)


def _reject(event: dict[str, Any]) -> Settlement:
    reason = f"SES rejected it: {event['reject']['reason']}"
    return _settlement(event, "failed", reason, event["mail"])


READERS = {
    "Delivery": _delivery,
    "Bounce": _bounce,
    "Complaint": _complaint,
    "Reject": _reject,
}


def _settlement(
    event: dict[str, Any], status: str, reason: str | None, part: dict[str, Any]
) -> Settlement:
    mail = event["mail"]
    return Settlement(
        message_id=mail["messageId"],
        delivery_id=_tagged(mail),
        status=status,
        reason=reason,
        event_id=part.get("feedbackId"),
        event_at=datetime.fromisoformat(part["timestamp"]),
        sent_at=datetime.fromisoformat(mail["timestamp"]),
    )


def _tagged(mail: dict[str, Any]) -> int | None:
    [tag, *_] = mail.get("tags", {}).get("delivery", ["none"])
    return int(tag) if tag.isascii() and tag.isdigit() else None
