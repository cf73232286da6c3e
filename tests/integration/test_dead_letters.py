"""What fails for good: why is kept by name, shown in the report, and sent round again."""

import json
import re
from collections import Counter
from datetime import UTC, datetime
from io import StringIO

import pytest
from botocore.exceptions import ClientError
from rich.console import Console

from chalicelib.aws import s3, ses
from chalicelib.aws import sqs as queues
from chalicelib.billing.period import Period
from chalicelib.steps import email_invoice as emailer
from chalicelib.steps import render_invoice as renderer
from chalicelib.steps.bill_month import bill_month
from chalicelib.steps.render_invoice import render_invoice
from chalicelib.store.connection import engine
from chalicelib.store.reporting import PeriodReport, report_period
from jobs.dead_letters import find as dead_letters
from jobs.dead_letters import redrive as redriving
from jobs.dead_letters.find import DeadLetters
from jobs.dead_letters.peek import look
from jobs.report import view as report_view
from jobs.report.page import page
from tests.builders_ledger import at_once

OCTOBER = Period.month(2026, 10)
NOW = datetime(2026, 11, 1, 3, 15, tzinfo=UTC)


@pytest.fixture
def settings(operator_settings):
    """A person looks and redrives."""
    return operator_settings


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
        [key] = s3.keys(settings.document_bucket, "invoices/")
        s3.put(settings.document_bucket, key, b"other bytes", "application/pdf")

        fail(emailer.handle(event("delivery_id", delivery_id)))

        [(of, step, times, reason)] = failures(books)
        assert of == books.value("SELECT invoice_id FROM delivery")
        assert (step, times) == ("email", 1)
        assert "is not the PDF that was recorded; restore the recorded version of it" in reason

    def test_is_counted_and_replaced_by_the_next(self, monkeypatch, books, queue, environment):
        delivery_id = queue()
        for said in ("slow down", "slower"):
            error = ClientError(
                {"Error": {"Code": "AccessDenied", "Message": said}}, "SendRawEmail"
            )
            monkeypatch.setattr(ses, "send", raising(error))
            fail(emailer.handle(event("delivery_id", delivery_id)))

        [(_, _, times, reason)] = failures(books)
        assert times == 2
        assert "slower" in reason

    def test_to_pass_documents_on_is_of_every_invoice_of_the_batch(
        self, settings, books, issue, environment, monkeypatch
    ):
        monkeypatch.setenv("EMAIL_QUEUE_URL", settings.email_queue_url + "-gone")
        ids = [issue("ANNA"), issue("BO")]

        with pytest.raises(ClientError):
            renderer.handle(event("invoice_id", *ids))

        rows = failures(books)
        assert [row[0] for row in rows] == ids
        assert all("does not exist" in row[3] for row in rows)

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
        lost, failed = caplog.messages[:2]
        assert lost.startswith(f"why {invoice_id} failed could not be kept in the database: the ")
        assert failed.startswith("message message-0 failed: the database refused the request: ")
        assert "[store/connection.py line" in failed


def undelivered(settings):
    """The one invoice of October that is not received."""
    with engine(settings.database_url).connect() as connection:
        [row] = report_period(connection, OCTOBER).undelivered
    return row


def raising(error):
    def send(*_letter):
        raise error

    return send


@pytest.fixture
def named(cloud):
    """The environment that names both queues."""
    return {"RENDER_QUEUE_URL": cloud.render_queue_url, "EMAIL_QUEUE_URL": cloud.email_queue_url}


@pytest.fixture
def found(settings, named):
    """Read what is set aside."""

    def find():
        return dead_letters.find(named, settings.database_url, lambda _count: None)

    return find


@pytest.fixture
def redrive(settings, named):
    def run():
        return redriving.redrive(named, settings.database_url, lambda _count: None)

    return run


def bodies(queue_url):
    """The messages of a queue, which keeps them."""
    messages = []
    while batch := queues.receive(queue_url, 30):
        messages += batch
    queues.give_back(queue_url, messages)
    return sorted(message.body for message in messages)


