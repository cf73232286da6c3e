"""Record what SES reports of an email: delivered, bounced, complained of, rejected."""

from __future__ import annotations

import os
from typing import Any

from chalicelib.aws.ses_events import settlement
from chalicelib.billing.errors import BillingError
from chalicelib.settings import Settings
from chalicelib.store.connection import engine
from chalicelib.store.settling import settle

from .batch import handle_bodies
from .reasons import telling


class UnknownMail(BillingError):
    """No delivery has the message id of an event, or not yet: events can outrun a commit."""

    def __init__(self, message_id: str) -> None:
        self.message_id = message_id
        super().__init__(
            f"no delivery is known for the email {message_id}; its event will be tried again"
        )


@telling()
def handle(event: dict[str, Any]) -> dict[str, Any]:
    """An SQS event with messages of SES or SNS; answers with the partial batch response."""
    settings = Settings.from_environment(os.environ)
    return handle_bodies(event, lambda body: record_mail_event(settings, body))


def record_mail_event(settings: Settings, body: str) -> None:
    """
    Settle the delivery that a message is about; safe to repeat, and in any order.

    Raises:
        UnknownMail: If it is about an email that no delivery is known to have sent.
    """
    report = settlement(body)
    if report is None:
        return
    with engine(settings.database_url).begin() as connection:
        if not settle(connection, report):
            raise UnknownMail(report.message_id)
