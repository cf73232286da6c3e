"""Worlds to crash in: each a database, an AWS account and the processes that work on both."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from io import BytesIO
from itertools import count
from threading import Lock
from typing import Any, Self

import boto3
import polars as pl
import psycopg
from botocore.config import Config

from chalicelib.store.runs import INTERRUPTED
from cloud import roles
from tests.builders_ledger import Books
from tests.conftest import as_role, create_database, in_database

from . import worker

REGION = "us-east-1"
BUCKETS = ("documents", "exports")
QUEUES = ("render", "email")
SENDER = "invoices@company.example"
PATIENCE_SECONDS = 120
EXPIRED = "the sender stopped between its claim and the answer of SES"

# What differs between two runs that did the same.
INCIDENTAL = ("run_id", "delivery_id", "message_id", "sent_at")

State = dict[str, list[Any]]
_serial = count(100_000_000_001)
# Neither a boto3 session nor multiprocessing's list of children is safe in threads.
_one_at_a_time = Lock()
_processes = multiprocessing.get_context("forkserver")


class WorkerFailed(Exception):
    """A worker did what nobody asked of it: raised, hung, or died on its own."""


@dataclass(frozen=True, slots=True)
class Start:
    """How things stand before a step: a template database, stored documents, waiting messages."""

    database: str
    documents: Mapping[str, bytes] = field(default_factory=dict)
    messages: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class Worker:
    """A process that carries out tasks one after the other, until it is done or dead."""

    def __init__(
        self, environment: Mapping[str, str], *, watched: bool = False, kill_at: int | None = None
    ) -> None:
        self._connection, theirs = _processes.Pipe()
        self._process = _processes.Process(
            target=worker.serve,
            args=(theirs, environment),
            kwargs={"watched": watched, "kill_at": kill_at},
            daemon=True,
        )
        self.crossed: list[str] = []
        with _one_at_a_time:
            self._process.start()
        theirs.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()
        with _one_at_a_time:
            self._process.join(PATIENCE_SECONDS)
            if self._process.exitcode is None:
                self._process.kill()
                self._process.join()

    def do(self, task: Callable[..., Any], *arguments: Any) -> Any:
        """What *task* returned."""
        outcome = self._ask(task, arguments)
        if outcome[0] != "returned":
            raise WorkerFailed(outcome[1])
        return outcome[1]

    def die(self, task: Callable[..., Any], *arguments: Any) -> str:
        """Where *task* was killed."""
        outcome = self._ask(task, arguments)
        if outcome[0] != "dying":
            raise WorkerFailed(f"it should have been killed, but {outcome[:2]}")
        with _one_at_a_time:
            self._process.join(PATIENCE_SECONDS)
        if self._process.exitcode != -signal.SIGKILL:
            raise WorkerFailed(f"it should have been killed, but ended {self._process.exitcode}")
        return outcome[1]

    def _ask(self, task: Callable[..., Any], arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        self._connection.send((task, arguments))
        if not self._connection.poll(PATIENCE_SECONDS):
            raise WorkerFailed(f"{task.__name__} hangs")
        try:
            outcome = self._connection.recv()
        except EOFError:
            raise WorkerFailed(f"{task.__name__} ended its process") from None
        if outcome[0] != "dying":
            self.crossed = outcome[2]
        return outcome


@dataclass(frozen=True, slots=True)
class World:
    """One database and one AWS account, with nobody else in them."""

    environment: dict[str, str]
    books: Books
    s3: Any
    sqs: Any

    def worker(self, *, watched: bool = False, kill_at: int | None = None) -> Worker:
        return Worker(self.environment, watched=watched, kill_at=kill_at)

    def event(self, queue: str | None) -> dict[str, Any] | None:
        """
        The waiting messages of *queue*, as a Lambda gets them.

        Until somebody deletes them they will come again, at once.
        """
        if queue is None:
            return None
        messages = self.sqs.receive_message(
            QueueUrl=self._queue_url(queue), MaxNumberOfMessages=10, VisibilityTimeout=0
        )
        return worker.event_of(messages["Messages"])

    def acknowledge(self, queue: str | None) -> None:
        """Delete the messages of *queue*, as SQS does after a handler was done with them."""
        if queue is not None:
            self.sqs.purge_queue(QueueUrl=self._queue_url(queue))

    def left_alone(self) -> None:
        """Wait until PostgreSQL has noticed that nobody is connected any more."""
        others = (
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.books.value(others):
            if time.monotonic() > deadline:
                raise WorkerFailed("its connection outlives it")
            time.sleep(0.002)

    def claimed(self) -> list[str]:
        """Numbers whose mail a dead sender has claimed."""
        return self.books.column(
            "SELECT number FROM delivery JOIN invoice ON invoice.id = invoice_id"
            " WHERE delivery.status = 'sending'"
        )

    def wait_for_claims_to_expire(self) -> None:
        self.books.execute("UPDATE delivery SET claimed_at = claimed_at - interval '6 minutes'")

    def waiting(self) -> dict[str, tuple[str, ...]]:
        """The bodies of the messages in each queue, which stay there."""
        found = {}
        for queue in QUEUES:
            url = f"{self.environment['AWS_ENDPOINT_URL']}/_ministack/sqs/messages?account="
            account = self.environment["AWS_ACCESS_KEY_ID"]
            queue_url = self._queue_url(queue)
            everything = _get_json(f"{url}{account}&QueueUrl={queue_url}")["messages"]
            messages = everything.get(account, {}).get(REGION, {}).get(queue_url, [])
            found[queue] = tuple(message["Body"] for message in messages)
        return found

    def documents(self) -> dict[str, bytes]:
        return self._objects("documents")

    def _objects(self, bucket: str) -> dict[str, bytes]:
        name = self.environment[f"{bucket[:-1].upper()}_BUCKET"]
        entries = self.s3.list_objects_v2(Bucket=name).get("Contents", [])
        return {
            entry["Key"]: self.s3.get_object(Bucket=name, Key=entry["Key"])["Body"].read()
            for entry in entries
        }

    def mails(self) -> list[dict[str, Any]]:
        """What SES accepted."""
        account = self.environment["AWS_ACCESS_KEY_ID"]
        endpoint = self.environment["AWS_ENDPOINT_URL"]
        answer = _get_json(f"{endpoint}/_ministack/ses/messages?account={account}")
        return answer["messages"].get(account, [])

    def state(self) -> State:
        """Everything that must be the same however often the way there was interrupted."""
        ledger = {name: self.books.rows(query) for name, query in LEDGER.items()}
        return ledger | {
            "objects": sorted(
                (key, sha256(body).hexdigest(), len(body)) for key, body in self.documents().items()
            ),
            "exports": sorted(
                (key, _content(key, body)) for key, body in self._objects("exports").items()
            ),
            "mails": sorted((mail["To"], mail["Subject"]) for mail in self.mails()),
            "messages left": [item for item in self.waiting().items() if item[1]],
        }

    def ids(self, table: str) -> list[int]:
        return self.books.column(f"SELECT id FROM {table} ORDER BY id")

    def runs(self) -> list[tuple[str, str | None]]:
        """The status of every run, oldest first, and why it failed."""
        return self.books.rows("SELECT status, failure FROM billing_run ORDER BY id")

    def oddities(self) -> list[str]:
        """What no crash may leave behind, whatever else it did."""
        odd = [
            f"a run is {status}: {failure}"
            for status, failure in self.runs()
            if status not in ("issued", "empty") and (status, failure) != ("failed", INTERRUPTED)
        ]
        accepted = [mail["MessageId"] for mail in self.mails()]
        noted = self.books.column("SELECT message_id FROM delivery WHERE message_id IS NOT NULL")
        unsettled = self.books.value("SELECT count(*) FROM delivery WHERE status = 'unknown'")
        stray = set(accepted) - set(noted)
        if len(stray) > unsettled:
            odd.append(f"{len(stray)} mails of no delivery")
        gaps = self.books.rows(
            "SELECT series, last_sequence, count(invoice.id), max(sequence)"
            " FROM invoice_series LEFT JOIN invoice USING (series) GROUP BY series, last_sequence"
        )
        odd += [
            f"series {series} is at {last} with {number} invoices up to {highest}"
            for series, last, number, highest in gaps
            if not last == number == highest
        ]
        return odd

    def _queue_url(self, queue: str) -> str:
        return self.environment[f"{queue.upper()}_QUEUE_URL"]


# Of the month and of its corrections.
NEWEST_RUNS = """
    SELECT max(id) AS run_id, corrects_invoice_id FROM billing_run
    WHERE status IN ('issued', 'empty') GROUP BY corrects_invoice_id
