"""How a delivery may move, what is kept of it, and what SES's reports make of it."""

import json
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from itertools import product

import psycopg
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from psycopg.errors import RestrictViolation

from chalicelib.settings import REQUIRED, Settings
from chalicelib.steps.record_mail_event import UnknownMail, handle, record_mail_event
from chalicelib.store import deliveries
from chalicelib.store.connection import engine
from cloud import roles
from tests.builders_ledger import Books
from tests.builders_mail import OUTCOMES, event
from tests.conftest import create_database, forget, in_database, of_role

from .by_hand import draft, issue

WAYS = {
    "queued": [],
    "sending": ["sending"],
    "sent": ["sending", "sent"],
    "delivered": ["sending", "sent", "delivered"],
    "bounced": ["sending", "sent", "bounced"],
    "complained": ["sending", "sent", "complained"],
    "failed": ["sending", "failed"],
    "unknown": ["sending", "unknown"],
}
FOLLOWS = {
    "queued": {"sending"},
    "sending": {"queued", "sent", "failed", "unknown", "delivered", "bounced", "complained"},
    "unknown": {"sent", "delivered", "bounced", "complained", "failed"},
    "sent": {"unknown", "delivered", "bounced", "complained", "failed"},
    "delivered": {"bounced", "complained", "failed"},
    "bounced": {"complained", "failed"},
    "complained": {"failed"},
    "failed": set(),
}
KINDS = list(OUTCOMES)


@pytest.fixture(scope="module")
def url(server_url):
    """One database for all: each test has a delivery of its own."""
    name = "delivery_ledger"
    with psycopg.connect(server_url, autocommit=True) as server:
        create_database(server, name)
        yield in_database(server_url, name)
        forget(in_database(server_url, name))
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="module")
def ledger(url):
    with psycopg.connect(url, autocommit=True) as connection:
        yield Books(connection)


@pytest.fixture(scope="module")
def invoice_id(ledger):
    return issue(ledger, draft(ledger))


@pytest.fixture(scope="module")
def known(url):
    """The environment of the Lambda, of which it needs but the database."""
    with of_role(url, roles.WRITER) as writer_url:
        here = {"BILLING_TIMEZONE": "Europe/Kyiv", "DATABASE_URL": writer_url}
        yield dict.fromkeys(REQUIRED, "1") | here


@dataclass(frozen=True)
class Record:
    """What comes of a mail, noted on the ledger of these settings."""

    settings: Settings

    def __call__(self, said):
        record_mail_event(self.settings, json.dumps(said))

    def late_answer(self, delivery_id, message_id):
        with engine(self.settings.database_url).begin() as connection:
            deliveries.mark_sent(connection, delivery_id, message_id)


@pytest.fixture(scope="module")
def record(known):
    return Record(Settings.from_environment(known))


def queue(books, invoice_id):
    return books.add("delivery", invoice_id=invoice_id, status="queued", queued_at="2026-11-01")


def move(books, delivery_id, status):
    handed_over = ", message_id = 'mail-' || id, sent_at = coalesce(sent_at, now())"
    books.execute(
        "UPDATE delivery SET status = %s, error = 'why'"
        f"{handed_over * (status not in ('queued', 'sending'))} WHERE id = %s",
        status,
        delivery_id,
    )


def brought(books, invoice_id, status):
    """A delivery that has come to *status*."""
    delivery_id = queue(books, invoice_id)
    for step in WAYS[status]:
        move(books, delivery_id, step)
    return delivery_id


def claimed(books, invoice_id):
    """A delivery whose sender has noted nothing of what SES said."""
    delivery_id = queue(books, invoice_id)
    books.execute("UPDATE delivery SET status = 'sending' WHERE id = %s", delivery_id)
    return delivery_id


def given_up(books, invoice_id):
    delivery_id = claimed(books, invoice_id)
    books.execute(
        "UPDATE delivery SET status = 'unknown', error = 'stopped' WHERE id = %s", delivery_id
    )
    return delivery_id


def state(books, delivery_id):
    [found] = books.rows("SELECT status, error FROM delivery WHERE id = %s", delivery_id)
    return found


def history(books, delivery_id):
    return books.rows(
        "SELECT from_status, to_status, detail FROM delivery_event WHERE delivery_id = %s"
        " ORDER BY id",
        delivery_id,
    )


