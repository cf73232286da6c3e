"""What fails for good on the local cloud: set aside, named by the report, sent round, delivered."""

import json
import time
from contextlib import contextmanager

import psycopg
import pytest

from cloud.local import aws_services
from jobs.load.store import load_folder

PERIOD = "2025-03"
EMPLOYEE = "SETASIDE"
NUMBER = f"{EMPLOYEE}-0001"
FILES = {
    "departments": "code,name\nASIDE,Aside",
    "projects": "code,name\nASIDE,Aside",
    "employees": (
        "code,full_name,email,department,project,currency,tax_rate,tax_id,address,country,iban,"
        "self_billing_agreed_on\n"
        f"{EMPLOYEE},Sídney Aside,aside@example.org,ASIDE,ASIDE,EUR,0.2,IE1234567T,"
        "1 Quay Street,IE,,2025-01-01"
    ),
    "rates": f"employee,valid_from,hourly_rate,overtime_multiplier\n{EMPLOYEE},2025-01-01,50,1.5",
    "workdays": (
        "employee,work_date,project,kind,hours,note\n"
        f"{EMPLOYEE},2025-03-03,ASIDE,regular,8,\n"
        f"{EMPLOYEE},2025-04-01,ASIDE,regular,8,"
    ),
}


def eventually(what, seconds=180):
    """The first truthy answer of *what*."""
    deadline = time.monotonic() + seconds
    while not (answer := what()):
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.2)
    return answer


@pytest.fixture(scope="module")
def loaded(cloud, tmp_path_factory):
    """One contractor with a workday in March and another in April."""
    folder = tmp_path_factory.mktemp("aside")
    for name, lines in FILES.items():
        (folder / f"{name}.csv").write_text(f"{lines}\n")
    files = load_folder(folder, cloud["DATABASE_URL"], lambda _: None)
    assert not [refusal for file in files for refusal in file.refusals]


