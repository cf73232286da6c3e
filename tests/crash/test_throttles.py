"""More mails than SES takes a second: all of them go out, and none twice."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import psycopg
import pytest

from chalicelib.steps.email_invoice import RESERVE_SECONDS
from tests.conftest import create_database, in_database

from . import worker
from .slow_ses import slow_ses
from .worlds import Start

RATE = 14
SENDERS = 2
# A worker answers well before the harness takes it for hung.
SPELL_SECONDS = 30

MONTH = """
INSERT INTO department (code, name) VALUES ('ONE', 'One');
INSERT INTO project (code, name) VALUES ('ONE', 'One');
INSERT INTO employee (code, full_name, email, department_id, currency, tax_rate, tax_id, address,
                      country, self_billing_agreed_on)
SELECT 'E' || n, 'Person ' || n, 'person' || n || '@contractors.example', 1, 'EUR', 0.2,
       'TAX' || n, n || ' Main Street', 'IE', '2026-01-01'
FROM generate_series(1, {people}) AS n;
INSERT INTO rate (employee_id, valid_from, hourly_rate, overtime_multiplier)
SELECT id, '2026-01-01', 50, 1.5 FROM employee;
INSERT INTO workday (employee_id, work_date, project_id, kind, hours)
SELECT id, '2026-10-01', 1, 'regular', 8 FROM employee;
"""


@pytest.fixture
def world_of(site):
    """A world in which so many people have worked a day."""

    def world_of(people):
        name = f"crash_month_of_{people}"
        with psycopg.connect(site.server_url, autocommit=True) as server:
            create_database(server, name)
        with psycopg.connect(in_database(site.server_url, name), autocommit=True) as books:
            books.execute(MONTH.format(people=people))
        return site.world(Start(name))

    return world_of


def work_off(world, queue):
    """Two workers at once take messages of *queue* until there are none."""

    def serve(_):
        with world.worker() as process:
            while process.do(worker.work_for, queue, SPELL_SECONDS):
                pass

    with ThreadPoolExecutor(SENDERS) as threads:
        list(threads.map(serve, range(SENDERS)))


class TestThrottledMails:
    @pytest.mark.parametrize(
        ("people", "rate"),
        # Slower than a busy machine sends, and as fast as an account may at first.
        [(30, 4), pytest.param(2100, RATE, marks=pytest.mark.prove)],
    )
    def test_are_all_accounted_for(self, world_of, site, people, rate):
        with world_of(people) as world, slow_ses(site.endpoint, rate) as ses:
            with world.worker() as process:
                process.do(worker.bill)
            work_off(world, "render")
            throttled = replace(
                world, environment=world.environment | {"AWS_ENDPOINT_URL_SES": ses.url}
            )
            began = time.monotonic()
            work_off(throttled, "email")
            seconds = time.monotonic() - began

            assert world.waiting()["email"] == ()
            assert world.books.rows("SELECT status, count(*) FROM delivery GROUP BY status") == [
                ("sent", people)
            ]
            recipients = [recipient for mail in world.mails() for recipient in mail["To"]]
            assert sorted(recipients) == sorted(world.books.column("SELECT email FROM employee"))
            assert set(world.books.column("SELECT message_id FROM delivery")) == {
                mail["MessageId"] for mail in world.mails()
            }
            # Every turning away is in the history, as a claim given back.
            given_back = "SELECT count(*) FROM delivery_event WHERE to_status = 'queued'"
            assert world.books.value(f"{given_back} AND from_status = 'sending'") == ses.throttled
            assert ses.throttled > 0
            assert len(ses.taken) == people
            assert seconds > (people - rate) / rate - 1

    def test_wait_queued_with_the_reason_as_long_as_it_lasts(self, world_of, site):
        with world_of(1) as world, slow_ses(site.endpoint, 0) as ses:
            with world.worker() as process:
                process.do(worker.bill)
            work_off(world, "render")
            throttled = replace(
                world, environment=world.environment | {"AWS_ENDPOINT_URL_SES": ses.url}
            )
            with throttled.worker() as process:
                failed = process.do(worker.mail, throttled.event("email"), RESERVE_SECONDS + 1)

            assert len(failed) == 1
            [(status, reason)] = world.books.rows("SELECT status, error FROM delivery")
            assert status == "queued"
            assert "Maximum sending rate exceeded" in reason
            assert world.mails() == []

            ses.rate = RATE
            work_off(throttled, "email")

            assert world.books.column("SELECT status FROM delivery") == ["sent"]
            assert len(world.mails()) == 1
