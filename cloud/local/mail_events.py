"""
Reports on mails: the sender's identity tells the stack's topic what becomes of each.

On AWS the configuration set does.  The local SES keeps configuration sets and reports nothing of
them, but notifies by identity, as AWS does too: both say the same and lead to the same queue.
"""

from __future__ import annotations

from collections.abc import Mapping

from . import aws_services

KINDS = ("Delivery", "Bounce", "Complaint")


def subscribe(environment: Mapping[str, str]) -> None:
    """Have the local cloud of *environment* report on the mails of its sender."""
    ses = aws_services.client("ses", environment)
    for kind in KINDS:
        ses.set_identity_notification_topic(
            Identity=environment["MAIL_SENDER"],
            NotificationType=kind,
            SnsTopic=environment["MAIL_EVENTS_TOPIC"],
        )