@pytest.fixture(scope="module")
def ledger(cloud, loaded):
    with psycopg.connect(cloud["DATABASE_URL"], autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def impatient(cloud):
    """
    A failed message comes again after seconds instead of minutes, and is given up after two tries.

    Not sooner than a Lambda starts, or its message is set aside before it can say why it failed.
    """
    sqs = aws_services.client("sqs", cloud)
    before = {}
    for name in ("RENDER_QUEUE_URL", "EMAIL_QUEUE_URL"):
        asked = {"QueueUrl": cloud[name], "AttributeNames": ["VisibilityTimeout", "RedrivePolicy"]}
        before[name] = sqs.get_queue_attributes(**asked)["Attributes"]
        policy = json.loads(before[name]["RedrivePolicy"]) | {"maxReceiveCount": 2}
        hurried = {"VisibilityTimeout": "5", "RedrivePolicy": json.dumps(policy)}
        sqs.set_queue_attributes(QueueUrl=cloud[name], Attributes=hurried)
    yield
    for name, attributes in before.items():
        sqs.set_queue_attributes(QueueUrl=cloud[name], Attributes=attributes)


@pytest.fixture
def report(jobs):
    """The report's JSON, with its exit code."""

    def read(period=PERIOD):
        finished = jobs("report", period, "--json")
        return json.loads(finished.stdout) | {"exit": finished.returncode}

    return read


def function(cloud, name):
    """The Lambda of the template that is called so there."""
    pages = aws_services.client("lambda", cloud).get_paginator("list_functions").paginate()
    [found] = [
        one for page in pages for one in page["Functions"] if f"-{name}-" in one["FunctionName"]
    ]
    return found


def configure(cloud, name, **changed):
    """Deploy the Lambda with other settings."""
    found = function(cloud, name)
    aws_services.client("lambda", cloud).update_function_configuration(
        FunctionName=found["FunctionName"],
        Environment={"Variables": found["Environment"]["Variables"] | changed},
    )


def set_aside(cloud, queue):
    """Wait until a message is in a dead-letter queue."""
    sqs = aws_services.client("sqs", cloud)
    count = "ApproximateNumberOfMessages"
    asked = {"QueueUrl": cloud[queue], "AttributeNames": [count]}
    eventually(lambda: int(sqs.get_queue_attributes(**asked)["Attributes"][count]))


@contextmanager
def paused(cloud, name):
    """The Lambda is given no messages."""
    client = aws_services.client("lambda", cloud)
    arn = function(cloud, name)["FunctionArn"]
    [source] = client.list_event_source_mappings(FunctionName=arn)["EventSourceMappings"]
    client.update_event_source_mapping(UUID=source["UUID"], Enabled=False)
    try:
        yield
    finally:
        client.update_event_source_mapping(UUID=source["UUID"], Enabled=True)


def status(ledger, number):
    """Of the newest delivery of an invoice."""
    found = ledger.execute(
        "SELECT status FROM delivery JOIN invoice ON invoice.id = invoice_id"
        " WHERE number = %s ORDER BY delivery.id DESC LIMIT 1",
        [number],
    ).fetchone()
    return found and found[0]


def stored(ledger, number):
    """The key of an invoice's document, once it is stored."""
    found = ledger.execute(
        "SELECT s3_key FROM document JOIN invoice ON invoice.id = invoice_id WHERE number = %s",
        [number],
    ).fetchone()
    return found and found[0]


def ours(report):
    return [row for row in report["set_aside"] if row["employee"] == EMPLOYEE]


class TestARendererWithoutItsBucket:
    def test_sets_the_invoice_aside_and_redrive_completes_the_month(
        self, cloud, jobs, report, ledger, impatient
    ):
        configure(cloud, "RenderInvoice", DOCUMENT_BUCKET="a-bucket-that-is-not")
        assert jobs("bill", PERIOD).returncode in {0, 1}

        set_aside(cloud, "RENDER_DEAD_LETTERS_URL")
        [row] = ours(report())

        assert (row["number"], row["name"], row["step"]) == (NUMBER, "Sídney Aside", "render")
        assert "NoSuchBucket" in row["reason"]
        assert row["messages"] == 1
        failed = jobs("report", PERIOD)
        assert failed.returncode == 1
        assert "Failed after 5 attempts" in failed.stdout
        assert NUMBER in failed.stdout.split("Failed after")[1]
        # Two readers before us took nothing away.
        assert len(ours(report())) == 1

        configure(cloud, "RenderInvoice", DOCUMENT_BUCKET=cloud["DOCUMENT_BUCKET"])
        redriven = jobs("redrive")

        assert (redriven.returncode, redriven.stderr) == (0, "")
        assert f"1 message returned to the render queue: {NUMBER}" in redriven.stdout
        eventually(lambda: status(ledger, NUMBER) in {"sent", "delivered"})
        clean = report()
        assert (clean["set_aside"], clean["undelivered"], clean["exit"]) == ([], [], 0)
        assert jobs("redrive").stdout == "The dead-letter queues are empty.\n"


class TestADocumentThatWasChanged:
    def test_is_not_mailed_and_is_after_it_was_restored(
        self, cloud, jobs, report, ledger, impatient
    ):
        s3 = aws_services.client("s3", cloud)
        with paused(cloud, "EmailInvoice"):
            jobs("bill", "2025-04")
            key = eventually(lambda: stored(ledger, f"{EMPLOYEE}-0002"))
            place = {"Bucket": cloud["DOCUMENT_BUCKET"], "Key": key}
            document = s3.get_object(**place)["Body"].read()
            s3.put_object(**place, Body=b"something else")

        set_aside(cloud, "EMAIL_DEAD_LETTERS_URL")
        [row] = ours(report("2025-04"))

        assert (row["number"], row["step"]) == (f"{EMPLOYEE}-0002", "email")
        assert row["reason"].endswith(
            "is not the PDF that was recorded; restore the recorded version of it"
        )
        assert status(ledger, f"{EMPLOYEE}-0002") == "queued"

        s3.put_object(**place, Body=document)
        assert jobs("redrive").returncode == 0

        eventually(lambda: status(ledger, f"{EMPLOYEE}-0002") in {"sent", "delivered"})
        assert report("2025-04")["exit"] == 0


class TestAMessageThatIsNotOurs:
    def test_is_shown_and_left_where_it_is(self, cloud, jobs, report, ledger):
        sqs = aws_services.client("sqs", cloud)
        sqs.send_message(QueueUrl=cloud["EMAIL_DEAD_LETTERS_URL"], MessageBody="not ours")

        shown = report()
        redriven = jobs("redrive")

        assert [row["body"] for row in shown["set_aside"]] == ["not ours"]
        assert shown["exit"] == 1
        assert redriven.returncode == 1
        assert "Left in the email dead-letter queue: unrecognised message" in redriven.stdout
        assert [row["body"] for row in report()["set_aside"]] == ["not ours"]
        sqs.purge_queue(QueueUrl=cloud["EMAIL_DEAD_LETTERS_URL"])


class TestQueuesOutOfReach:
    def test_leave_the_ledgers_report_and_one_sentence(self, jobs, ledger):
        # An address where nobody listens.
        shown = jobs("report", PERIOD, AWS_ENDPOINT_URL="http://127.0.0.1:1")

        assert "Balanced. 1 document issued." in shown.stdout
        assert "The dead-letter queues were not checked: SQS could not be read:" in shown.stdout
        assert "Traceback" not in shown.stderr
        assert shown.returncode == 1
