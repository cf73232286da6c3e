"""
Deliveries: a ledger of who was sent what.

A delivery is claimed, and the claim committed, before SES is called: a message that arrives five
times sends one email.  ``queued → sending → sent``, or ``failed`` with its reason, or ``unknown``
where the sender died between its claim and its answer.  Which status may follow which is a table of
the database (`tables.delivery_transition`); what SES reports later is for `settling`.
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

from chalicelib.billing.email_address import NotAnAddress, carried_over
from chalicelib.billing.errors import BillingError
from chalicelib.billing.period import Period
from chalicelib.billing.statuses import ON_THEIR_WAY

from .tables import delivery, document, employee, invoice

# Longer than the emailer may run: a claim this old has nobody behind it.
CLAIM_EXPIRY = "5 minutes"


class CannotResend(BillingError):
    """An invoice cannot be emailed again."""

    def __init__(self, number: str, reason: str) -> None:
        self.number = number
        self.reason = reason
        super().__init__(f"{number} cannot be sent again: {reason}")


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


def release(connection: Connection, delivery_id: int, reason: str) -> None:
    """Give a claim back, for *reason*: nothing was handed to SES."""
    _move(connection, delivery_id, "sending", status="queued", claimed_at=None, error=reason)


def mark_sent(connection: Connection, delivery_id: int, message_id: str) -> None:
    """SES accepted the email; this also corrects an ``unknown`` that no event has settled."""
    connection.execute(
        update(delivery)
        .where(
            delivery.c.id == delivery_id,
            delivery.c.status.in_(("sending", "unknown")),
            delivery.c.message_id.is_(None),
        )
        .values(status="sent", message_id=message_id, sent_at=func.clock_timestamp(), error=None)
    )


def mark_failed(connection: Connection, delivery_id: int, error: str) -> None:
    """SES refused the email for good, or there is no address."""
    _move(connection, delivery_id, "sending", status="failed", error=error)


def mark_unknown(connection: Connection, delivery_id: int, error: str) -> None:
    """The email may or may not have been accepted; a person decides whether to send it again."""
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


def queue_again(connection: Connection, number: str) -> tuple[int, str]:
    """
    Queue a new delivery of an invoice, to its employee's address of today.

    Returns:
        The delivery's id and the address.

    Raises:
        CannotResend: If there is no such invoice, its document is not stored, its employee has no
            address, or one of its deliveries is on its way.
    """
    found = connection.execute(_to_resend(number)).one_or_none()
    if found is None:
        raise CannotResend(number, "no invoice has this number; check it")
    if not found.rendered:
        raise CannotResend(number, "its PDF is not ready yet; it will be emailed as soon as it is")
    _check_address(number, found.email)
    queued = connection.execute(
        insert(delivery)
        .values(
            invoice_id=found.id,
            recipient=found.email,
            status="queued",
            queued_at=func.clock_timestamp(),
        )
        .on_conflict_do_nothing(
            index_elements=["invoice_id"], index_where=delivery.c.status.in_(ON_THEIR_WAY)
        )
        .returning(delivery.c.id)
    ).scalar_one_or_none()
    if queued is None:
        raise CannotResend(number, "an email with it is already on the way; wait for its outcome")
    return queued, found.email


def _check_address(number: str, address: str | None) -> None:
    if not address:
        raise CannotResend(number, "its contractor has no email address; load one first")
    try:
        carried_over(address)
    except NotAnAddress as error:
        raise CannotResend(number, str(error)) from error


def _to_resend(number: str) -> Select[Any]:
    rendered = exists().where(document.c.invoice_id == invoice.c.id)
    return (
        select(invoice.c.id, employee.c.email, rendered.label("rendered"))
        .join(employee, employee.c.id == invoice.c.employee_id)
        .where(invoice.c.number == number)
    )


def queued_of(invoice_id: int) -> Select[int]:
    """Ids of the deliveries of one invoice that wait for the emailer."""
    return select(delivery.c.id).where(
        delivery.c.invoice_id == invoice_id, delivery.c.status == "queued"
    )


def to_send(delivery_id: int) -> Select[Any]:
    """What the emailer needs: the delivery, its invoice and its document."""
    credited, replacement = invoice.alias("credited"), invoice.alias("replacement")
    # A correction bills one invoice at most, in the run that credits.
    replaced_by = (
        select(replacement.c.number)
        .where(
            invoice.c.kind == "credit_note",
            replacement.c.kind == "invoice",
            replacement.c.run_id == invoice.c.run_id,
            replacement.c.employee_id == invoice.c.employee_id,
        )
        .scalar_subquery()
    )
    return (
        select(
            delivery.c.status,
            func.coalesce(delivery.c.recipient, "").label("recipient"),
            invoice.c.number,
            invoice.c.kind,
            invoice.c.locale,
            invoice.c.period,
            invoice.c.currency,
            invoice.c.total,
            invoice.c.due_on,
            invoice.c.supplier_name,
            invoice.c.buyer_name,
            credited.c.number.label("credits_number"),
            replaced_by.label("replaced_by"),
            document.c.s3_key,
            document.c.sha256,
        )
        .join(invoice, invoice.c.id == delivery.c.invoice_id)
        .join(document, document.c.invoice_id == invoice.c.id)
        .outerjoin(credited, credited.c.id == invoice.c.credits_invoice_id)
        .where(delivery.c.id == delivery_id)
    )


def not_rendered(period: Period | None) -> Select[int]:
    """Ids of issued invoices without a document, of *period* or of all, in order of issue."""
    rendered = exists().where(document.c.invoice_id == invoice.c.id)
    query = select(invoice.c.id).where(~rendered).order_by(invoice.c.id)
    return query if period is None else query.where(invoice.c.period == period.start)


def not_mailed(period: Period | None) -> Select[int]:
    """
    Ids of deliveries whose document is stored but whose email is still to be sent.

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