class TestWhatIsSetAside:
    def test_is_named_by_invoice_step_and_reason(self, books, issue, aside, found, without_bucket):
        invoice_id = issue(full_name="Anna Nowak")
        aside("render", invoice_id)
        fail(renderer.handle(event("invoice_id", invoice_id)))

        [row] = found().found

        assert (row.step, row.number, row.employee) == ("render", "ANNA-0001", "ANNA")
        assert (row.name, row.period, row.body) == ("Anna Nowak", OCTOBER, None)
        assert "NoSuchBucket" in row.reason
        assert found().needs_a_person

    def test_is_named_by_the_invoice_of_its_delivery(
        self, monkeypatch, queue, aside, found, environment
    ):
        delivery_id = queue()
        aside("email", delivery_id)
        error = ClientError({"Error": {"Code": "AccessDenied", "Message": "slow"}}, "SendRawEmail")
        monkeypatch.setattr(ses, "send", raising(error))
        fail(emailer.handle(event("delivery_id", delivery_id)))

        [row] = found().found

        assert (row.step, row.number) == ("email", "ANNA-0001")
        assert "AccessDenied" in row.reason

    def test_is_one_entry_for_all_messages_about_it(self, issue, aside, found):
        invoice_id = issue()
        aside("render", invoice_id, invoice_id, invoice_id)

        [row] = found().found

        assert row.messages == 3

    def test_says_when_no_reason_was_kept_for_it(self, issue, aside, found, without_bucket):
        invoice_id = issue()
        fail(renderer.handle(event("invoice_id", invoice_id)))
        # What failed before this message was sent does not explain it.
        aside("render", invoice_id)

        [row] = found().found

        assert row.reason == dead_letters.NO_REASON

    def test_says_when_it_was_done_since(self, settings, issue, aside, found):
        invoice_id = issue()
        aside("render", invoice_id)
        render_invoice(settings, invoice_id)

        [row] = found().found

        assert row.reason == dead_letters.DONE

    @pytest.mark.parametrize(
        "body",
        [
            "hello",
            "[7]",
            '{"invoice_id": "7"}',
            '{"invoice_id": true}',
            '{"invoice_id": -1}',
            '{"invoice_id": 1e3}',
            f'{{"invoice_id": {2**63}}}',
            '{"delivery_id": 7}',
            "[" * 100_000,
        ],
    )
    def test_is_there_verbatim_if_it_is_not_ours(self, aside, found, body):
        aside("render", body)

        [row] = found().found

        assert (row.number, row.reason) == (None, dead_letters.NOT_OURS)
        assert row.body == body or (row.body == f"{body[:200]}…" and len(body) > 200)

    def test_is_there_if_the_ledger_does_not_know_it(self, aside, found):
        aside("email", 4711)

        [row] = found().found

        assert (row.number, row.body) == (None, '{"delivery_id": 4711}')
        assert row.reason == dead_letters.NOT_KNOWN

    def test_is_all_read_and_stays_where_it_is(self, aside, found):
        texts = [f"message {number:03}" for number in range(137)]
        aside("render", *texts)

        first, second = found(), found()

        assert sorted(row.body for row in first.found) == texts
        assert first == second
        assert bodies(aside.urls["render"]) == texts

    def test_is_given_back_by_a_reader_that_is_stopped(self, aside):
        aside("render", *"abcdefghijkl")

        def stop(_count):
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            look(aside.urls["render"], stop)

        assert bodies(aside.urls["render"]) == list("abcdefghijkl")

    def test_is_seen_whole_by_two_who_look_at_once(self, aside, found):
        texts = [f"message {number:02}" for number in range(45)]
        aside("render", *texts)

        reports = at_once(found, found)

        assert [sorted(row.body for row in report.found) for report in reports] == [texts, texts]
        assert [report.unseen for report in reports] == [0, 0]

    def test_is_counted_if_somebody_else_holds_it(self, aside):
        aside("render", "held", "free")
        [held] = queues.client().receive_message(
            QueueUrl=aside.urls["render"], VisibilityTimeout=60
        )["Messages"]

        messages, unseen = look(aside.urls["render"], lambda _count: None, patience=0.5)

        assert {message.body for message in messages} == {"held", "free"} - {held["Body"]}
        assert unseen == 1

    def test_is_unknown_if_no_queue_is_named(self, settings):
        dead = dead_letters.find({}, settings.database_url, lambda _count: None)

        assert "the queues are not known; set RENDER_QUEUE_URL" in dead.unknown
        assert not dead.needs_a_person

    def test_is_unknown_in_part_if_one_queue_cannot_be_read(self, settings, named, aside):
        aside("email", "hello")
        named["RENDER_QUEUE_URL"] += "-gone"

        dead = dead_letters.find(named, settings.database_url, lambda _count: None)

        assert [row.body for row in dead.found] == ["hello"]
        assert "SQS could not be read" in dead.unknown
        assert dead.needs_a_person

    def test_is_unknown_if_nothing_is_ever_set_aside(self, settings, named):
        dead = dead_letters.find(named, settings.database_url, lambda _count: None)

        assert "has no dead-letter queue; deploy the template" in dead.unknown


