"""
The Lambda entry points: wiring only.

Every handler imports what it needs when it runs, so that each function loads only its own part.
"""

from __future__ import annotations

from typing import Any

from chalice.app import Chalice, SQSEvent

from chalicelib.api import health, invoices, openapi, runs, security

app = Chalice(app_name="selfbill")
app.register_blueprint(health.routes)
app.register_blueprint(invoices.routes)
app.register_blueprint(runs.routes)
app.register_blueprint(openapi.routes)
app.middleware("http")(security.harden)

# The template's own resources replace this placeholder; see .chalice/resources.yaml.
PLACEHOLDER_QUEUE = "arn:aws:sqs:us-east-1:000000000000:placeholder"


@app.lambda_function(name="bill_month")
def bill_month(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """The month's run; *event* is ``{"period": "2026-10"}``, or anything else for last month."""
    from chalicelib.steps import bill_month as step

    return step.handle(event)


@app.lambda_function(name="sweep")
def sweep(_event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Queue again whatever is issued and was lost on its way out."""
    from chalicelib.steps import sweep as step

    return step.handle()


@app.on_sqs_message(queue_arn=PLACEHOLDER_QUEUE, batch_size=10, name="render_invoice")
def render_invoice(event: SQSEvent) -> dict[str, Any]:
    """Messages ``{"invoice_id": 7}``: draw, store and record the document."""
    from chalicelib.steps import render_invoice as step

    return step.handle(event.to_dict())


@app.on_sqs_message(queue_arn=PLACEHOLDER_QUEUE, batch_size=10, name="email_invoice")
def email_invoice(event: SQSEvent) -> dict[str, Any]:
    """Messages ``{"delivery_id": 7}``: send the stored document, once."""
    from chalicelib.steps import email_invoice as step

    left = event.context.get_remaining_time_in_millis()  # type: ignore[union-attr]  # no dict
    return step.handle(event.to_dict(), left / 1000)


@app.on_sqs_message(queue_arn=PLACEHOLDER_QUEUE, batch_size=10, name="record_mail_event")
def record_mail_event(event: SQSEvent) -> dict[str, Any]:
    """Messages of SES, through SNS: note what became of an email."""
    from chalicelib.steps import record_mail_event as step

    return step.handle(event.to_dict())
