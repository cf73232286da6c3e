"""What becomes of mails, on a cloud of its own: to the simulator, and what that cannot say."""

from __future__ import annotations

import json
import time

import psycopg
import pytest

from cloud.local import aws_services
from cloud.local.cloud import down, up
from cloud.migrate import migrate
from tests.builders_mail import event, through_sns
from tests.conftest import scratch

from .conftest import quietly

PERIOD = "2026-10"
SIMULATOR = "simulator.amazonses.com"
# Employee: name and address.
PEOPLE = {
    "BOUN": ("Bogdan Bounce", f"bounce@{SIMULATOR}"),
    "COMP": ("Clara Complaint", f"complaint@{SIMULATOR}"),
    "GONE": ("Greta Gone", f"suppressionlist@{SIMULATOR}"),
    "MALF": ("Mal Formed", "mal formed@contractors.example"),
    "NONE": ("Nobody's Address", ""),
    "REJE": ("Rita Reject", "rita@contractors.example"),
    "WELL": ("Walter Well", f"success@{SIMULATOR}"),
}
HEADERS = {
    "employees": "code,full_name,email,department,project,currency,tax_rate,tax_id,address,country"
    ",iban,self_billing_agreed_on",
    "rates": "employee,valid_from,hourly_rate,overtime_multiplier",
    "workdays": "employee,work_date,project,kind,hours,note",
}
EXPECTED = {
    "BOUN": ("bounced", "bounced: Permanent General: smtp; 550 5.1.1 user unknown"),
    "COMP": ("complained", "marked as spam: abuse"),
    "GONE": ("bounced", "bounced: Permanent Suppressed"),
    "MALF": (
        "failed",
        (
            "'mal formed@contractors.example' is not an email address: write letters, digits,"
            " !#$%&'*+/=?^_`{|}~- and single dots between them before the @"
        ),
    ),
    "NONE": ("failed", "no email address"),
    "REJE": ("failed", "SES rejected it: Bad content"),
    "WELL": ("delivered", None),
}


@pytest.fixture(scope="module")
def cloud_home():
    with scratch() as folder:
        yield folder
        down(folder, quietly)


@pytest.fixture(scope="module")
def cloud(cloud_home):
    return up(cloud_home, {}, quietly, migrate)


def write_people(folder):
    """A month in which everybody works one day."""
    for name in ("departments", "projects"):
        (folder / f"{name}.csv").write_text("code,name\nONE,One\n")
    people, rates, days = [], [], []
    for code, (name, address) in PEOPLE.items():
        plain = address.replace(" ", "")
        people.append(f'{code},{name},{plain},ONE,ONE,EUR,0.2,IE1,"1 Street, X",IE,,2026-01-01')
        rates.append(f"{code},2026-01-01,50,1.5")
        days.append(f"{code},2026-10-01,ONE,regular,8,")
    for name, rows in {"employees": people, "rates": rates, "workdays": days}.items():
        (folder / f"{name}.csv").write_text("\n".join([HEADERS[name], *rows]) + "\n")
    return folder


def eventually(what, seconds=30):
    deadline = time.monotonic() + seconds
    while not (answer := what()):
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.05)
    return answer


@pytest.fixture(scope="module")
def ledger(cloud):
    with psycopg.connect(cloud["DATABASE_URL"], autocommit=True) as connection:
        yield connection


def deliveries(ledger):
    """By employee: the newest delivery's status, reason and message id."""
    rows = ledger.execute(
        "SELECT DISTINCT ON (series) series, status, error, message_id"
        " FROM delivery JOIN invoice ON invoice.id = invoice_id ORDER BY series, delivery.id DESC"
    )
    return {series: fields for series, *fields in rows}


def say(cloud, said):
    """Post what SES would say to the stack's topic."""
    aws_services.client("sns", cloud).publish(
        TopicArn=cloud["MAIL_EVENTS_TOPIC"], Message=json.dumps(said)
    )


@pytest.fixture(scope="module")
def billed(jobs, cloud, ledger, tmp_path_factory):
    """The month, mailed; a rejection came of one mail, which the simulator cannot say."""
    folder = write_people(tmp_path_factory.mktemp("people"))
    loaded = jobs("load", str(folder))
    assert loaded.returncode == 0, loaded.stderr
    # As an earlier release took it; the database takes no such address any more.
    with psycopg.connect(cloud["DATABASE_OWNER_URL"], autocommit=True) as owner:
        owner.execute("ALTER TABLE employee DROP CONSTRAINT employee_email_check")
    ledger.execute("UPDATE employee SET email = %s WHERE code = 'MALF'", [PEOPLE["MALF"][1]])
    # Nothing but a rejection is to come of Rita's mail.
    ses = aws_services.client("ses", cloud)
    identity = {"Identity": cloud["MAIL_SENDER"], "NotificationType": "Delivery"}
    ses.set_identity_notification_topic(**identity, SnsTopic="")
    first = jobs("bill", PERIOD, "--wait")
    ses.set_identity_notification_topic(**identity, SnsTopic=cloud["MAIL_EVENTS_TOPIC"])
    sent = deliveries(ledger)
    assert {code: sent[code][0] for code in ("REJE", "WELL")} == dict.fromkeys(
        ("REJE", "WELL"), "sent"
    )
    say(cloud, event("Reject", sent["REJE"][2]))
    say(cloud, event("Delivery", sent["WELL"][2]))
    eventually(lambda: {row[0] for row in deliveries(ledger).values()}.isdisjoint({"sent"}))
    return first


