"""
Deliveries: a ledger of who was sent what.

A delivery is claimed, and the claim committed, before SES is called: a message that arrives five
times sends one mail.  ``queued → sending → sent``, or ``failed`` with its reason, or ``unknown``
where the sender died between its claim and its answer.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Interval,
    Select,
    cast,
    exists,
    func,
    literal,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from chalicelib.billing.period import Period

from .tables import delivery, document, invoice

ON_THEIR_WAY = ("queued", "sending")

# Longer than the emailer may run: a claim this old has nobody behind it.
CLAIM_EXPIRY = "5 minutes"


def record_document(
    connection: Connection, invoice_id: int, *, s3_key: str, sha256: str, size: int
) -> None:
    """Note the stored document of an invoice; a second time changes nothing."""
    connection.execute(
        insert(document)
        .values(
            invoice_id=invoice_id,
            s3_key=s3_key,
            sha256=sha256,
            bytes=size,
            rendered_at=func.clock_timestamp(),
        )
        .on_conflict_do_nothing()
    )


def claim(connection: Connection, delivery_id: int) -> bool:
    """Take a queued delivery for sending; False if somebody else has or had it."""
    return _move(
        connection,
        delivery_id,
        "queued",
        status="sending",
        attempts=delivery.c.attempts + 1,
        claimed_at=func.clock_timestamp(),
    )


def release(connection: Connection, delivery_id: int) -> None:
    """Give a claim back: nothing was handed to SES."""
    _move(connection, delivery_id, "sending", status="queued", claimed_at=None)


def mark_sent(connection: Connection, delivery_id: int, message_id: str) -> None:
    """SES took the mail.  True knowledge also corrects an ``unknown``."""
    connection.execute(
        update(delivery)
        .where(delivery.c.id == delivery_id, delivery.c.status.in_(("sending", "unknown")))
        .values(status="sent", message_id=message_id, sent_at=func.clock_timestamp(), error=None)
    )


def mark_failed(connection: Connection, delivery_id: int, error: str) -> None:
    """SES refused the mail for good, or there is no address."""
    _move(connection, delivery_id, "sending", status="failed", error=error)


def mark_unknown(connection: Connection, delivery_id: int, error: str) -> None:
    """The mail may or may not have been accepted; a person decides whether to send it again."""
    _move(connection, delivery_id, "sending", status="unknown", error=error)


def expire_claim(connection: Connection, delivery_id: int) -> bool:
    """Give up a claim whose owner is gone; False while the owner may still be at work."""
    age = func.clock_timestamp() - cast(literal(CLAIM_EXPIRY), Interval)
    return _move(
        connection,
        delivery_id,
        "sending",
        delivery.c.claimed_at < age,
        status="unknown",
        error="the sender stopped between its claim and the answer of SES",
    )


def _move(
    connection: Connection,
    delivery_id: int,
    status_now: str,
    *conditions: ColumnElement[bool],
    **values: object,
) -> bool:
    moved = connection.execute(
        update(delivery)
        .where(delivery.c.id == delivery_id, delivery.c.status == status_now, *conditions)
        .values(**values)
    )
    return moved.rowcount == 1


def queued_of(invoice_id: int) -> Select[int]:
    """Ids of the deliveries of one invoice that wait for the emailer."""
    return select(delivery.c.id).where(
        delivery.c.invoice_id == invoice_id, delivery.c.status == "queued"
    )


def to_send(delivery_id: int) -> Select[Any]:
    """What the emailer needs: the delivery, its invoice and its document."""
    return (
        select(
            delivery.c.status,
            delivery.c.recipient,
            invoice.c.number,
            invoice.c.kind,
            invoice.c.period,
            invoice.c.currency,
            invoice.c.total,
            invoice.c.due_on,
            invoice.c.supplier_name,
            invoice.c.buyer_name,
            document.c.s3_key,
            document.c.sha256,
        )
        .join(invoice, invoice.c.id == delivery.c.invoice_id)
        .join(document, document.c.invoice_id == invoice.c.id)
        .where(delivery.c.id == delivery_id)
    )


def not_rendered(period: Period | None) -> Select[int]:
    """Ids of issued invoices without a document, of *period* or of all, in order of issue."""
    rendered = exists().where(document.c.invoice_id == invoice.c.id)
    query = select(invoice.c.id).where(~rendered).order_by(invoice.c.id)
    return query if period is None else query.where(invoice.c.period == period.start)


def not_mailed(period: Period | None) -> Select[int]:
    """
    Ids of deliveries whose document is stored but whose mail is still to be sent.

    Claims whose owner may be gone are among them: the emailer tells, and marks those ``unknown``.

    Args:
        period: Whose deliveries; None for all.
    """
    query = (
        select(delivery.c.id)
        .join(invoice, invoice.c.id == delivery.c.invoice_id)
        .join(document, document.c.invoice_id == invoice.c.id)
        .where(delivery.c.status.in_(ON_THEIR_WAY))
        .order_by(delivery.c.id)
    )
    return query if period is None else query.where(invoice.c.period == period.start)
