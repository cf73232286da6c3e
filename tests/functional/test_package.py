"""What deploys on AWS, tried: each function alone out of its zip, and all of them as a stack."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import time
from hashlib import sha256

import psycopg
import pytest

from cloud import roles
from cloud.local import aws_services
from cloud.local.cloud import down, up
from cloud.migrate import migrate
from cloud.package.archives import LIMIT
from cloud.package.build import build
from cloud.package.isolation import CallFailed
from cloud.project import PROJECT
from jobs.load.store import load_folder
from tests.conftest import as_role, create_database, in_database, of_role, scratch

from .conftest import quietly
from .packaged import HANDLERS, Alone, delivered, record, request, services
from .test_month import EXPECTED, FIXTURES, PERIOD

pytestmark = [pytest.mark.prove, pytest.mark.lambda_python]

ACCOUNTANT = "accounts@company.example"
# A function answers with text only.
CONTROL = {
    side: {name: str(value) for name, value in count.items()}
    for side, count in EXPECTED["control"].items()
}
SPARE = 10 * 2**20
PATIENCE_SECONDS = 120


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    return build(PROJECT, tmp_path_factory.mktemp("package"), "dev", quietly)


@pytest.fixture(scope="module")
def packaged_home():
    with scratch() as folder:
        yield folder


@pytest.fixture(scope="module")
def stack(package, packaged_home):
    """A local cloud with the template deployed from the real zips."""
    try:
        yield up(packaged_home, {}, quietly, migrate, build=lambda *_: package.template.parent)
    finally:
        down(packaged_home, quietly)


class TestThePackage:
    def test_has_the_same_bytes_when_built_again(self, package, tmp_path):
        again = build(PROJECT, tmp_path / "again", "dev", quietly)

        for kind, archive in package.archives.items():
            assert again.archives[kind].sha256 == archive.sha256
            assert again.archives[kind].path.read_bytes() == archive.path.read_bytes()
        assert again.template.read_bytes() == package.template.read_bytes()

    def test_leaves_nothing_else_behind(self, package):
        kept = {path.name for path in package.template.parent.iterdir()}

        assert kept == {"api.zip", "documents.zip", "billing.zip", "sam.yaml"}

    def test_has_room_to_spare(self, package):
        for archive in package.archives.values():
            assert archive.unzipped <= LIMIT - SPARE


@pytest.fixture(scope="module")
def alone(package, stack, server_url, tmp_path_factory):
    url = in_database(server_url, "packaged")
    with psycopg.connect(server_url, autocommit=True) as server:
        create_database(server, "packaged")
    with of_role(url, roles.OPERATOR) as operator_url:
        load_folder(FIXTURES, operator_url, quietly)
    unpacked = Alone(
        package,
        tmp_path_factory.mktemp("alone"),
        services(stack, as_role(url, roles.WRITER)),
        as_role(url, roles.READER),
    )
    unpacked.unpack()
    yield unpacked
    with psycopg.connect(server_url, autocommit=True) as server:
        server.execute("DROP DATABASE packaged WITH (FORCE)")


@pytest.fixture(scope="module")
def ledger(alone):
    with psycopg.connect(alone.environment["DATABASE_URL"], autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def calls(alone, ledger):
    """A month, function by function, each in an interpreter of its own."""
    bill = alone.call("BillMonth", {"period": PERIOD})
    render = alone.call("RenderInvoice", alone.queued("RENDER_QUEUE_URL"))
    email = alone.call("EmailInvoice", alone.queued("EMAIL_QUEUE_URL"))
    sent = ledger.execute("SELECT message_id, recipient FROM delivery ORDER BY id").fetchall()
    events = {"Records": [record(delivered(*mail)) for mail in sent]}
    return {
        "BillMonth": bill,
        "RenderInvoice": render,
        "EmailInvoice": email,
        "RecordMailEvent": alone.call("RecordMailEvent", events),
        "Sweep": alone.call("Sweep", {}),
        "APIHandler": alone.call("APIHandler", request("/invoices", email=ACCOUNTANT)),
    }


class TestAlone:
    """Python -I -S: the unpacked zip, boto3 and what it needs, and nothing else."""

    @pytest.mark.parametrize("function", HANDLERS)
    def test_a_function_loads_from_its_zip_and_lambdas_runtime_only(self, calls, function):
        assert calls[function].elsewhere == []

    def test_the_biller_issues_the_month(self, calls):
        assert calls["BillMonth"].answer["invoices"] == len(EXPECTED["invoices"])
        assert calls["BillMonth"].answer["control"] == CONTROL

    def test_the_renderer_stores_every_document(self, calls, alone, ledger):
        s3 = aws_services.client("s3", alone.environment)
        kept = {
            s3.get_object(Bucket="alone-documents", Key=key)["Body"].read()
            for (key,) in ledger.execute("SELECT s3_key FROM document")
        }
        recorded = {hash_ for (hash_,) in ledger.execute("SELECT sha256 FROM document")}

        assert calls["RenderInvoice"].answer == {"batchItemFailures": []}
        assert len(kept) == len(EXPECTED["invoices"])
        assert {sha256(pdf).hexdigest() for pdf in kept} == recorded
        assert all(pdf.startswith(b"%PDF-") for pdf in kept)

    def test_the_emailer_and_the_recorder_see_every_mail_to_its_end(self, calls, ledger):
        [(states,)] = ledger.execute("SELECT array_agg(DISTINCT status) FROM delivery")

        assert calls["EmailInvoice"].answer == {"batchItemFailures": []}
        assert calls["RecordMailEvent"].answer == {"batchItemFailures": []}
        assert states == ["delivered"]

    def test_the_sweep_finds_nothing_left_over(self, calls):
        left = {name: calls["Sweep"].answer[name] for name in ("render_messages", "email_messages")}

        assert left == {"render_messages": 0, "email_messages": 0}

    def test_the_api_lists_what_was_issued(self, calls):
        answer = calls["APIHandler"].answer
        listed = json.loads(answer["body"])["invoices"]

        assert answer["statusCode"] == 200
        assert {invoice["employee"] for invoice in listed} >= set(EXPECTED["invoices"])

    @pytest.mark.parametrize(
        ("path", "resource", "names"),
        [
            ("/health", None, {}),
            ("/openapi.json", None, {}),
            ("/runs", None, {}),
            (f"/runs/{PERIOD}", "/runs/{period}", {"period": PERIOD}),
            ("/invoices/HUDZ-0001", "/invoices/{number}", {"number": "HUDZ-0001"}),
            ("/invoices/HUDZ-0001/link", "/invoices/{number}/link", {"number": "HUDZ-0001"}),
        ],
    )
    def test_the_api_answers_every_route(self, calls, alone, path, resource, names):
        called = alone.call("APIHandler", request(path, resource, ACCOUNTANT, **names))

        assert called.answer["statusCode"] == 200, called.answer
        assert called.elsewhere == []

    def test_a_function_that_is_not_there_is_an_error(self, alone):
        with pytest.raises(CallFailed) as failed:
            Alone(alone.package, alone.folder, {}, "").call("BillMonth", {"period": PERIOD})

        assert "missing settings: DATABASE_URL" in str(failed.value)


@pytest.fixture(scope="module")
def deployed_month(stack, packaged_home):
    """The month of the fixtures, billed by the deployed Lambda; what that answered."""
    loaded = run_jobs(packaged_home, "load", str(FIXTURES))
    assert loaded.returncode == 0, loaded.stderr
    answer = aws_services.client("lambda", stack).invoke(
        FunctionName=stack["BILL_MONTH_FUNCTION"], Payload=json.dumps({"period": PERIOD})
    )
    payload = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, payload
    wait_for_mails(stack["DATABASE_URL"])
    return payload


def run_jobs(home, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "jobs", *arguments],
        env=os.environ | {"SELFBILL_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


def wait_for_mails(database_url):
    deadline = time.monotonic() + PATIENCE_SECONDS
    with psycopg.connect(database_url, autocommit=True) as connection:
        query = "SELECT count(*) FROM delivery WHERE status <> 'delivered'"
        while connection.execute(query).fetchone() != (0,):
            assert time.monotonic() < deadline, "mails are still on their way"
            time.sleep(0.2)


class TestDeployed:
    """The same zips and the same template, on the local cloud."""

    def test_each_function_has_the_zip_of_its_kind(self, package, stack):
        functions = aws_services.client("lambda", stack)
        stacks = aws_services.client("cloudformation", stack)
        for kind, names in package.functions.items():
            for name in names:
                resource = stacks.describe_stack_resource(
                    StackName="selfbill", LogicalResourceId=name
                )
                deployed = functions.get_function(
                    FunctionName=resource["StackResourceDetail"]["PhysicalResourceId"]
                )["Configuration"]
                zipped = bytes.fromhex(package.archives[kind].sha256)
                assert deployed["CodeSha256"] == base64.b64encode(zipped).decode()

    def test_the_month_is_billed_rendered_and_mailed(self, deployed_month, packaged_home):
        report = json.loads(run_jobs(packaged_home, "report", PERIOD, "--json").stdout)

        assert deployed_month["control"] == CONTROL
        assert report["run"]["control"] == EXPECTED["control"]
        assert report["deliveries"] == {"delivered": len(EXPECTED["invoices"])}
        assert report["balanced"] is True

    def test_ledger_documents_and_export_are_one(self, deployed_month, packaged_home):
        exported = run_jobs(packaged_home, "export", PERIOD)
        verified = run_jobs(packaged_home, "verify", PERIOD)

        assert exported.returncode == 0, exported.stderr
        assert verified.returncode == 0, verified.stdout + verified.stderr

    def test_a_second_run_issues_nothing(self, deployed_month, stack):
        answer = aws_services.client("lambda", stack).invoke(
            FunctionName=stack["BILL_MONTH_FUNCTION"], Payload=json.dumps({"period": PERIOD})
        )

        assert json.loads(answer["Payload"].read())["invoices"] == 0
