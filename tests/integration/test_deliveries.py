"""From an issued invoice to one mail: stored once, claimed once, sent once, and never lost."""

import hashlib
import json
import random
import re
import time
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from functools import partial
from urllib.parse import parse_qs

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from chalicelib.aws import s3, ses
from chalicelib.billing.errors import BillingError
from chalicelib.billing.period import Period
from chalicelib.steps import email_invoice as emailer
from chalicelib.steps import render_invoice as renderer
from chalicelib.steps.bill_month import bill_month
from chalicelib.steps.correct_invoice import correct_invoice
from chalicelib.steps.email_invoice import DocumentChanged, NotYet, email_invoice
from chalicelib.steps.render_invoice import UnknownInvoice, render_invoice
from chalicelib.steps.resend_invoice import resend
from chalicelib.steps.sweep import sweep
from chalicelib.store import deliveries
from chalicelib.store.connection import engine
from chalicelib.store.deliveries import CannotResend
from tests.builders_ledger import at_once

OCTOBER = Period.month(2026, 10)
NOW = datetime(2026, 11, 1, 3, 15, tzinfo=UTC)
TIMES = 5


@pytest.fixture
def issue(settings, books, cloud):
    """Issue an invoice to an employee with given fields; returns its id."""

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

    def queue(code="ANNA", **fields):
        render_invoice(settings, issue(code, **fields))
        [delivery_id] = cloud.to_mail()
        return delivery_id

    return queue


def of_before(books):
    """Let the ledger hold addresses as an earlier release stored them."""
    books.execute("ALTER TABLE employee DROP CONSTRAINT employee_email_check")


def state(books, delivery_id):
    [found] = books.rows("SELECT status, attempts, error FROM delivery WHERE id = %s", delivery_id)
    return found


def status(books, delivery_id):
    return state(books, delivery_id)[0]


# How a delivery comes to each status.
WAYS = {
    "queued": [],
    "sending": [],
    "sent": ["sending"],
    "delivered": ["sending", "sent"],
    "bounced": ["sending", "sent"],
    "complained": ["sending", "sent"],
    "failed": ["sending"],
    "unknown": ["sending"],
}
DELIVERED_TO = ("sent", "delivered", "bounced", "complained")


def bring(books, delivery_id, to):
    """Take a queued delivery along an allowed way, by plain SQL."""
    for step in [*WAYS[to], to]:
        known = ", message_id = 'm', sent_at = coalesce(sent_at, now())" * (step in DELIVERED_TO)
        books.execute(
            f"UPDATE delivery SET status = %s, error = 'x', claimed_at = clock_timestamp(){known}"
            " WHERE id = %s",
            step,
            delivery_id,
        )


def stored(settings):
    return s3.keys(settings.document_bucket, "invoices/")


def outcome(task):
    """What a task returns, or the error it ends with."""
    try:
        return task()
    except BillingError as error:
        return error


def refusal(code):
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "SendRawEmail")


def ses_says(monkeypatch, error):
    def send(*_letter):
        raise error

    monkeypatch.setattr(ses, "send", send)


def messages(key, *ids):
    return {
        "Records": [
            {"messageId": f"message-{place}", "body": json.dumps({key: number})}
            for place, number in enumerate(ids)
        ]
    }


