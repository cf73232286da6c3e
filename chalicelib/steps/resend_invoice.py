"""Email an invoice again: a new delivery, to the employee's current address."""

from __future__ import annotations

from chalicelib.aws import sqs
from chalicelib.settings import Settings
from chalicelib.store.connection import check_reachable, engine
from chalicelib.store.deliveries import queue_again


def resend(settings: Settings, number: str) -> str:
    """
    Queue the invoice *number* for the emailer; committed first, so that a sweep finds it.

    Returns:
        The address it goes to.

    Raises:
        CannotResend: If there is nothing to send, nobody to send it to, or one is on its way.
        DatabaseUnreachable: If there is no database.
    """
    check_reachable(settings.database_url)
    with engine(settings.database_url).begin() as connection:
        delivery_id, address = queue_again(connection, number)
    sqs.publish(settings.email_queue_url, "delivery_id", [delivery_id])
    return address