def undone(books):
    """Whatever happens inside has not happened afterwards."""
    return books.connection.transaction(force_rollback=True)


class TestTransitions:
    def test_are_those_of_the_table_and_no_others(self, ledger, invoice_id):
        allowed = {status: set() for status in WAYS}
        for before, after in product(WAYS, WAYS):
            with undone(ledger):
                delivery_id = brought(ledger, invoice_id, before)
                with suppress(RestrictViolation):
                    move(ledger, delivery_id, after)
                    allowed[before].add(after)

        assert allowed == {before: after | {before} for before, after in FOLLOWS.items()}

    def test_all_say_why(self, ledger):
        pairs = ledger.rows("SELECT from_status, to_status FROM delivery_transition")

        assert sorted(pairs) == sorted(
            [("new", "queued")]
            + [(before, after) for before, follows in FOLLOWS.items() for after in follows]
        )
        assert ledger.value("SELECT min(length(why)) FROM delivery_transition") > 5

    @pytest.mark.parametrize("status", [status for status in WAYS if status != "queued"])
    def test_begin_queued(self, ledger, invoice_id, status):
        with pytest.raises(RestrictViolation, match=f"cannot begin as {status}"):
            ledger.add(
                "delivery",
                invoice_id=invoice_id,
                status=status,
                queued_at="2026-11-01",
                error="why",
                message_id="m",
                sent_at="2026-11-01",
            )

    @pytest.mark.parametrize(
        "change",
        [
            "recipient = 'else@contractors.example'",
            "invoice_id = invoice_id + 1",
            "id = id + 1000",
            "queued_at = now()",
            "message_id = 'another'",
            "message_id = NULL",
        ],
    )
    def test_leave_alone_what_was_sent_to_whom(self, ledger, invoice_id, change):
        delivery_id = brought(ledger, invoice_id, "delivered")

        with pytest.raises(RestrictViolation, match="never changes"):
            ledger.execute(f"UPDATE delivery SET {change} WHERE id = %s", delivery_id)

    @pytest.mark.parametrize("role", ["origin", "replica"])
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE delivery SET status = 'queued' WHERE status = 'delivered'",
            "DELETE FROM delivery",
            "TRUNCATE delivery CASCADE",
            "INSERT INTO delivery_transition VALUES ('delivered', 'queued', 'I want it')",
            "UPDATE delivery_transition SET to_status = 'x'",
            "DELETE FROM delivery_transition",
            "TRUNCATE delivery_transition",
            "INSERT INTO delivery_event (delivery_id, at) VALUES (1, now())",
            "UPDATE delivery_event SET to_status = 'delivered'",
            "DELETE FROM delivery_event",
            "TRUNCATE delivery_event",
        ],
    )
    def test_are_not_got_round_even_by_a_superuser(self, ledger, invoice_id, statement, role):
        brought(ledger, invoice_id, "delivered")

        with undone(ledger):
            ledger.execute(f"SET LOCAL session_replication_role = {role}")
            with pytest.raises(RestrictViolation):
                ledger.execute(statement)


class TestHistory:
    def test_holds_every_change_with_its_reason(self, ledger, invoice_id):
        delivery_id = brought(ledger, invoice_id, "complained")

        assert history(ledger, delivery_id) == [
            ("new", "queued", None),
            ("queued", "sending", "why"),
            ("sending", "sent", "why"),
            ("sent", "complained", "why"),
        ]

    def test_is_of_each_of_many_that_begin_together(self, ledger):
        first, second = (issue(ledger, draft(ledger)) for _ in range(2))

        ids = ledger.column(
            "INSERT INTO delivery (invoice_id, status, queued_at)"
            " SELECT id, 'queued', now() FROM invoice WHERE id IN (%s, %s) RETURNING id",
            first,
            second,
        )

        assert [history(ledger, one) for one in ids] == [[("new", "queued", None)]] * 2

    def test_holds_no_change_that_is_none(self, ledger, invoice_id):
        delivery_id = brought(ledger, invoice_id, "delivered")
        before = history(ledger, delivery_id)

        move(ledger, delivery_id, "delivered")

        assert history(ledger, delivery_id) == before

    def test_names_the_event_that_made_the_change(self, ledger, invoice_id, record):
        delivery_id = brought(ledger, invoice_id, "sent")
        record(event("Delivery", f"mail-{delivery_id}"))
        record(event("Complaint", f"mail-{delivery_id}"))

        assert ledger.rows(
            "SELECT to_status, event_id, event_at IS NOT NULL FROM delivery_event"
            " WHERE delivery_id = %s ORDER BY id",
            delivery_id,
        ) == [
            ("queued", None, False),
            ("sending", None, False),
            ("sent", None, False),
            ("delivered", None, True),
            ("complained", "0100-complaint", True),
        ]


