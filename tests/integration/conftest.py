"""Fixtures of the ledger's tests: its books, moto's queues, buckets and mail, and the settings."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from moto import mock_aws
from moto.core import DEFAULT_ACCOUNT_ID
from moto.ses import ses_backends

from chalicelib.aws import s3, ses
from chalicelib.aws import sqs as queues
from chalicelib.billing.payer import Payer
from chalicelib.settings import Settings
from cloud import roles
from jobs.load.store import load_folder
from tests.builders_ledger import Books
from tests.conftest import forget, of_role

REGION = "eu-central-1"
# What the messages of each step call their id.
KEYS = {"render": "invoice_id", "email": "delivery_id"}
SENDER = "invoices@company.example"


@pytest.fixture
def books(superuser_url: str) -> Iterator[Books]:
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        yield Books(connection)


@dataclass(frozen=True, slots=True)
class Cloud:
    """What moto keeps in this process."""

    render_queue_url: str
    email_queue_url: str

    def take(self, queue_url: str) -> list[int]:
        """The ids in the messages of a queue, in order, which is then empty."""
        sqs = queues.client()
        ids = []
        while messages := sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            for message in messages:
                ids += json.loads(message["Body"]).values()
                sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
        return sorted(ids)

    def to_render(self) -> list[int]:
        return self.take(self.render_queue_url)

    def to_mail(self) -> list[int]:
        return self.take(self.email_queue_url)

    def mails(self) -> list[Any]:
        """What SES was handed, oldest first."""
        return ses_backends[DEFAULT_ACCOUNT_ID][REGION].sent_messages


@pytest.fixture(scope="package")
def clients() -> Iterator[None]:
    """The adapters' own clients, made once: a client costs more than most tests."""
    adapters = (ses, s3, queues)
    for adapter in adapters:
        adapter.client.cache_clear()
    with pytest.MonkeyPatch.context() as environment, mock_aws():
        environment.setenv("AWS_DEFAULT_REGION", REGION)
        environment.delenv("AWS_ENDPOINT_URL", raising=False)
        for adapter in adapters:
            adapter.client()
    yield
    for adapter in adapters:
        adapter.client.cache_clear()


@pytest.fixture
def cloud(clients: None) -> Iterator[Cloud]:
    """Empty queues and buckets, and a sender that SES knows."""
    with empty_cloud() as here:
        yield here


@contextmanager
def empty_cloud() -> Iterator[Cloud]:
    with mock_aws():
        here: Any = {"LocationConstraint": REGION}
        for bucket in ("documents", "exports"):
            s3.client().create_bucket(Bucket=bucket, CreateBucketConfiguration=here)
        ses.client().verify_email_identity(EmailAddress=SENDER)
        create = queues.client().create_queue
        yield Cloud(*(create(QueueName=name)["QueueUrl"] for name in ("render", "email")))


@pytest.fixture
def settings(writer_url: str, cloud: Cloud) -> Settings:
    """What a Lambda function finds."""
    return settings_of(writer_url, cloud)


@pytest.fixture
def operator_settings(database_url: str, cloud: Cloud) -> Settings:
    """What a command finds that does what no function does."""
    return settings_of(database_url, cloud)


def settings_of(database_url: str, cloud: Cloud) -> Settings:
    return Settings(
        database_url=database_url,
        document_bucket="documents",
        export_bucket="exports",
        render_queue_url=cloud.render_queue_url,
        email_queue_url=cloud.email_queue_url,
        mail_sender=SENDER,
        billing_timezone=ZoneInfo("Europe/Kyiv"),
        link_seconds=300,
        payer=Payer(
            name="Northwind Research Ltd",
            address="12 Harbour Street\nDublin D01 X2P3",
            tax_id="IE6388047V",
            country="IE",
            payment_terms_days=14,
        ),
    )


def load_as_operator(folder: Path, settings: Settings) -> None:
    """Load the files of *folder* into the ledger of *settings*, whoever these are for."""
    with of_role(settings.database_url, roles.OPERATOR) as url:
        load_folder(folder, url, lambda _: None)


@pytest.fixture
def environment(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings, as a Lambda finds them."""
    payer = settings.payer
    for name, value in {
        "DATABASE_URL": settings.database_url,
        "DOCUMENT_BUCKET": settings.document_bucket,
        "EXPORT_BUCKET": settings.export_bucket,
        "RENDER_QUEUE_URL": settings.render_queue_url,
        "EMAIL_QUEUE_URL": settings.email_queue_url,
        "MAIL_SENDER": settings.mail_sender,
        "BILLING_TIMEZONE": str(settings.billing_timezone),
        "LINK_SECONDS": str(settings.link_seconds),
        "PAYER_NAME": payer.name,
        "PAYER_ADDRESS": payer.address,
        "PAYER_TAX_ID": payer.tax_id,
        "PAYER_COUNTRY": payer.country,
        "PAYMENT_TERMS_DAYS": str(payer.payment_terms_days),
    }.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def elsewhere(settings: Settings) -> Iterator[Callable[[], Settings]]:
    """Settings as another process would have them: with a pool of connections of its own."""
    processes = count(1)
    made = []

    def another() -> Settings:
        url = f"{settings.database_url}&application_name=process{next(processes)}"
        made.append(url)
        return replace(settings, database_url=url)

    yield another
    for url in made:
        forget(url)


@pytest.fixture
def aside(cloud, monkeypatch):
    """Dead-letter queues behind both queues; sends a body to that of a step, ids as messages."""
    # moto has one server, which knows every message.
    monkeypatch.setattr(queues, "WAIT_SECONDS", 0)
    sqs = queues.client()
    urls = {}
    of_events = sqs.create_queue(QueueName="mail-events")["QueueUrl"]
    for step, url in (
        ("render", cloud.render_queue_url),
        ("email", cloud.email_queue_url),
        ("mail event", of_events),
    ):
        name = f"{step.replace(' ', '-')}-dead-letters"
        urls[step] = sqs.create_queue(QueueName=name)["QueueUrl"]
        [arn] = sqs.get_queue_attributes(QueueUrl=urls[step], AttributeNames=["QueueArn"])[
            "Attributes"
        ].values()
        policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 5})
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": policy})

    def put(step, *contents):
        queues.resend(
            urls[step], [json.dumps({KEYS[step]: c}) if isinstance(c, int) else c for c in contents]
        )

    put.urls, put.of_events = urls, of_events
    return put


@pytest.fixture
def run_job(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[Any, str, str]]:
    """Run a command in this process; gives its exit code, output and errors."""
    from jobs.cli import shell
    from jobs.cli.main import main

    # Rich reads COLUMNS once, when the console is made.
    monkeypatch.setattr(shell.out, "_width", 240)

    def run(*arguments: object) -> tuple[Any, str, str]:
        monkeypatch.setattr("sys.argv", ["jobs", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code, *capsys.readouterr()

    return run
