"""SES: one mail per delivery, with the document attached."""

from __future__ import annotations

from dataclasses import dataclass
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from functools import cache
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_ses import SESClient

# The invoice passes mail servers that know only ASCII.
SEVEN_BIT = SMTP.clone(cte_type="7bit")


@dataclass(frozen=True, slots=True)
class Letter:
    """What one mail says, and to whom."""

    sender: str
    recipient: str
    subject: str
    text: str
    attachment_name: str
    attachment: bytes


@cache
def client() -> SESClient:
    """
    The process's SES client, which never tries a call twice.

    A retry after a lost answer would send a second mail.
    """
    return boto3.client("ses", config=Config(retries={"total_max_attempts": 1}))


def compose(letter: Letter) -> bytes:
    """*letter* as a MIME message with a PDF attached."""
    message = EmailMessage(policy=SEVEN_BIT)
    message["From"] = letter.sender
    message["To"] = letter.recipient
    message["Subject"] = letter.subject
    message.set_content(letter.text, cte="quoted-printable")
    message.add_attachment(
        letter.attachment,
        maintype="application",
        subtype="pdf",
        filename=letter.attachment_name,
    )
    return message.as_bytes()


def is_address(text: str | None) -> bool:
    """Whether a mail can be addressed to *text*, one plain ``name@domain`` (RFC 5322)."""
    try:
        return bool(text and Address(addr_spec=text).domain)
    except (ValueError, HeaderParseError, IndexError, AttributeError):
        # The last two are how the standard library's parser trips over half an address.
        return False


def send(sender: str, recipient: str, message: bytes) -> str:
    """Hand a composed *message* to SES and return its message id."""
    answer = client().send_raw_email(
        Source=sender, Destinations=[recipient], RawMessage={"Data": message}
    )
    return answer["MessageId"]
