"""Email: send a stored document to its contractor, at most once."""

from __future__ import annotations

import hashlib
import os
from typing import Any

from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
)
from sqlalchemy import Connection, RowMapping

from chalicelib import mail, objects
from chalicelib.billing.errors import BillingError
from chalicelib.settings import Settings
from chalicelib.store import deliveries
from chalicelib.store.connection import engine

from .messages import handle_each
from .reasons import keeper

# What SES will never send; every other refusal may pass: throttles, credentials, a paused account.
REFUSALS = {"MessageRejected", "InvalidParameterValue"}
SERVER_ERROR = 500
# Nothing was sent if nobody was reached.
NOT_REACHED = (ConnectTimeoutError, EndpointConnectionError, NoCredentialsError)
TITLES = {"invoice": "Self-billed invoice", "credit_note": "Self-billed credit note"}


class NotYet(BillingError):
    """The mail cannot go out now; its message must come again."""

    def __init__(self, delivery_id: int, reason: str) -> None:
        self.delivery_id = delivery_id
        super().__init__(f"delivery {delivery_id} will be tried again: {reason}")


class DocumentChanged(BillingError):
    """The stored document is not the one whose hash was recorded."""

    def __init__(self, s3_key: str) -> None:
        self.s3_key = s3_key
        super().__init__(f"{s3_key} is not the document that was rendered; restore its version")


def handle(event: dict[str, Any]) -> dict[str, Any]:
    """An SQS event with messages ``{"delivery_id": 7}``; answers the partial batch response."""
    settings = Settings.from_environment(os.environ)
    keep = keeper(settings.database_url, "email")
    return handle_each(event, "delivery_id", lambda number: email_invoice(settings, number), keep)


def email_invoice(settings: Settings, delivery_id: int) -> None:
    """
    Claim a delivery, commit the claim, then hand its mail to SES.

    A delivery that is not ``queued`` is left alone, but for a claim whose owner is gone, which
    becomes ``unknown``.

    Raises:
        NotYet: If another sender is at work on it, or SES asks to slow down.
        DocumentChanged: If the stored PDF is not the recorded one.
    """
    with engine(settings.database_url).connect() as connection:
        delivery = connection.execute(deliveries.to_send(delivery_id)).mappings().one_or_none()
        if delivery is None:
            raise NotYet(delivery_id, "its document is not stored")
        if delivery["status"] == "sending" and not deliveries.expire_claim(connection, delivery_id):
            raise NotYet(delivery_id, "another sender holds it")
        claimed = deliveries.claim(connection, delivery_id)
        connection.commit()
        if claimed:
            _send(connection, settings, delivery_id, delivery)


def _send(
    connection: Connection, settings: Settings, delivery_id: int, delivery: RowMapping
) -> None:
    recipient = delivery["recipient"]
    if not mail.is_address(recipient):
        reason = f"{recipient!r} is not an e-mail address" if recipient else "no e-mail address"
        deliveries.mark_failed(connection, delivery_id, reason)
        connection.commit()
        return
    try:
        message = mail.compose(_letter(settings, delivery))
    except Exception:
        deliveries.release(connection, delivery_id)
        connection.commit()
        raise
    _hand_over(connection, delivery_id, settings.mail_sender, recipient, message)


def _hand_over(
    connection: Connection, delivery_id: int, sender: str, recipient: str, message: bytes
) -> None:
    try:
        message_id = mail.send(sender, recipient, message)
    except ClientError as error:
        _note_refusal(connection, delivery_id, error)
    except NOT_REACHED as error:
        deliveries.release(connection, delivery_id)
        connection.commit()
        raise NotYet(delivery_id, str(error)) from error
    except Exception as error:
        deliveries.mark_unknown(connection, delivery_id, f"no answer from SES: {error}")
        connection.commit()
        raise
    else:
        deliveries.mark_sent(connection, delivery_id, message_id)
    connection.commit()


def _note_refusal(connection: Connection, delivery_id: int, error: ClientError) -> None:
    """Refused for good, refused for now, or an error of SES's own that leaves us in the dark."""
    if error.response["Error"]["Code"] in REFUSALS:
        deliveries.mark_failed(connection, delivery_id, f"SES refused it: {error}")
    elif error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= SERVER_ERROR:
        deliveries.mark_unknown(connection, delivery_id, f"SES failed: {error}")
    else:
        deliveries.release(connection, delivery_id)
        connection.commit()
        raise NotYet(delivery_id, str(error)) from error


def _letter(settings: Settings, delivery: RowMapping) -> mail.Letter:
    pdf = objects.get(settings.document_bucket, delivery["s3_key"])
    if hashlib.sha256(pdf).hexdigest() != delivery["sha256"]:
        raise DocumentChanged(delivery["s3_key"])
    title = TITLES[delivery["kind"]]
    return mail.Letter(
        sender=settings.mail_sender,
        recipient=delivery["recipient"],
        subject=f"{title} {delivery['number']} from {delivery['buyer_name']}",
        text=LETTER.format(**delivery, title=title.lower(), month=f"{delivery['period']:%B %Y}"),
        attachment_name=f"{delivery['number']}.pdf",
        attachment=pdf,
    )


LETTER = """\
Dear {supplier_name},

attached is the {title} {number} that {buyer_name} has written for your work in {month}.

    Total:  {total} {currency}
    Due:    {due_on}

Please keep the attached PDF for your records. If anything in it is wrong, reply to this mail.

{buyer_name}
"""
