"""
Settling: what SES reports of an email becomes the status of its delivery.

Reports come in any order and more than once.  `tables.delivery_transition` gives the statuses an
order, and a delivery only moves up in it, so that the same reports always end in the same status.
"""

from __future__ import annotations

from sqlalchemy import Connection, and_, exists, func, or_, select, update

from chalicelib.billing.statuses import Settlement

from .tables import delivery, delivery_transition


def settle(connection: Connection, report: Settlement) -> bool:
    """
    Move the delivery of *report* to where the report leads, unless it is beyond that already.

    Returns:
        False if no delivery is known to have sent that email, or not yet.
    """
    if not _known(connection, report.message_id) and not _adopt(connection, report):
        return False
    leads_there = select(delivery_transition.c.from_status).where(
        delivery_transition.c.to_status == report.status
    )
    # Only what a sender left unknown can be where a first report leads.
    no_report_yet = and_(delivery.c.status == report.status, delivery.c.event_at.is_(None))
    connection.execute(
        update(delivery)
        .where(
            delivery.c.message_id == report.message_id,
            or_(delivery.c.status.in_(leads_there), no_report_yet),
        )
        .values(
            status=report.status,
            error=report.reason,
            event_id=report.event_id,
            event_at=report.event_at,
        )
    )
    return True


def _known(connection: Connection, message_id: str) -> bool:
    query = select(exists().where(delivery.c.message_id == message_id))
    return bool(connection.execute(query).scalar_one())


def _adopt(connection: Connection, report: Settlement) -> bool:
    """Note the message on the delivery it is tagged with, whose sender could or did not."""
    adopted = connection.execute(
        update(delivery)
        .where(
            delivery.c.id == report.delivery_id,
            delivery.c.message_id.is_(None),
            delivery.c.status.in_(("sending", "unknown")),
        )
        .values(
            message_id=report.message_id, sent_at=func.coalesce(delivery.c.sent_at, report.sent_at)
        )
    )
    return adopted.rowcount == 1