class TestRendering:
    def test_many_times_stores_one_document(self, settings, books, issue):
        invoice_id = issue()

        for _ in range(TIMES):
            render_invoice(settings, invoice_id)

        [key] = stored(settings)
        pdf = s3.get(settings.document_bucket, key)
        assert books.rows("SELECT invoice_id, s3_key, sha256, bytes FROM document") == [
            (invoice_id, key, hashlib.sha256(pdf).hexdigest(), len(pdf))
        ]
        assert pdf.startswith(b"%PDF-")

    def test_at_once_stores_one_document(self, settings, books, issue, elsewhere):
        invoice_id = issue()

        at_once(*(partial(render_invoice, elsewhere(), invoice_id) for _ in range(4)))

        assert len(stored(settings)) == 1
        assert books.value("SELECT count(*) FROM document") == 1

    def test_adopts_what_an_interrupted_try_stored(self, settings, books, issue):
        """It was killed after its object and before its row; a newer release draws otherwise."""
        invoice_id = issue()
        [digest] = books.column("SELECT content_sha256 FROM invoice")
        key = f"invoices/2026-10/ANNA-0001-{digest}.pdf"
        s3.put_once(settings.document_bucket, key, b"%PDF-1.7 of before", "application/pdf")

        render_invoice(settings, invoice_id)

        assert s3.get(settings.document_bucket, key) == b"%PDF-1.7 of before"
        assert books.rows("SELECT s3_key, sha256, bytes FROM document") == [
            (key, hashlib.sha256(b"%PDF-1.7 of before").hexdigest(), 18)
        ]

    def test_draws_the_same_bytes_whatever_changed_since(self, settings, books, issue):
        invoice_id = issue()
        render_invoice(settings, invoice_id)
        [key] = stored(settings)
        drawn = s3.get(settings.document_bucket, key)

        books.execute("UPDATE employee SET full_name = 'Somebody Else', iban = NULL")
        books.execute("UPDATE project SET name = 'Renamed'")
        s3.client().delete_object(Bucket=settings.document_bucket, Key=key)
        books.execute("ALTER TABLE document DISABLE TRIGGER document_never_changes")
        books.execute("DELETE FROM document")
        render_invoice(settings, invoice_id)

        assert s3.get(settings.document_bucket, key) == drawn

    def test_of_an_unknown_invoice_says_so(self, settings):
        with pytest.raises(UnknownInvoice, match="no invoice has the id 404"):
            render_invoice(settings, 404)

    def test_passes_on_what_waits_for_the_emailer(self, settings, books, issue, cloud):
        invoice_id = issue()

        render_invoice(settings, invoice_id)

        assert cloud.to_mail() == books.column("SELECT id FROM delivery")

    def test_passes_on_nothing_that_was_sent(self, settings, queue, books, cloud):
        email_invoice(settings, queue())

        render_invoice(settings, books.value("SELECT id FROM invoice"))

        assert cloud.to_mail() == []

    def test_reports_exactly_the_messages_that_failed(self, environment, issue):
        event = messages("invoice_id", 404, issue(), 405)
        event["Records"].append({"messageId": "message-3", "body": "not JSON"})
        event["Records"].append({"messageId": "message-4", "body": '{"other": 1}'})

        assert renderer.handle(event) == {
            "batchItemFailures": [
                {"itemIdentifier": "message-0"},
                {"itemIdentifier": "message-2"},
                {"itemIdentifier": "message-3"},
                {"itemIdentifier": "message-4"},
            ]
        }