"""

LEDGER = {
    "invoices": """
        SELECT invoice.number, invoice.kind, credited.number, employee.code, invoice.period,
               invoice.currency, invoice.subtotal, invoice.tax_rate, invoice.tax, invoice.total,
               invoice.issued_at, invoice.issued_on, invoice.due_on, invoice.content_sha256
        FROM invoice JOIN employee ON employee.id = invoice.employee_id
        LEFT JOIN invoice AS credited ON credited.id = invoice.credits_invoice_id
        ORDER BY invoice.number
    """,
    "lines": """
        SELECT number, position, project_code, project_name, line.kind, hours, unit_rate, amount
        FROM invoice_line AS line JOIN invoice ON invoice.id = invoice_id ORDER BY 1, 2
    """,
    "lineage": """
        SELECT number, position, employee.code, work_date, billed.project_id, billed.kind, turn,
               workday_id, hours, unit_rate
        FROM invoice_workday AS billed JOIN invoice ON invoice.id = invoice_id
        JOIN employee ON employee.id = billed.employee_id
        ORDER BY 1, 2, 4, 5, 6, 7
    """,
    "rejects": f"""
        SELECT corrects_invoice_id, workday_id, employee_id, work_date, project_id, kind, hours,
               rule, value
        FROM rejected_workday JOIN ({NEWEST_RUNS}) AS newest USING (run_id) ORDER BY 1, 2
    """,
    "helds": f"""
        SELECT corrects_invoice_id, employee_id, reason, detail
        FROM held_employee JOIN ({NEWEST_RUNS}) AS newest USING (run_id) ORDER BY 1, 2
    """,
    "documents": """
        SELECT number, s3_key, sha256, bytes
        FROM document JOIN invoice ON invoice.id = invoice_id ORDER BY 1
    """,
    "deliveries": """
        SELECT number, recipient, status, attempts, error, message_id IS NOT NULL,
               sent_at IS NOT NULL, queued_at
        FROM delivery JOIN invoice ON invoice.id = invoice_id ORDER BY number, delivery.id
    """,
}


@dataclass(frozen=True, slots=True)
class Site:
    """Where worlds are made: a PostgreSQL server and something that speaks AWS."""

    server_url: str
    endpoint: str

    @contextmanager
    def world(self, start: Start) -> Iterator[World]:
        """A world of its own that begins as *start* says, and is then no more."""
        serial = str(next(_serial))
        database = f"crash_{os.getpid()}_{serial}"
        with psycopg.connect(self.server_url, autocommit=True) as server:
            create_database(server, database, start.database)
            try:
                url = in_database(self.server_url, database)
                with psycopg.connect(url, autocommit=True) as connection:
                    yield self._furnish(serial, url, Books(connection), start)
            finally:
                server.execute(f"DROP DATABASE {database} WITH (FORCE)")

    def keep(self, world: World, name: str) -> Start:
        """*world* as it is, to begin others with; its database gets *name*."""
        world.left_alone()
        original = world.books.value("SELECT current_database()")
        start = Start(name, world.documents(), world.waiting())
        world.books.connection.close()
        with psycopg.connect(self.server_url, autocommit=True) as server:
            create_database(server, name, original)
        return start

    def _furnish(self, serial: str, database_url: str, books: Books, start: Start) -> World:
        account = {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": serial,
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": REGION,
        }
        s3, sqs = _client("s3", account), _client("sqs", account)
        _client("ses", account).verify_email_identity(EmailAddress=SENDER)
        names = {bucket: f"{bucket}-{serial}" for bucket in BUCKETS}
        for name in names.values():
            s3.create_bucket(Bucket=name)
        for key, body in start.documents.items():
            s3.put_object(Bucket=names["documents"], Key=key, Body=body)
        urls = {
            queue: sqs.create_queue(QueueName=f"{queue}-{serial}")["QueueUrl"] for queue in QUEUES
        }
        for queue, bodies in start.messages.items():
            for body in bodies:
                sqs.send_message(QueueUrl=urls[queue], MessageBody=body)
        environment = account | {
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "NO_PROXY": "*",
            "DATABASE_URL": as_role(database_url, roles.WRITER),
            # For what a person does, and no function.
            "OPERATOR_URL": as_role(database_url, roles.OPERATOR),
            "DOCUMENT_BUCKET": names["documents"],
            "EXPORT_BUCKET": names["exports"],
            "RENDER_QUEUE_URL": urls["render"],
            "EMAIL_QUEUE_URL": urls["email"],
            "MAIL_SENDER": SENDER,
            "BILLING_TIMEZONE": "Europe/Kyiv",
            "LINK_SECONDS": "300",
            "PAYER_NAME": "Northwind Research Ltd",
            "PAYER_ADDRESS": "12 Harbour Street\nDublin D01 X2P3",
            "PAYER_TAX_ID": "IE6388047V",
            "PAYER_COUNTRY": "IE",
            "PAYMENT_TERMS_DAYS": "14",
        }
        return World(environment, books, s3, sqs)


_session = boto3.Session()


def _client(service: str, account: Mapping[str, str]) -> Any:
    with _one_at_a_time:
        return _session.client(
            service,
            endpoint_url=account["AWS_ENDPOINT_URL"],
            aws_access_key_id=account["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=account["AWS_SECRET_ACCESS_KEY"],
            region_name=account["AWS_DEFAULT_REGION"],
            config=Config(proxies={}),
        )


def _get_json(url: str) -> dict[str, Any]:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(url, timeout=PATIENCE_SECONDS) as answer:
        return json.load(answer)


def _content(key: str, body: bytes) -> list[tuple[Any, ...]]:
    """The rows of a dataset, and the text of what describes them."""
    if not key.endswith(".parquet"):
        return [(body.decode(),)]
    frame = pl.read_parquet(BytesIO(body)).drop(INCIDENTAL, strict=False)
    # Whoever runs a month again may find nothing left to bill, and that is a run, too.
    return (frame.filter(pl.col("billed_rows") > 0) if "/runs/" in key else frame).rows()