def delivered(message_id, **mail):
    """What SES says of a mail that arrived."""
    at = "2026-11-01T03:20:00.000Z"
    return json.dumps(
        {
            "eventType": "Delivery",
            "mail": {"messageId": message_id, "timestamp": at} | mail,
            "delivery": {"timestamp": at},
        }
    )


class TestAnEventOfAMail:
    @pytest.fixture
    def named(self, named, aside):
        return named | {"MAIL_EVENT_QUEUE_URL": aside.of_events}

    def test_is_named_by_the_invoice_of_its_mail(self, settings, books, queue, aside, found):
        emailer.email_invoice(settings, queue())
        aside("mail event", delivered(books.value("SELECT message_id FROM delivery")))

        [row] = found().found

        assert (row.step, row.number) == ("mail event", "ANNA-0001")
        assert row.reason == dead_letters.NOT_RECORDED

    def test_is_named_by_the_delivery_it_is_tagged_with(self, queue, aside, found):
        aside("mail event", delivered("0100-abc", tags={"delivery": [str(queue())]}))

        [row] = found().found

        assert row.number == "ANNA-0001"

    def test_of_somebody_elses_mail_stays_where_it_is(self, aside, redrive):
        aside("mail event", delivered("0100-abc"), '{"eventType": 1}', "[]", '{"mail": 7}')

        done = redrive()

        assert done.moved == []
        assert Counter(row.reason for row in done.left) == {
            dead_letters.NOT_OURS: 3,
            dead_letters.NOT_KNOWN: 1,
        }

    def test_goes_round_again_word_for_word(self, settings, books, queue, aside, redrive):
        emailer.email_invoice(settings, queue())
        body = delivered(books.value("SELECT message_id FROM delivery"))
        aside("mail event", body)

        done = redrive()

        assert [row.number for row in done.moved] == ["ANNA-0001"]
        assert bodies(aside.of_events) == [body]


class TestRedriving:
    def test_sends_what_is_ours_back_to_its_queue(self, cloud, issue, queue, aside, redrive):
        invoice_id = issue("BO")
        delivery_id = queue("ANNA")
        aside("render", invoice_id)
        aside("email", delivery_id)

        done = redrive()

        assert [(row.step, row.number) for row in done.moved] == [
            ("render", "BO-0001"),
            ("email", "ANNA-0001"),
        ]
        assert (done.left, done.unseen) == ([], 0)
        assert (cloud.to_render(), cloud.to_mail()) == ([invoice_id], [delivery_id])
        assert bodies(aside.urls["render"]) == bodies(aside.urls["email"]) == []

    def test_leaves_what_is_not_ours_and_names_it(self, cloud, issue, aside, redrive):
        invoice_id = issue()
        aside("render", "hello", invoice_id, '{"invoice_id": 4711}')

        done = redrive()

        assert [row.number for row in done.moved] == ["ANNA-0001"]
        assert {row.body for row in done.left} == {"hello", '{"invoice_id": 4711}'}
        assert bodies(aside.urls["render"]) == ["hello", '{"invoice_id": 4711}']
        assert cloud.to_render() == [invoice_id]

    def test_moves_all_of_many(self, cloud, issue, aside, redrive):
        invoice_id = issue()
        aside("render", *[invoice_id] * 64)

        done = redrive()

        assert [row.messages for row in done.moved] == [64]
        assert cloud.to_render() == [invoice_id] * 64
        assert bodies(aside.urls["render"]) == []

    @pytest.mark.parametrize("where", ["resend", "delete"])
    def test_loses_nothing_if_it_is_killed_midway(
        self, monkeypatch, cloud, issue, aside, redrive, where
    ):
        invoice_id = issue()
        aside("render", invoice_id)
        with monkeypatch.context() as broken:
            broken.setattr(queues, where, raising(KeyboardInterrupt()))
            with pytest.raises(KeyboardInterrupt):
                redrive()

        redrive()

        assert set(cloud.to_render()) == {invoice_id}
        assert bodies(aside.urls["render"]) == []

    def test_says_that_there_is_nothing(self, aside, redrive):
        console = Console(file=StringIO())
        redriving.show(redrive(), console)

        assert console.file.getvalue() == "The dead-letter queues are empty.\n"

    def test_says_what_it_did_by_number(self, issue, aside, redrive):
        console = Console(file=StringIO(), width=200)
        invoice_id = issue()
        aside("render", invoice_id, invoice_id, "\x1b[31m[red]hello")
        redriving.show(redrive(), console)

        assert console.file.getvalue().splitlines() == [
            "2 messages returned to the render queue: ANNA-0001",
            "Left in the render dead-letter queue: unrecognised message:  [31m[red]hello",
        ]

    def test_asks_for_its_queues(self, settings):
        with pytest.raises(redriving.NoQueues, match="set RENDER_QUEUE_URL"):
            redriving.redrive({}, settings.database_url, lambda _count: None)


