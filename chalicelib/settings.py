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


@dataclass(frozen=True, slots=True)
class Setting:
    """
    One environment variable, as docs/reference/settings.md describes it.

    Attributes:
        meaning: What it says, and the form it takes.
        default: What stands in for it if it is not set; empty if nothing does.
    """

    name: str
    meaning: str
    required: bool = False
    default: str = ""


def _required(name: str, meaning: str) -> Setting:
    return Setting(name, meaning, required=True)


SETTINGS = (
    _required(
        "DATABASE_URL",
        "The PostgreSQL database: a URL that libpq accepts, or the ARN of the AWS secret that"
        " holds one",
    ),
    _required("DOCUMENT_BUCKET", "S3 bucket of the PDFs"),
    _required("EXPORT_BUCKET", "S3 bucket of the Parquet files"),
    _required("RENDER_QUEUE_URL", "SQS queue of invoices to render"),
    _required("EMAIL_QUEUE_URL", "SQS queue of invoices to email"),
    _required("MAIL_SENDER", "Address that invoices are sent from; SES must have verified it"),
    _required(
        "BILLING_TIMEZONE",
        "IANA time zone, such as `Europe/Kyiv`: it decides which day an invoice is issued on and"
        " which month is last month",
    ),
    _required("LINK_SECONDS", "Seconds for which a link to a PDF works: a whole number"),
    _required("PAYER_NAME", "The paying company's name, as printed on every invoice"),
    _required("PAYER_ADDRESS", "Its address, lines separated by commas or line breaks"),
    _required("PAYER_TAX_ID", "Its VAT number, or its local tax number if it has none"),
    _required("PAYER_COUNTRY", "Its country: two letters, ISO 3166-1"),
    _required(
        "PAYMENT_TERMS_DAYS", "Days from the issue date to the due date: a whole number, 0 or more"
    ),
    Setting("MAIL_REPLY_TO", "Address that replies to the emails go to", default="`MAIL_SENDER`"),
    Setting(
        "MAIL_CONFIGURATION_SET",
        "SES configuration set that reports whether emails were delivered",
        default="the events of the sender's identity",
    ),
)
REQUIRED = tuple(setting.name for setting in SETTINGS if setting.required)
OPTIONAL = tuple(setting.name for setting in SETTINGS if not setting.required)


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