class TestClaims:
    def claim(self, url, delivery_id):
        with engine(url).begin() as connection:
            return deliveries.claim(connection, delivery_id)

    def test_are_won_by_one_of_many(self, queue, books, elsewhere):
        delivery_id = queue()

        won = at_once(
            *(partial(self.claim, elsewhere().database_url, delivery_id) for _ in range(8))
        )

        assert sorted(won) == [False] * 7 + [True]
        assert state(books, delivery_id) == ("sending", 1, None)

    @pytest.mark.parametrize(
        "taken", ["sending", "sent", "delivered", "bounced", "complained", "failed", "unknown"]
    )
    def test_are_of_queued_deliveries(self, database_url, queue, books, taken):
        delivery_id = queue()
        bring(books, delivery_id, taken)

        assert not self.claim(database_url, delivery_id)
        assert status(books, delivery_id) == taken

    def test_can_be_given_back(self, database_url, queue, books):
        delivery_id = queue()
        self.claim(database_url, delivery_id)

        with engine(database_url).begin() as connection:
            deliveries.release(connection, delivery_id, "SES was asleep")

        assert state(books, delivery_id) == ("queued", 1, "SES was asleep")
        assert self.claim(database_url, delivery_id)
        assert state(books, delivery_id) == ("sending", 2, "SES was asleep")

    @pytest.mark.parametrize(("age", "given_up"), [("4 min 50 s", False), ("5 min 1 s", True)])
    def test_are_given_up_when_nobody_can_be_behind_them(
        self, database_url, queue, books, age, given_up
    ):
        delivery_id = queue()
        self.claim(database_url, delivery_id)
        books.execute("UPDATE delivery SET claimed_at = clock_timestamp() - %s::interval", age)

        with engine(database_url).begin() as connection:
            assert deliveries.expire_claim(connection, delivery_id) is given_up

        assert status(books, delivery_id) == ("unknown" if given_up else "sending")

    def test_once_given_up_are_settled_by_a_late_answer(self, database_url, queue, books):
        delivery_id = queue()
        bring(books, delivery_id, "unknown")

        with engine(database_url).begin() as connection:
            deliveries.mark_sent(connection, delivery_id, "id-of-ses")

        assert books.rows("SELECT status, message_id, error FROM delivery") == [
            ("sent", "id-of-ses", None)
        ]

    @pytest.mark.parametrize("settled", ["delivered", "bounced", "complained", "failed"])
    def test_late_answers_change_nothing_that_is_settled(self, database_url, queue, books, settled):
        delivery_id = queue()
        bring(books, delivery_id, settled)

        with engine(database_url).begin() as connection:
            deliveries.mark_sent(connection, delivery_id, "another")
            deliveries.mark_failed(connection, delivery_id, "another")
            deliveries.mark_unknown(connection, delivery_id, "another")
            deliveries.release(connection, delivery_id, "another")

        message_id = "m" if settled in DELIVERED_TO else None
        assert books.rows("SELECT status, message_id, error FROM delivery") == [
            (settled, message_id, "x")
        ]