class TestReports:
    @pytest.mark.parametrize("kind", KINDS)
    def test_settle_what_was_sent(self, ledger, invoice_id, record, kind):
        delivery_id = brought(ledger, invoice_id, "sent")

        record(event(kind, f"mail-{delivery_id}"))

        assert state(ledger, delivery_id) == OUTCOMES[kind]

    def test_of_an_automatic_reply_leave_a_mail_delivered(self, ledger, invoice_id, record):
        delivery_id = brought(ledger, invoice_id, "delivered")

        record(event("Transient", f"mail-{delivery_id}"))

        assert state(ledger, delivery_id)[0] == "delivered"

    @pytest.mark.parametrize("begin", [claimed, given_up])
    @pytest.mark.parametrize("kind", KINDS)
    def test_settle_by_its_tag_what_a_dead_sender_left(
        self, ledger, invoice_id, record, kind, begin
    ):
        delivery_id = begin(ledger, invoice_id)

        record(event(kind, f"ses-{delivery_id}", delivery_id=delivery_id))

        assert state(ledger, delivery_id) == OUTCOMES[kind]
        assert ledger.rows(
            "SELECT message_id, sent_at = '2026-11-01 03:16:00.12Z' FROM delivery WHERE id = %s",
            delivery_id,
        ) == [(f"ses-{delivery_id}", True)]

    @pytest.mark.parametrize("status", ["queued", "failed", "delivered"])
    def test_settle_by_their_tag_nothing_else(self, ledger, record, status):
        delivery_id = brought(ledger, issue(ledger, draft(ledger)), status)

        with pytest.raises(UnknownMail):
            record(event("Bounce", f"other-{delivery_id}", delivery_id=delivery_id))

        assert state(ledger, delivery_id)[0] == status

    def test_of_an_unknown_mail_come_again(self, record):
        with pytest.raises(UnknownMail, match="no delivery is known for the email strange"):
            record(event("Delivery", "strange"))

    def test_fail_one_by_one(self, ledger, invoice_id, known, monkeypatch):
        delivery_id = brought(ledger, invoice_id, "sent")
        for name, value in known.items():
            monkeypatch.setenv(name, value)
        bodies = [
            "not JSON",
            json.dumps(event("Delivery", f"mail-{delivery_id}")),
            json.dumps(event("Delivery", "strange")),
        ]

        answer = handle(
            {
                "Records": [
                    {"messageId": str(place), "body": body} for place, body in enumerate(bodies)
                ]
            }
        )

        assert answer == {"batchItemFailures": [{"itemIdentifier": "0"}, {"itemIdentifier": "2"}]}
        assert state(ledger, delivery_id)[0] == "delivered"

    @given(
        kinds=st.lists(st.sampled_from(KINDS), min_size=1, max_size=8),
        begin=st.sampled_from([claimed, given_up]),
        answered_at=st.integers(0, 8),
        tagged=st.booleans(),
    )
    @example(kinds=["Transient"], begin=given_up, answered_at=1, tagged=True)
    def test_end_alike_in_any_order_however_often(self, ledger, invoice_id, record, **given):
        """The late answer of SES is among them; without tags they wait for it."""
        delivery_id = given["begin"](ledger, invoice_id)
        message_id = f"ses-{delivery_id}"
        tag = delivery_id if given["tagged"] else None
        waiting = deque(event(kind, message_id, delivery_id=tag) for kind in given["kinds"])
        waiting.insert(min(given["answered_at"], len(waiting)), None)

        while waiting:
            said = waiting.popleft()
            if said is None:
                record.late_answer(delivery_id, message_id)
                continue
            try:
                record(said)
            except UnknownMail:
                assert not tag
                waiting.append(said)

        strongest = max(given["kinds"], key=KINDS.index)
        assert state(ledger, delivery_id) == OUTCOMES[strongest]
        steps = history(ledger, delivery_id)
        assert [step[0] for step in steps[1:]] == [step[1] for step in steps[:-1]]
