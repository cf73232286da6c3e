"""
A local cloud whose power is cut at any moment: the next `up` heals it, and nothing stored is lost.

Each seed cuts during the first `up`, some time after it, and during an `up` that changes the stack.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from contextlib import suppress

import psutil
import psycopg
import pytest
import requests

from cloud.local import aws_services
from cloud.local.cloud import down, running, up
from cloud.migrate import migrate
from cloud.project import PROJECT
from tests.conftest import scratch

pytestmark = pytest.mark.soak

UP = """
import sys
from pathlib import Path
from cloud.local.cloud import up
from cloud.migrate import migrate
up(Path(sys.argv[1]), {"PAYMENT_TERMS_DAYS": sys.argv[2]}, lambda sentence: None, migrate)
"""
COMPLETE = {"CREATE_COMPLETE", "UPDATE_COMPLETE"}
KEY = "invoices/kept"


def quietly(_sentence):
    """Say nothing of what is going on."""


def processes_of(home):
    found = {}
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            named = process.pid != os.getpid() and any(
                argument == str(home) or argument.startswith(f"{home}/")
                for argument in process.cmdline()
            )
            if named:
                found |= {one.pid: one for one in (process, *process.children(recursive=True))}
    return list(found.values())


def cut_power(home):
    """Everything of the cloud ends at one moment."""
    for process in processes_of(home):
        with suppress(psutil.Error):
            process.suspend()
    while left := processes_of(home):
        for process in left:
            with suppress(psutil.Error):
                process.kill()
        time.sleep(0.02)


def cut_during_up(home, seconds, *, days):
    """Cut the power *seconds* after an `up` began."""
    with subprocess.Popen(
        [sys.executable, "-c", UP, str(home), str(days)],
        cwd=PROJECT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as starting:
        with suppress(subprocess.TimeoutExpired):
            starting.wait(seconds)
        starting.kill()
        cut_power(home)


def start(home, days=14):
    return up(home, {"PAYMENT_TERMS_DAYS": str(days)}, quietly, migrate)


def assert_whole(home, cloud):
    """The stack is complete, what it names is there, and API and page answer."""
    stacks = aws_services.client("cloudformation", cloud)
    [stack] = stacks.describe_stacks(StackName="selfbill")["Stacks"]
    resources = stacks.describe_stack_resources(StackName="selfbill")["StackResources"]
    assert {stack["StackStatus"], *(one["ResourceStatus"] for one in resources)} <= COMPLETE
    named = {(one["ResourceType"], one["PhysicalResourceId"]) for one in resources}
    for kind, name in named:
        if kind == "AWS::S3::Bucket":
            aws_services.client("s3", cloud).head_bucket(Bucket=name)
        elif kind == "AWS::SQS::Queue":
            aws_services.client("sqs", cloud).get_queue_attributes(QueueUrl=name)
        elif kind == "AWS::Lambda::Function":
            found = aws_services.client("lambda", cloud).get_function(FunctionName=name)
            assert found["Configuration"]["CodeSize"]
    with requests.Session() as session:
        session.trust_env = False
        assert session.get(f"{cloud['API_URL']}/health", timeout=30).status_code == 200
        assert session.get(f"{cloud['API_URL']}/invoices", timeout=30).status_code == 401
        assert session.get(f"{cloud['WEB_ORIGIN']}/", timeout=30).status_code == 200
    assert running(home) == cloud


def assert_kept(cloud):
    stored = aws_services.client("s3", cloud).get_object(Bucket=cloud["DOCUMENT_BUCKET"], Key=KEY)
    assert stored["Body"].read() == b"kept"
    with psycopg.connect(cloud["DATABASE_URL"]) as ledger:
        assert ledger.execute("SELECT name FROM department").fetchall() == [("kept",)]


class TestAPowerCut:
    @pytest.mark.parametrize("seed", range(20))
    def test_is_healed_by_the_next_up_and_loses_nothing(self, seed):
        chance = random.Random(seed)
        with scratch() as home:
            try:
                cut_during_up(home, chance.uniform(0.3, 8), days=14)
                cloud = start(home)
                assert_whole(home, cloud)
                place = {"Bucket": cloud["DOCUMENT_BUCKET"], "Key": KEY}
                aws_services.client("s3", cloud).put_object(**place, Body=b"kept")
                with psycopg.connect(cloud["DATABASE_URL"], autocommit=True) as ledger:
                    ledger.execute("INSERT INTO department (code, name) VALUES ('D', 'kept')")

                time.sleep(chance.uniform(0, 7))
                cut_power(home)
                again = start(home)
                assert_whole(home, again)
                assert again == cloud
                assert_kept(again)

                cut_during_up(home, chance.uniform(0.8, 5), days=30)
                changed = start(home, days=30)
                assert_whole(home, changed)
                assert changed == cloud | {"PAYMENT_TERMS_DAYS": "30"}
                assert_kept(changed)
            finally:
                down(home, quietly)
                cut_power(home)
