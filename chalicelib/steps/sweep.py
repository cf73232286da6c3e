"""
Sweep: whatever is issued and not rendered, or rendered and not emailed, is queued again.

Right after a run that is everything the run issued, so that the fan-out and the sweep are one.
Safe at any moment: a document is stored once and a delivery claimed once, however often queued.
"""

from __future__ import annotations

import os
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from chalicelib.aws import metrics, sqs
from chalicelib.billing.period import Period
from chalicelib.settings import Settings
from chalicelib.store import deliveries
from chalicelib.store.connection import check_reachable, engine
from chalicelib.store.watching import Watch, watch

from .reasons import telling


@telling()
def handle() -> dict[str, Any]:
    """The Lambda of the schedule; answers how many messages it sent and what worries it."""
    settings = Settings.from_environment(os.environ)
    now = datetime.now(UTC)
    rendering, mailing = sweep(settings)
    with engine(settings.database_url).connect() as connection:
        worries = watch(connection, settings.billing_timezone, now)
    metrics.emit(_figures(worries), now)
    return {"render_messages": rendering, "email_messages": mailing} | asdict(worries)


def _figures(worries: Watch) -> dict[str, int]:
    return {
        "HoursLate": worries.hours_late,
        "Undelivered": worries.undelivered,
        "OldestWaitingHours": worries.oldest_waiting_hours,
    }


def sweep(settings: Settings) -> tuple[int, int]:
    """
    Queue again what every period has left over, but not on a queue that is still at work.

    A long queue would otherwise be doubled every quarter of an hour.

    Returns:
        How many messages went to the renderer and to the emailer.
    """
    check_reachable(settings.database_url)
    with engine(settings.database_url).connect() as connection:
        rendering = mailing = 0
        if sqs.is_idle(settings.render_queue_url):
            rendering = _send_to_renderer(connection, settings, None)
        if sqs.is_idle(settings.email_queue_url):
            mailing = _send_to_emailer(connection, settings, None)
    return rendering, mailing


def fan_out(connection: Connection, settings: Settings, period: Period) -> tuple[int, int]:
    """
    Queue what *period* has to be rendered and emailed.

    Returns:
        How many messages went to the renderer and to the emailer.
    """
    return (
        _send_to_renderer(connection, settings, period),
        _send_to_emailer(connection, settings, period),
    )


def _send_to_renderer(connection: Connection, settings: Settings, period: Period | None) -> int:
    invoices = connection.execute(deliveries.not_rendered(period)).scalars().all()
    connection.rollback()
    sqs.publish(settings.render_queue_url, "invoice_id", invoices)
    return len(invoices)


def _send_to_emailer(connection: Connection, settings: Settings, period: Period | None) -> int:
    waiting = connection.execute(deliveries.not_mailed(period)).scalars().all()
    connection.rollback()
    sqs.publish(settings.email_queue_url, "delivery_id", waiting)
    return len(waiting)
