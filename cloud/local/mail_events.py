"""
Reports on emails: the sender's identity notifies the stack's topic of what happens to each.

On AWS the configuration set does this. The local SES stores configuration sets without reporting
anything, but it notifies by identity, as AWS can too: the same events reach the same queue.
"""

from __future__ import annotations

from collections.abc import Mapping

from . import aws_services

KINDS = ("Delivery", "Bounce", "Complaint")


def subscribe(environment: Mapping[str, str]) -> None:
    """Make the local cloud of *environment* report on the emails of its sender."""
    ses = aws_services.client("ses", environment)
    for kind in KINDS:
        ses.set_identity_notification_topic(
            Identity=environment["MAIL_SENDER"],
            NotificationType=kind,
            SnsTopic=environment["MAIL_EVENTS_TOPIC"],
        )
