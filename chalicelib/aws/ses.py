"""SES: one email per delivery, with the document attached."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus

import boto3
import stamina
from botocore.config import Config
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_ses import SESClient
    from mypy_boto3_ses.type_defs import SendRawEmailRequestTypeDef

# The invoice passes mail servers that know only ASCII.
SEVEN_BIT = SMTP.clone(cte_type="7bit")

# How long one call may take; a Lambda must not be stopped while it waits for the answer.
CONNECT_SECONDS = 3
ANSWER_SECONDS = 10
LONGEST_WAIT_SECONDS = 2

Seconds = float

RAW_MESSAGE = "RawMessage.Data"

THROTTLES = {
    "Throttling",
    "ThrottlingException",
    "TooManyRequests",
    "TooManyRequestsException",
}


@dataclass(frozen=True, slots=True)
class Letter:
    """One email: its sender and recipient, and its content both as text and as HTML."""

    sender: str
    recipient: str
    subject: str
    text: str
    html: str
    attachment_name: str
    attachment: bytes
    reply_to: str | None = None


@cache
def client() -> SESClient:
    """
    The process's SES client, which never tries a call twice.

    A retry after a lost answer would send a second email.
    """
    config = Config(
        retries={"total_max_attempts": 1},
        connect_timeout=CONNECT_SECONDS,
        read_timeout=ANSWER_SECONDS,
    )
    made = boto3.client("ses", config=config)
    made.meta.events.register("before-call.ses.SendRawEmail", write_body)
    return made


def write_body(params: dict[str, Any], **_event: object) -> None:
    """
    Write the form of a request here, as urllib would, before botocore asks urllib to.

    Which takes it milliseconds for a PDF, letter by letter, and twice: to sign and to send.
    """
    params["body"] = "&".join(
        f"{name}={_escaped(value) if name == RAW_MESSAGE else quote_plus(str(value))}"
        for name, value in params["body"].items()
    ).encode()


def _escaped(base64: str) -> str:
    """*base64* as a form writes it."""
    return base64.replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")


def compose(letter: Letter) -> bytes:
    """*letter* as a MIME message of two equal bodies, with a PDF attached."""
    message = EmailMessage(policy=SEVEN_BIT)
    message["From"] = letter.sender
    message["To"] = letter.recipient
    if letter.reply_to:
        message["Reply-To"] = letter.reply_to
    message["Subject"] = letter.subject
    message.set_content(letter.text, cte="quoted-printable")
    message.add_alternative(letter.html, subtype="html", cte="quoted-printable")
    message.add_attachment(
        letter.attachment,
        maintype="application",
        subtype="pdf",
        filename=letter.attachment_name,
    )
    return message.as_bytes()


def send(
    sender: str,
    recipient: str,
    message: bytes,
    delivery_id: int,
    configuration_set: str | None = None,
) -> str:
    """
    Hand a composed *message* to SES and return its message id.

    With a *configuration_set* the email is tagged with its delivery, so that an event finds the
    delivery even where the message id was never noted.
    """
    request: SendRawEmailRequestTypeDef = {
        "Source": sender,
        "Destinations": [recipient],
        "RawMessage": {"Data": message},
    }
    if configuration_set:
        request["ConfigurationSetName"] = configuration_set
        request["Tags"] = [{"Name": "delivery", "Value": str(delivery_id)}]
    return client().send_raw_email(**request)["MessageId"]


def backing_off(on: type[Exception], patience: Seconds) -> Iterable[stamina.Attempt]:
    """Tries until *patience* is over while they end *on*, further apart and never in step."""
    return stamina.retry_context(
        on=on,
        attempts=None if patience else 1,
        timeout=patience or None,
        wait_initial=0.1,
        wait_max=LONGEST_WAIT_SECONDS,
        wait_jitter=0.5,
    )


def is_throttle(error: ClientError) -> bool:
    """Whether SES asks to send more slowly; a quota of the day is not over in seconds."""
    reason = error.response["Error"]
    return reason["Code"] in THROTTLES and "daily" not in reason.get("Message", "").lower()