class TestTheReport:
    @pytest.fixture
    def shown(self, settings, issue, aside, found, without_bucket):
        """A month with a dead letter of ours and one that is not, in all three forms."""
        invoice_id = issue(full_name="Anna [Nowak]")
        aside("render", invoice_id, "<b>hello</b>")
        fail(renderer.handle(event("invoice_id", invoice_id)))
        with engine(settings.database_url).connect() as connection:
            report = report_period(connection, OCTOBER)
        dead = found()
        console = Console(file=StringIO(), width=240)
        report_view.show(report, console, dead)
        return console.file.getvalue(), report_view.as_json(report, dead), page(report, dead)

    def test_names_what_is_set_aside_in_text(self, shown):
        text, _, _ = shown

        assert "Action needed: see below." in text
        assert "Failed after 5 attempts. Fix the cause, then run `redrive`." in text
        assert re.search(r"render\s+ANNA-0001\s+Anna \[Nowak\]\s+An error .*NoSuchBucket", text)
        assert re.search(r"render\s+unrecognised message: <b>hello</b>", text)

    def test_names_what_is_set_aside_in_json(self, shown):
        _, members, _ = shown

        assert json.loads(json.dumps(members))["needs_a_person"] is True
        assert [row["number"] for row in members["set_aside"]] == ["ANNA-0001", None]
        assert members["set_aside"][0]["period"] == "2026-10"
        assert members["set_aside"][1]["body"] == "<b>hello</b>"
        assert (members["set_aside_unseen"], members["dead_letters_unknown"]) == (0, None)

    def test_names_what_is_set_aside_on_the_page(self, shown):
        _, _, html = shown

        assert '<a href="#set-aside">2 failed messages</a>' in html
        assert "Anna [Nowak]" in html
        assert "NoSuchBucket" in html
        assert "&lt;b&gt;hello&lt;/b&gt;" in html

    def test_says_why_a_mail_is_still_on_its_way_until_that_is_made_good(
        self, monkeypatch, settings, issue, environment
    ):
        invoice_id = issue()
        monkeypatch.setenv("DOCUMENT_BUCKET", "nowhere")
        fail(renderer.handle(event("invoice_id", invoice_id)))

        failing = undelivered(settings)
        monkeypatch.setenv("DOCUMENT_BUCKET", settings.document_bucket)
        renderer.handle(event("invoice_id", invoice_id))

        assert "NoSuchBucket" in failing.error
        assert (failing.status, undelivered(settings).error) == ("queued", None)

    def test_says_in_a_sentence_what_is_unknown(self, settings, books):
        books.employee("ANNA")
        report = PeriodReport(OCTOBER, None, None)
        dead = DeadLetters(unseen=1, unknown="SQS could not be read: no.", refused=True)
        console = Console(file=StringIO(), width=200)

        report_view.show(report, console, dead)

        for form in (console.file.getvalue(), page(report, dead)):
            assert "The dead-letter queues were not checked: SQS could not be read: no." in form
            assert "1 more message could not be read: another reader holds it," in form
