"""Email: send a stored document to its contractor, at most once."""

from __future__ import annotations

import hashlib
import os
import time
from dataclasses import replace
from typing import Any

from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
)
from sqlalchemy import Connection

from chalicelib.aws import s3, ses
from chalicelib.aws.ses import Seconds
from chalicelib.billing.email_address import NotAnAddress, carried_over
from chalicelib.billing.errors import BillingError
from chalicelib.billing.records import DeliveryRecord
from chalicelib.documents.letter import letter_of
from chalicelib.settings import Settings
from chalicelib.store import deliveries, records
from chalicelib.store.connection import engine

from .batch import handle_each
from .reasons import keeper, telling

# What SES will never send; every other refusal may pass: throttles, credentials, a paused account.
REFUSALS = {"MessageRejected", "InvalidParameterValue"}
SERVER_ERROR = 500
# Nothing was sent if nobody was reached.
NOT_REACHED = (ConnectTimeoutError, EndpointConnectionError, NoCredentialsError)
# As in .chalice/config.json, and what the last call of a batch may take of it, wait included.
LAMBDA_SECONDS = 30
RESERVE_SECONDS = 1 + ses.LONGEST_WAIT_SECONDS + ses.CONNECT_SECONDS + ses.ANSWER_SECONDS


class NotYet(BillingError):
    """The email cannot be sent now; its message must come again."""

    def __init__(self, delivery_id: int, reason: str) -> None:
        self.delivery_id = delivery_id
        super().__init__(f"delivery {delivery_id} will be tried again: {reason}")


class DocumentChanged(BillingError):
    """The stored document is not the one whose hash was recorded."""

    def __init__(self, s3_key: str) -> None:
        self.s3_key = s3_key
        super().__init__(
            f"{s3_key} is not the PDF that was recorded; restore the recorded version of it"
        )


class Unaddressed(BillingError):
    """A delivery has no address that an email can be sent to."""


class Throttled(BillingError):
    """SES asks to send more slowly; the claim has been given back."""


@telling()
def handle(event: dict[str, Any], seconds: Seconds = LAMBDA_SECONDS) -> dict[str, Any]:
    """
    An SQS event with messages ``{"delivery_id": 7}``; answers the partial batch response.

    Args:
        event: As Lambda gives it.
        seconds: How long the Lambda may still run.
    """
    settings = Settings.from_environment(os.environ)
    keep = keeper(settings.database_url, "email")
    give_up_at = time.monotonic() + seconds - RESERVE_SECONDS

    def step(delivery_id: int) -> None:
        email_invoice(settings, delivery_id, give_up_at - time.monotonic())

    return handle_each(event, "delivery_id", step, keep)


def email_invoice(settings: Settings, delivery_id: int, patience: Seconds = 0) -> None:
    """
    Claim a delivery, commit the claim, then hand its email to SES.

    A delivery that is not ``queued`` is left alone, but for a claim whose owner is gone, which
    becomes ``unknown``.

    Args:
        settings: Where everything is, and who sends.
        delivery_id: What to send.
        patience: For how many seconds to try again where SES asks to slow down; no claim is held
            while waiting.

    Raises:
        NotYet: If another sender is at work on it, time is up, or SES does not take it now.
        DocumentChanged: If the stored PDF is not the recorded one.
    """
    if patience < 0:
        raise NotYet(delivery_id, "its batch ran out of time")
    with engine(settings.database_url).connect() as connection:
        delivery = _to_send(connection, delivery_id)
        if delivery is None:
            return
        message = ses.compose(_letter(settings, delivery))
        try:
            for attempt in ses.backing_off(Throttled, patience):
                with attempt:
                    _hand_over(connection, settings, delivery_id, delivery.recipient, message)
        except Throttled as throttled:
            raise NotYet(delivery_id, str(throttled)) from throttled


def _to_send(connection: Connection, delivery_id: int) -> DeliveryRecord | None:
    """The delivery, if it is to be sent; one without an address fails here."""
    delivery = records.delivery_to_send(connection, delivery_id)
    if delivery is None:
        raise NotYet(delivery_id, "its PDF is not stored yet")
    if delivery.status == "sending" and not deliveries.expire_claim(connection, delivery_id):
        raise NotYet(delivery_id, "another process is sending it")
    try:
        addressed = replace(delivery, recipient=_recipient(delivery))
    except Unaddressed as reason:
        if deliveries.claim(connection, delivery_id):
            deliveries.mark_failed(connection, delivery_id, str(reason))
        connection.commit()
        return None
    connection.commit()
    return addressed if delivery.status == "queued" else None


def _recipient(delivery: DeliveryRecord) -> str:
    """
    Where SES can send it: an earlier release stored domains as they were written.

    Raises:
        Unaddressed: If there is no address, or nobody can know whose it is.
    """
    if not delivery.recipient:
        raise Unaddressed("no email address")
    try:
        return carried_over(delivery.recipient)
    except NotAnAddress as error:
        raise Unaddressed(str(error)) from error


def _hand_over(
    connection: Connection, settings: Settings, delivery_id: int, recipient: str, message: bytes
) -> None:
    """One try: nothing if somebody else has the delivery meanwhile."""
    claimed = deliveries.claim(connection, delivery_id)
    connection.commit()
    if not claimed:
        return
    try:
        message_id = ses.send(
            settings.mail_sender,
            recipient,
            message,
            delivery_id,
            settings.mail_configuration_set,
        )
    except ClientError as error:
        _note_refusal(connection, delivery_id, error)
    except NOT_REACHED as error:
        deliveries.release(connection, delivery_id, str(error))
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
        return
    throttled = ses.is_throttle(error)
    if not throttled and _status(error) >= SERVER_ERROR:
        deliveries.mark_unknown(
            connection, delivery_id, f"SES failed and may have sent it: {error}"
        )
        return
    deliveries.release(connection, delivery_id, str(error))
    connection.commit()
    if throttled:
        raise Throttled(str(error)) from error
    raise NotYet(delivery_id, str(error)) from error


def _status(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _letter(settings: Settings, delivery: DeliveryRecord) -> ses.Letter:
    pdf = s3.get(settings.document_bucket, delivery.s3_key)
    if hashlib.sha256(pdf).hexdigest() != delivery.sha256:
        raise DocumentChanged(delivery.s3_key)
    written = letter_of(delivery)
    return ses.Letter(
        sender=settings.mail_sender,
        recipient=delivery.recipient,
        subject=written.subject,
        text=written.text,
        html=written.html,
        attachment_name=f"{delivery.number}.pdf",
        attachment=pdf,
        reply_to=settings.mail_reply_to,
    )