class TestEmailing:
    def test_many_times_sends_one_mail(self, settings, books, cloud, queue):
        delivery_id = queue()

        for _ in range(TIMES):
            email_invoice(settings, delivery_id)

        [sent] = cloud.mails()
        assert books.rows("SELECT status, attempts, message_id FROM delivery") == [
            ("sent", 1, sent.id)
        ]

    def test_at_once_sends_one_mail(self, settings, books, cloud, queue, elsewhere):
        delivery_id = queue()

        answers = at_once(
            *(partial(outcome, partial(email_invoice, elsewhere(), delivery_id)) for _ in range(8))
        )

        assert len(cloud.mails()) == 1
        assert status(books, delivery_id) == "sent"
        assert {type(answer) for answer in answers} <= {type(None), NotYet}

    def test_attaches_the_stored_document(self, settings, cloud, queue):
        email_invoice(settings, queue(email="anna@contractors.example"))

        [sent] = cloud.mails()
        message = message_from_bytes(sent.raw_data.encode(), policy=policy.default)
        [attachment] = message.iter_attachments()
        [key] = stored(settings)
        assert set(sent.destinations) == {"anna@contractors.example"}
        assert message["To"] == "anna@contractors.example"
        assert message["Subject"] == "Self-billed invoice ANNA-0001 from Northwind Research Ltd"
        assert attachment.get_filename() == "ANNA-0001.pdf"
        assert attachment.get_content() == s3.get(settings.document_bucket, key)
        assert "480.00 EUR" in message.get_body().get_content()

    def test_names_what_a_credit_note_cancels_and_what_replaces_it(
        self, settings, books, cloud, queue
    ):
        queue()
        books.execute("UPDATE workday SET hours = 4")
        correct_invoice(settings, "ANNA-0001", NOW)
        [credit_note, _invoice] = cloud.to_render()
        render_invoice(settings, credit_note)
        [*_, delivery_id] = cloud.to_mail()

        email_invoice(settings, delivery_id)

        [sent] = cloud.mails()
        message = message_from_bytes(sent.raw_data.encode(), policy=policy.default)
        assert message["Subject"] == (
            "Self-billed credit note ANNA-0002 from Northwind Research Ltd"
        )
        text = message.get_body(("plain",)).get_content()
        assert "It cancels invoice ANNA-0001. Invoice ANNA-0003 replaces it." in text

    def test_goes_to_the_address_of_the_delivery(self, settings, books, cloud, queue):
        delivery_id = queue(email="then@contractors.example")
        books.execute("UPDATE employee SET email = 'now@contractors.example'")

        email_invoice(settings, delivery_id)

        [sent] = cloud.mails()
        assert set(sent.destinations) == {"then@contractors.example"}

    def test_without_an_address_fails_with_the_reason(self, settings, books, cloud, queue):
        delivery_id = queue(email=None)

        email_invoice(settings, delivery_id)

        assert state(books, delivery_id) == ("failed", 1, "no email address")
        assert cloud.mails() == []

    @pytest.mark.parametrize(
        ("email", "reason"),
        [
            ("nobody", "write one, like anna@company.example"),
            ("a@b.example, c@d.example", "write one, like anna@company.example"),
            (
                "straße@c.example",
                (
                    "U+00DF (LATIN SMALL LETTER SHARP S) cannot stand before the @;"
                    " ask for the address in ASCII"
                ),
            ),
            (
                "info@λόγοσ.example",
                "its domain may have been written with ß for ss or ς for σ",
            ),
        ],
    )
    def test_of_a_doubtful_address_of_before_fails_with_the_reason(
        self, settings, books, cloud, queue, email, reason
    ):
        of_before(books)
        delivery_id = queue(email=email)

        email_invoice(settings, delivery_id)

        why = f"{email!r} is not an email address: {reason}"
        assert state(books, delivery_id) == ("failed", 1, why)
        assert cloud.mails() == []
        with pytest.raises(CannotResend, match=re.escape(why)):
            resend(settings, "ANNA-0001")

    def test_of_an_address_of_before_goes_to_its_own_domain(self, settings, books, cloud, queue):
        of_before(books)
        delivery_id = queue(email="anna@bücher.example")

        email_invoice(settings, delivery_id)

        [sent] = cloud.mails()
        assert set(sent.destinations) == {"anna@xn--bcher-kva.example"}
        message = message_from_bytes(sent.raw_data.encode(), policy=policy.default)
        assert message["To"] == "anna@xn--bcher-kva.example"
        assert books.value("SELECT recipient FROM delivery") == "anna@bücher.example"

    def test_before_rendering_comes_again_later(self, settings, books, issue, cloud):
        issue()
        [delivery_id] = books.column("SELECT id FROM delivery")

        with pytest.raises(NotYet, match="its PDF is not stored yet"):
            email_invoice(settings, delivery_id)

        assert state(books, delivery_id) == ("queued", 0, None)
        assert cloud.mails() == []

    def test_sends_no_document_but_the_recorded_one(self, settings, books, cloud, queue):
        delivery_id = queue()
        [key] = stored(settings)
        document = s3.get(settings.document_bucket, key)
        s3.put(settings.document_bucket, key, document + b" ", "application/pdf")

        with pytest.raises(DocumentChanged, match=key):
            email_invoice(settings, delivery_id)
        assert status(books, delivery_id) == "queued"
        assert cloud.mails() == []

        s3.put(settings.document_bucket, key, document, "application/pdf")
        email_invoice(settings, delivery_id)
        assert status(books, delivery_id) == "sent"

    def test_of_a_document_that_is_gone_stays_queued(self, settings, books, cloud, queue):
        delivery_id = queue()
        [key] = stored(settings)
        s3.client().delete_object(Bucket=settings.document_bucket, Key=key)

        with pytest.raises(ClientError, match="NoSuchKey"):
            email_invoice(settings, delivery_id)

        assert status(books, delivery_id) == "queued"

    def test_leaves_a_fresh_claim_to_its_owner(self, settings, books, cloud, queue):
        delivery_id = queue()
        books.execute("UPDATE delivery SET status = 'sending', claimed_at = clock_timestamp()")

        with pytest.raises(NotYet, match="another process is sending it"):
            email_invoice(settings, delivery_id)

        assert status(books, delivery_id) == "sending"
        assert cloud.mails() == []

    def test_does_not_send_again_what_a_dead_sender_may_have_sent(
        self, settings, books, cloud, queue
    ):
        delivery_id = queue()
        books.execute(
            "UPDATE delivery SET status = 'sending', claimed_at = now() - interval '1 day'"
        )

        email_invoice(settings, delivery_id)
        email_invoice(settings, delivery_id)

        assert state(books, delivery_id)[::2] == (
            "unknown",
            "the sender stopped between its claim and the answer of SES",
        )
        assert cloud.mails() == []

    def test_claims_before_it_sends(self, settings, books, queue, monkeypatch):
        """Another process sees the claim while SES is being called."""
        delivery_id = queue()
        seen = []

        def send(*_letter):
            seen.append(status(books, delivery_id))
            return "id-of-ses"

        monkeypatch.setattr(ses, "send", send)
        email_invoice(settings, delivery_id)

        assert seen == ["sending"]

    @pytest.mark.parametrize(
        "code", ["Throttling", "ThrottlingException", "TooManyRequestsException"]
    )
    def test_comes_again_when_ses_asks_to_slow_down(
        self, settings, books, cloud, queue, monkeypatch, code
    ):
        delivery_id = queue()
        with monkeypatch.context() as throttled:
            ses_says(throttled, refusal(code))
            with pytest.raises(NotYet, match=code):
                email_invoice(settings, delivery_id)
        queued, attempts, reason = state(books, delivery_id)
        assert (queued, attempts) == ("queued", 1)
        assert code in reason

        email_invoice(settings, delivery_id)

        assert state(books, delivery_id) == ("sent", 2, None)
        assert len(cloud.mails()) == 1

    def test_waits_out_a_throttle_without_a_claim(self, settings, books, cloud, queue, monkeypatch):
        """Killed while it waits, it leaves a queued delivery behind."""
        delivery_id = queue()
        send, seen = ses.send, []

        def throttled_twice(*letter):
            if len(seen) < 2:
                seen.append(books.value("SELECT count(*) FROM delivery_event"))
                raise refusal("Throttling")
            return send(*letter)

        monkeypatch.setattr(ses, "send", throttled_twice)
        email_invoice(settings, delivery_id, patience=20)

        assert state(books, delivery_id) == ("sent", 3, None)
        assert len(cloud.mails()) == 1
        steps = books.column("SELECT to_status FROM delivery_event ORDER BY id")
        assert steps == ["queued", *["sending", "queued"] * 2, "sending", "sent"]

    def test_of_somebody_else_meanwhile_is_left_to_them(
        self, settings, books, cloud, queue, monkeypatch
    ):
        delivery_id = queue()

        def taken_meanwhile(seconds):
            books.execute("UPDATE delivery SET status = 'sending', claimed_at = now()")

        monkeypatch.setattr(time, "sleep", taken_meanwhile)
        ses_says(monkeypatch, refusal("Throttling"))
        email_invoice(settings, delivery_id, patience=20)

        assert state(books, delivery_id)[:2] == ("sending", 1)

    def test_gives_up_on_a_throttle_in_time(self, settings, books, queue, monkeypatch):
        delivery_id = queue()
        ses_says(monkeypatch, refusal("Throttling"))
        began = time.monotonic()

        with pytest.raises(NotYet, match="Throttling"):
            email_invoice(settings, delivery_id, patience=0.5)

        assert time.monotonic() - began < 0.5 + ses.LONGEST_WAIT_SECONDS + 1
        queued, attempts, reason = state(books, delivery_id)
        assert queued == "queued"
        assert attempts > 1
        assert "Throttling" in reason

    def test_does_not_wait_for_the_quota_of_tomorrow(self, settings, books, queue, monkeypatch):
        delivery_id = queue()
        quota = {"Code": "Throttling", "Message": "Daily message quota exceeded."}
        ses_says(monkeypatch, ClientError({"Error": quota}, "SendRawEmail"))

        with pytest.raises(NotYet, match="Daily message quota exceeded"):
            email_invoice(settings, delivery_id, patience=20)

        assert state(books, delivery_id)[:2] == ("queued", 1)

    def test_begins_nothing_when_time_is_up(self, settings, books, cloud, queue):
        delivery_id = queue()

        with pytest.raises(NotYet, match="its batch ran out of time"):
            email_invoice(settings, delivery_id, patience=-0.1)

        assert state(books, delivery_id) == ("queued", 0, None)
        assert cloud.mails() == []

    def test_is_unknown_when_ses_itself_fails(self, settings, books, queue, monkeypatch):
        delivery_id = queue()
        error = refusal("InternalFailure")
        error.response["ResponseMetadata"] = {"HTTPStatusCode": 500}
        ses_says(monkeypatch, error)

        email_invoice(settings, delivery_id)

        assert state(books, delivery_id)[0] == "unknown"

    def test_throttled_by_a_busy_server_is_not_unknown(self, settings, books, queue, monkeypatch):
        delivery_id = queue()
        error = refusal("Throttling")
        error.response["ResponseMetadata"] = {"HTTPStatusCode": 503}
        ses_says(monkeypatch, error)

        with pytest.raises(NotYet):
            email_invoice(settings, delivery_id)

        assert state(books, delivery_id)[0] == "queued"

    def test_asks_for_answers_at_the_address_for_them(self, settings, cloud, queue):
        email_invoice(replace(settings, mail_reply_to="accounts@company.example"), queue())

        [sent] = cloud.mails()
        assert message_from_bytes(sent.raw_data.encode())["Reply-To"] == "accounts@company.example"

    def test_is_tagged_where_a_configuration_set_reports(self, settings, queue, monkeypatch):
        delivery_id = queue()
        asked = []

        def before_send(request, **_):
            asked.append(
                parse_qs(request.body if isinstance(request.body, str) else request.body.decode())
            )

        events = ses.client().meta.events
        events.register_first("before-send.ses.SendRawEmail", before_send)
        try:
            email_invoice(replace(settings, mail_configuration_set="selfbill"), delivery_id)
        finally:
            events.unregister("before-send.ses.SendRawEmail", before_send)

        [request] = asked
        assert request["ConfigurationSetName"] == ["selfbill"]
        assert request["Tags.member.1.Name"] == ["delivery"]
        assert request["Tags.member.1.Value"] == [str(delivery_id)]

    def test_fails_when_ses_refuses_it(self, settings, books, queue, monkeypatch):
        delivery_id = queue()
        ses_says(monkeypatch, refusal("MessageRejected"))

        email_invoice(settings, delivery_id)

        failed, _, error = state(books, delivery_id)
        assert failed == "failed"
        assert "MessageRejected" in error

    @pytest.mark.parametrize("lost", [ReadTimeoutError, ConnectionClosedError])
    def test_is_unknown_when_the_answer_of_ses_is_lost(
        self, settings, books, queue, monkeypatch, lost
    ):
        delivery_id = queue()
        ses_says(monkeypatch, lost(endpoint_url="https://email.eu-central-1.amazonaws.com"))

        with pytest.raises(lost):
            email_invoice(settings, delivery_id)
        email_invoice(settings, delivery_id)

        unknown, attempts, error = state(books, delivery_id)
        assert (unknown, attempts) == ("unknown", 1)
        assert error.startswith("no answer from SES")

    def test_reports_exactly_the_messages_that_failed(self, environment, books, queue):
        sent = queue()
        event = messages("delivery_id", 404, sent, sent)

        assert emailer.handle(event) == {"batchItemFailures": [{"itemIdentifier": "message-0"}]}
        assert status(books, sent) == "sent"


