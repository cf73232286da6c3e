"""What fails for good: why is kept by name, shown in the report, and sent round again."""

import json
from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError

from chalicelib import mail, objects
from chalicelib.billing.period import Period
from chalicelib.steps import email_invoice as emailer
from chalicelib.steps import render_invoice as renderer
from chalicelib.steps.bill_month import bill_month
from chalicelib.steps.render_invoice import render_invoice

OCTOBER = Period.month(2026, 10)
NOW = datetime(2026, 11, 1, 3, 15, tzinfo=UTC)


@pytest.fixture
def issue(settings, books, cloud):
    """Issue an invoice to an employee; returns its id."""

    def issue(code="ANNA", **fields):
        books.employee(code, **fields)
        books.workday(code)
        bill_month(settings, OCTOBER, NOW)
        [*_, invoice_id] = cloud.to_render()
        return invoice_id

    return issue


@pytest.fixture
def queue(settings, cloud, issue):
    """Issue an invoice, store its document; returns the id of its queued delivery."""

    def queue(code="ANNA"):
        render_invoice(settings, issue(code))
        [delivery_id] = cloud.to_mail()
        return delivery_id

    return queue


def event(key, *ids):
    """What Lambda is given for messages with *ids*."""
    return {
        "Records": [
            {"messageId": f"message-{place}", "body": json.dumps({key: number})}
            for place, number in enumerate(ids)
        ]
    }


def fail(answer):
    """The handler's answer, all of whose messages failed."""
    assert answer["batchItemFailures"]
    return answer


def failures(books):
    return books.rows("SELECT invoice_id, step, failures, reason FROM step_failure ORDER BY step")


@pytest.fixture
def without_bucket(monkeypatch, environment):
    """The Lambdas look for a bucket that does not exist."""
    monkeypatch.setenv("DOCUMENT_BUCKET", "nowhere")


class TestAFailure:
    def test_of_the_renderer_is_kept_by_invoice_with_its_reason(self, books, issue, without_bucket):
        invoice_id = issue()

        fail(renderer.handle(event("invoice_id", invoice_id)))

        [(of, step, times, reason)] = failures(books)
        assert (of, step, times) == (invoice_id, "render", 1)
        assert reason.startswith("An error occurred (NoSuchBucket)")

    def test_of_the_emailer_is_kept_by_the_invoice_of_the_delivery(
        self, settings, books, queue, environment
    ):
        delivery_id = queue()
        [key] = objects.keys(settings.document_bucket, "invoices/")
        objects.put(settings.document_bucket, key, b"other bytes", "application/pdf")

        fail(emailer.handle(event("delivery_id", delivery_id)))

        [(of, step, times, reason)] = failures(books)
        assert of == books.value("SELECT invoice_id FROM delivery")
        assert (step, times) == ("email", 1)
        assert "is not the document that was rendered; restore its version" in reason

    def test_is_counted_and_replaced_by_the_next(self, monkeypatch, books, queue, environment):
        delivery_id = queue()
        for said in ("slow down", "slower"):
            error = ClientError({"Error": {"Code": "Throttling", "Message": said}}, "SendRawEmail")
            monkeypatch.setattr(mail, "send", raising(error))
            fail(emailer.handle(event("delivery_id", delivery_id)))

        [(_, _, times, reason)] = failures(books)
        assert times == 2
        assert "slower" in reason

    def test_costs_success_nothing(self, books, issue, environment):
        renderer.handle(event("invoice_id", issue()))

        assert failures(books) == []

    def test_of_an_invoice_nobody_has_is_in_the_log_alone(self, books, environment):
        fail(renderer.handle(event("invoice_id", 10**9, 10**40)))

        assert failures(books) == []

    def test_of_a_message_nobody_can_read_is_in_the_log_alone(self, books, environment):
        records = [{"messageId": "1", "body": "hello"}, {"messageId": "2", "body": "[7]"}]

        answer = renderer.handle({"Records": records})

        assert len(answer["batchItemFailures"]) == 2
        assert failures(books) == []

    def test_does_not_hide_behind_a_database_that_is_down(
        self, monkeypatch, caplog, issue, environment
    ):
        invoice_id = issue()
        monkeypatch.setenv("DATABASE_URL", "postgresql://127.0.0.1:1/none")

        answer = fail(renderer.handle(event("invoice_id", invoice_id, invoice_id)))

        assert len(answer["batchItemFailures"]) == 2
        assert caplog.messages[:2] == [
            f'message message-0 failed: {{"invoice_id": {invoice_id}}}',
            f"why {invoice_id} failed could not be kept in the database",
        ]


def raising(error):
    def send(*_letter):
        raise error

    return send
