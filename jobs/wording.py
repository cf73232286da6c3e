"""
The English of the command line: what each code of the ledger means, and counted nouns.

Every view takes its words from here, so that a state has one wording.
"""

from __future__ import annotations

from datetime import UTC

from chalicelib.billing.payment_checks import PaymentCheck

RULES = {
    "hours": "hours must be more than 0 and at most 24",
    "kind": "the kind must be regular or overtime",
    "day_over_24": "the hours of that day add up to more than 24",
}
REASONS = {
    "no_agreement": "no self-billing agreement from before the issue date",
    "no_rate": "no rate for one of the days worked",
    "unprintable": "the invoice font cannot print part of the text",
}
# What to check before paying, the gravest first.
PAYMENT_CHECKS = {
    "shared": "other contractors have this new account too",
    "account": "not the account of the last invoice",
    "email": "not the email address of the last invoice",
    "rate": "a rate that the last invoice did not have",
    "first": "no earlier invoice went to this account",
}
# In the order of a report: what arrived, what is on its way, what somebody must look at.
DELIVERIES = {
    "delivered": "accepted by the recipient's server",
    "sent": "accepted by the email service",
    "sending": "being handed to the email service",
    "queued": "waiting to be sent",
    "unknown": "may not have arrived: ask the recipient, then resend if needed",
    "bounced": "refused by the recipient's server",
    "complained": "marked as spam by the recipient",
    "failed": "not sent, for the reason shown",
}
RUNS = {
    "issued": "issued",
    "empty": "nothing to bill",
    "failed": "failed",
    "running": "running",
}
STEPS = {"render": "render", "email": "email", "mail event": "email event"}

GAVE_UP = "Failed after 5 attempts. Fix the cause, then run `redrive`."
HELD = "None of their work was billed. Once this is resolved, the next run bills it."


def who(actor: str | None, claimed: str | None) -> str:
    """
    A login, with whom it said it acted for; empty if that was not recorded.

    >>> who("selfbill_operator", "anna@laptop"), who("postgres", None), who(None, None)
    ('selfbill_operator (anna@laptop)', 'postgres', '')
    """
    return f"{actor} ({claimed})" if actor and claimed else actor or ""


def changed_by(check: PaymentCheck) -> str:
    """Who made the change, and on which day (UTC); empty if that is not on record."""
    if check.changed_at is None:
        return ""
    day = check.changed_at.astimezone(UTC).date()
    return f"{day} by {who(check.actor, check.claimed)}"


def counted(count: int, one: str, many: str | None = None) -> str:
    """
    A count with its noun.

    >>> counted(1, "workday"), counted(1_250, "workday"), counted(0, "entry", "entries")
    ('1 workday', '1,250 workdays', '0 entries')
    """
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"