class TestQueuesThatRepeatThemselves:
    @pytest.mark.parametrize("seed", range(3))
    def test_make_one_document_and_one_mail_of_five_of_each(
        self, settings, books, cloud, issue, environment, seed
    ):
        """Two consumers, every message five times, in any order."""
        invoices = [issue("ANNA"), issue("BORYS"), issue("CARA", email=None)]
        ids = books.column("SELECT id FROM delivery ORDER BY id")
        order = random.Random(seed)

        def shuffled():
            records = [
                *(("invoice_id", number) for number in invoices * TIMES),
                *(("delivery_id", number) for number in ids * TIMES),
            ]
            order.shuffle(records)
            return records

        every = shuffled()
        at_once(partial(consume, every[::2]), partial(consume, every[1::2]))

        assert len(stored(settings)) == 3
        assert books.value("SELECT count(*) FROM document") == 3
        assert len(cloud.mails()) == 2
        assert books.column("SELECT status FROM delivery ORDER BY id") == [
            "sent",
            "sent",
            "failed",
        ]


def consume(records):
    """Hand messages to their handlers, again and again until each has been done with."""
    handlers = {"invoice_id": renderer.handle, "delivery_id": emailer.handle}
    deadline = time.monotonic() + 60
    while records:
        assert time.monotonic() < deadline
        key, number = records.pop(0)
        if handlers[key](messages(key, number))["batchItemFailures"]:
            records.append((key, number))