class TestMailEvents:
    def test_end_every_delivery_in_its_own_state(self, billed, ledger):
        found = {code: tuple(fields[:2]) for code, fields in deliveries(ledger).items()}

        assert found == EXPECTED

    def test_come_one_to_a_change(self, billed, ledger):
        ways = dict(
            ledger.execute(
                "SELECT series, array_agg(to_status ORDER BY delivery_event.id)"
                " FROM delivery_event JOIN delivery ON delivery.id = delivery_id"
                " JOIN invoice ON invoice.id = invoice_id GROUP BY series"
            ).fetchall()
        )

        assert ways == {
            code: ["queued", "sending", *([] if code in ("MALF", "NONE") else ["sent"]), status]
            for code, (status, _) in EXPECTED.items()
        }

    def test_are_seen_by_who_waits_for_the_month(self, billed):
        assert billed.returncode == 1
        for code in ("BOUN", "COMP", "GONE", "MALF", "NONE"):
            assert PEOPLE[code][0] in billed.stdout

    def test_are_in_the_report_by_person_and_reason(self, billed, jobs):
        report = jobs("report", PERIOD, "--json")
        undelivered = {row["employee"]: row for row in json.loads(report.stdout)["undelivered"]}

        assert report.returncode == 1
        assert {
            code: (row["name"], row["status"], row["error"]) for code, row in undelivered.items()
        } == {code: (PEOPLE[code][0], *EXPECTED[code]) for code in EXPECTED if code != "WELL"}

    @pytest.mark.parametrize("wrap", [lambda said: said, through_sns])
    def test_come_again_if_they_outrun_the_commit_of_their_mail(self, billed, cloud, ledger, wrap):
        """Straight to the queue, as SNS would wrap it or not, before the message id is known."""
        sqs = aws_services.client("sqs", cloud)
        queue = cloud["MAIL_EVENT_QUEUE_URL"]
        message_id = f"outrun-{wrap.__name__}"
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "1"})
        body = json.dumps(event("Bounce", message_id))
        sqs.send_message(QueueUrl=queue, MessageBody=wrap(body), DelaySeconds=0)
        time.sleep(1.5)
        with ledger.transaction():
            [delivery_id] = ledger.execute(
                "INSERT INTO delivery (invoice_id, status, queued_at)"
                " SELECT id, 'queued', now() FROM invoice WHERE series = 'WELL' RETURNING id"
            ).fetchone()
            ledger.execute("UPDATE delivery SET status = 'sending' WHERE id = %s", [delivery_id])
            ledger.execute(
                "UPDATE delivery SET status = 'sent', message_id = %s, sent_at = now()"
                " WHERE id = %s",
                [message_id, delivery_id],
            )

        def status():
            query = "SELECT status FROM delivery WHERE id = %s"
            return ledger.execute(query, [delivery_id]).fetchone()[0]

        eventually(lambda: status() == "bounced")

    def test_of_no_mail_of_ours_are_set_aside(self, billed, cloud):
        sqs = aws_services.client("sqs", cloud)
        attributes = {"VisibilityTimeout": "0"}
        sqs.set_queue_attributes(QueueUrl=cloud["MAIL_EVENT_QUEUE_URL"], Attributes=attributes)

        say(cloud, event("Delivery", "nobody-s"))

        dead = cloud["MAIL_EVENT_DEAD_LETTERS_URL"]
        [message] = eventually(
            lambda: sqs.receive_message(QueueUrl=dead, WaitTimeSeconds=1).get("Messages")
        )
        assert json.loads(message["Body"])["mail"]["messageId"] == "nobody-s"


class TestResending:
    def test_reaches_the_address_of_today(self, billed, jobs, cloud, ledger):
        ledger.execute("UPDATE employee SET email = 'nora@contractors.example' WHERE code = 'NONE'")

        again = jobs("resend", "NONE-0001")

        assert (again.returncode, again.stdout) == (
            0,
            "NONE-0001 is queued for nora@contractors.example.\n",
        )
        eventually(lambda: deliveries(ledger)["NONE"][0] == "delivered")
        assert jobs("resend", "NONE-0002").returncode == 2
