"""
What runs in a process of its own: one step, as a Lambda or the command line would run it.

A worker is forked from a server that has made its imports (see `preloaded`) and nothing else;
Polars starts its threads in the worker, after the fork.
"""

from __future__ import annotations

import json
import logging
import os
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from typing import Any

from chalicelib.aws import sqs as queues
from chalicelib.billing.period import Period
from chalicelib.settings import Settings
from chalicelib.steps import email_invoice, render_invoice, sweep
from chalicelib.steps.bill_month import bill_month
from chalicelib.steps.correct_invoice import CannotCorrect, correct_invoice
from chalicelib.store.closing import close
from chalicelib.store.connection import engine, period_lock

from .boundaries import Boundaries

OCTOBER = Period.month(2026, 10)
NOW = datetime(2026, 11, 1, 3, 15, tzinfo=UTC)
LATER = datetime(2026, 11, 9, 10, 0, tzinfo=UTC)

# Longer than any test: what was received comes back when the worker says so.
RECEIVED_SECONDS = 600


def serve(
    connection: Connection, environment: Mapping[str, str], *, watched: bool, kill_at: int | None
) -> None:
    """
    Answer tasks until the connection closes.

    Every task is a function of this module and its arguments; every answer is ``returned`` or
    ``raised``, with a value.  A process that is about to kill itself says ``dying`` and where.
    """
    os.environ.update(environment)
    logging.disable()
    # One message a call and one call at a time: a crash can fall between any two.
    queues.BATCH = queues.SENDERS = 1
    here = Boundaries(kill_at, last_words=lambda label: connection.send(("dying", label)))
    if watched:
        here.watch()
    while True:
        try:
            task, arguments = connection.recv()
        except EOFError:
            return
        connection.send(_outcome(here, task, arguments))


def _outcome(
    here: Boundaries, task: Callable[..., Any], arguments: tuple[Any, ...]
) -> tuple[str, Any, list[str]]:
    try:
        return "returned", task(*arguments), here.crossed
    except Exception:  # noqa: BLE001 -- the harness judges it
        return "raised", traceback.format_exc(), here.crossed


def settings() -> Settings:
    return Settings.from_environment(os.environ)


def operators() -> Settings:
    """Settings of the command line."""
    return replace(settings(), database_url=os.environ["OPERATOR_URL"])


def bill(_event: None = None) -> None:
    bill_month(settings(), OCTOBER, NOW)


def correct(_event: None = None) -> str | None:
    """Correct ANNA's invoice; returns why it was refused."""
    try:
        correct_invoice(operators(), "ANNA-0001", LATER)
    except CannotCorrect as refused:
        return refused.reason
    return None


def close_month() -> None:
    with period_lock(engine(operators().database_url), OCTOBER) as connection:
        close(connection, OCTOBER)


def render(event: dict[str, Any]) -> list[str]:
    return _failed(render_invoice.handle(event))


def mail(event: dict[str, Any], seconds: float = email_invoice.LAMBDA_SECONDS) -> list[str]:
    return _failed(email_invoice.handle(event, seconds))


def _failed(answer: dict[str, Any]) -> list[str]:
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def drain() -> int:
    """Hand the handlers every message of the queues, as SQS does; how many were not done with."""
    here = settings()
    rendering = _drain(here.render_queue_url, render)
    return rendering + _drain(here.email_queue_url, mail)


def work_for(queue: str, seconds: float) -> int:
    """Hand the handler of *queue* its messages until there are none or *seconds* are over."""
    here = settings()
    queue_url, handle = {
        "render": (here.render_queue_url, render),
        "email": (here.email_queue_url, mail),
    }[queue]
    sqs, handled, end = queues.client(), 0, time.monotonic() + seconds
    while time.monotonic() < end:
        answer = sqs.receive_message(
            QueueUrl=queue_url, MaxNumberOfMessages=10, VisibilityTimeout=RECEIVED_SECONDS
        )
        messages = answer.get("Messages", [])
        if not messages:
            break
        failed = handle(event_of(messages))
        for message in messages:
            receipt = {"QueueUrl": queue_url, "ReceiptHandle": message["ReceiptHandle"]}
            if message["MessageId"] in failed:
                sqs.change_message_visibility(**receipt, VisibilityTimeout=0)
            else:
                sqs.delete_message(**receipt)
        handled += len(messages)
    return handled


def _drain(queue_url: str, handle: Callable[[dict[str, Any]], list[str]]) -> int:
    sqs = queues.client()
    unfinished = []
    while messages := sqs.receive_message(
        QueueUrl=queue_url, MaxNumberOfMessages=10, VisibilityTimeout=RECEIVED_SECONDS
    ).get("Messages"):
        failed = handle(event_of(messages))
        for message in messages:
            receipt = {"QueueUrl": queue_url, "ReceiptHandle": message["ReceiptHandle"]}
            if message["MessageId"] in failed:
                unfinished.append(receipt)
            else:
                sqs.delete_message(**receipt)
    for receipt in unfinished:
        sqs.change_message_visibility(**receipt, VisibilityTimeout=0)
    return len(unfinished)


def event_of(messages: list[dict[str, Any]]) -> dict[str, Any]:
    """The Lambda event of received *messages*, in the order of their ids."""
    by_id = sorted(messages, key=lambda message: list(json.loads(message["Body"]).values()))
    return {
        "Records": [
            {"messageId": message["MessageId"], "body": message["Body"]} for message in by_id
        ]
    }


def deliver_again(invoices: list[int], deliveries: list[int]) -> None:
    """Sweep, as the schedule does, send every message there ever was once more, and drain."""
    here = settings()
    sweep.sweep(here)
    queues.publish(here.render_queue_url, "invoice_id", invoices)
    queues.publish(here.email_queue_url, "delivery_id", deliveries)
    drain()