class TestResending:
    @pytest.fixture
    def settings(self, operator_settings):
        """A person resends."""
        return operator_settings

    @pytest.fixture
    def sent(self, settings, queue):
        delivery_id = queue(email="then@contractors.example")
        email_invoice(settings, delivery_id)
        return delivery_id

    def test_goes_to_the_address_of_today(self, settings, books, cloud, sent):
        books.execute("UPDATE employee SET email = 'now@contractors.example'")

        assert resend(settings, "ANNA-0001") == "now@contractors.example"

        [delivery_id] = cloud.to_mail()
        assert delivery_id != sent
        email_invoice(settings, delivery_id)
        [_, mailed] = cloud.mails()
        assert set(mailed.destinations) == {"now@contractors.example"}
        assert books.column("SELECT status FROM delivery ORDER BY id") == ["sent", "sent"]

    @pytest.mark.parametrize("ended", ["delivered", "bounced", "complained", "failed", "unknown"])
    def test_follows_whatever_ended(self, settings, books, queue, ended):
        bring(books, queue(), ended)

        resend(settings, "ANNA-0001")

        assert books.column("SELECT status FROM delivery ORDER BY id") == [ended, "queued"]

    def test_of_a_number_nobody_issued_is_refused(self, settings, cloud):
        with pytest.raises(CannotResend, match=r"NONE-0001 .*: no invoice has this number"):
            resend(settings, "NONE-0001")

    def test_before_rendering_is_refused(self, settings, books, issue):
        issue()

        with pytest.raises(CannotResend, match="its PDF is not ready yet"):
            resend(settings, "ANNA-0001")

        assert books.value("SELECT count(*) FROM delivery") == 1

    @pytest.mark.parametrize("now", ["queued", "sending"])
    def test_while_one_is_on_its_way_is_refused(self, settings, books, queue, now):
        bring(books, queue(), now)

        with pytest.raises(CannotResend, match="already on the way"):
            resend(settings, "ANNA-0001")

    def test_to_nobody_is_refused(self, settings, books, sent):
        books.execute("UPDATE employee SET email = NULL")

        with pytest.raises(CannotResend, match="no email address"):
            resend(settings, "ANNA-0001")

    def test_at_once_queues_one(self, books, sent, elsewhere):
        answers = at_once(
            *(partial(outcome, partial(resend, elsewhere(), "ANNA-0001")) for _ in range(4))
        )

        assert sorted(type(answer).__name__ for answer in answers) == [
            *["CannotResend"] * 3,
            "str",
        ]
        assert books.value("SELECT count(*) FROM delivery") == 2


class TestLostMessages:
    def test_of_queued_deliveries_are_found_by_the_sweep(
        self, settings, books, cloud, queue, monkeypatch
    ):
        """After its last try SQS sets a message aside; the delivery still waits."""
        delivery_id = queue()
        with monkeypatch.context() as throttled:
            ses_says(throttled, refusal("Throttling"))
            for _ in range(TIMES):
                assert isinstance(outcome(partial(email_invoice, settings, delivery_id)), NotYet)

        sweep(settings)

        assert cloud.to_mail() == [delivery_id]
        email_invoice(settings, delivery_id)
        assert state(books, delivery_id) == ("sent", TIMES + 1, None)
