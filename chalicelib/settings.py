"""The environment, read once into a frozen `Settings`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .billing.errors import BillingError
from .billing.payer import Payer


class MissingSetting(BillingError):
    """Environment variables are absent or empty."""

    def __init__(self, names: list[str]) -> None:
        self.names = names
        super().__init__(f"missing settings: {', '.join(names)}; set them as environment variables")


class InvalidSetting(BillingError):
    """An environment variable has a value that cannot be used."""

    def __init__(self, name: str, value: str, expected: str) -> None:
        self.name = name
        self.value = value
        super().__init__(f"{name} is {value!r}; set it to {expected}")


@dataclass(frozen=True, slots=True)
class Settings:
    """
    What the Lambdas and the command line need to know.

    Attributes:
        billing_timezone: Where "today" is decided, for the default period and the issue date.
        link_seconds: How long a presigned link lives.
        mail_reply_to: Where replies to our emails go; None for the sender.
        mail_configuration_set: The SES configuration set that reports what happens to our emails;
            None if the sender's identity does.
    """

    database_url: str
    document_bucket: str
    export_bucket: str
    render_queue_url: str
    email_queue_url: str
    mail_sender: str
    billing_timezone: ZoneInfo
    link_seconds: int
    payer: Payer
    mail_reply_to: str | None = None
    mail_configuration_set: str | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """
        Raises:
            MissingSetting: Naming every variable that is absent, not only the first.
            InvalidSetting: If a number or the time zone cannot be read.
        """
        missing = [name for name in REQUIRED if not environment.get(name)]
        if missing:
            raise MissingSetting(missing)
        return cls(
            database_url=environment["DATABASE_URL"],
            document_bucket=environment["DOCUMENT_BUCKET"],
            export_bucket=environment["EXPORT_BUCKET"],
            render_queue_url=environment["RENDER_QUEUE_URL"],
            email_queue_url=environment["EMAIL_QUEUE_URL"],
            mail_sender=environment["MAIL_SENDER"],
            billing_timezone=_zone(environment, "BILLING_TIMEZONE"),
            link_seconds=_whole_number(environment, "LINK_SECONDS"),
            payer=Payer(
                name=environment["PAYER_NAME"],
                address=environment["PAYER_ADDRESS"],
                tax_id=environment["PAYER_TAX_ID"],
                country=environment["PAYER_COUNTRY"],
                payment_terms_days=_whole_number(environment, "PAYMENT_TERMS_DAYS"),
            ),
            mail_reply_to=environment.get("MAIL_REPLY_TO") or None,
            mail_configuration_set=environment.get("MAIL_CONFIGURATION_SET") or None,
        )


REQUIRED = (
    "DATABASE_URL",
    "DOCUMENT_BUCKET",
    "EXPORT_BUCKET",
    "RENDER_QUEUE_URL",
    "EMAIL_QUEUE_URL",
    "MAIL_SENDER",
    "BILLING_TIMEZONE",
    "LINK_SECONDS",
    "PAYER_NAME",
    "PAYER_ADDRESS",
    "PAYER_TAX_ID",
    "PAYER_COUNTRY",
    "PAYMENT_TERMS_DAYS",
)
OPTIONAL = ("MAIL_REPLY_TO", "MAIL_CONFIGURATION_SET")


def _whole_number(environment: Mapping[str, str], name: str) -> int:
    text = environment[name]
    if not (text.isascii() and text.isdigit()):
        raise InvalidSetting(name, text, "a whole number")
    return int(text)


def _zone(environment: Mapping[str, str], name: str) -> ZoneInfo:
    text = environment[name]
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError):
        raise InvalidSetting(name, text, "an IANA time zone such as Europe/Kyiv") from None
