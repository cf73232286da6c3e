"""The AWS services of a local cloud: starting them, and clients for them."""

from __future__ import annotations

import http.client
import os
import shutil
import time
from collections.abc import Mapping
from typing import Any

import boto3
import botocore.session
from botocore.config import Config

from chalicelib.billing.errors import BillingError

from . import ports, processes
from .home import OWNER_ONLY, Home

NAME = "aws"
REGION = "us-east-1"
START_SECONDS = 60.0
ANSWER_SECONDS = 5.0
SAVE_SECONDS = 60.0
SAVE = "/_selfbill/save"


class AwsFailed(BillingError):
    """The local AWS services did not start."""

    def __init__(self, last_words: str) -> None:
        super().__init__(f"the local AWS services did not start: {last_words}")


class NotSaved(BillingError):
    """The local AWS services could not save what they know."""

    def __init__(self, last_words: str) -> None:
        super().__init__(
            "the local AWS services could not save what was deployed, and would forget it when "
            f"this machine is switched off; start the local cloud once more: {last_words}"
        )


def launch(home: Home, smtp: str) -> None:
    """
    Start the services unless they are running; `wait` waits until they answer.

    Args:
        smtp: ``host:port`` that SES hands emails to.

    Raises:
        PortTaken: If another program has the port.
    """
    if processes.alive(home, NAME):
        return
    port = ports.kept(home, NAME)
    # Functions of a killed cloud may have left files behind.
    shutil.rmtree(home.temporary, ignore_errors=True)
    home.temporary.mkdir(mode=OWNER_ONLY)
    settings = {
        **access(home),
        "BIND_HOST": ports.LOCALHOST,
        "GATEWAY_PORT": str(port),
        "MINISTACK_REGION": REGION,
        "PERSIST_STATE": "1",
        "STATE_DIR": str(home.state),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(home.objects),
        "TMPDIR": str(home.temporary),
        "SMTP_HOST": smtp,
        # They listen on fixed ports, so two clouds could not run side by side.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
    }
    processes.start(home, NAME, "cloud.local.aws_process", settings)


def wait(home: Home) -> None:
    """
    Raises:
        AwsFailed: If the services end, or do not answer in time.
    """
    deadline = time.monotonic() + START_SECONDS
    while not answers(home):
        if not processes.alive(home, NAME) or time.monotonic() > deadline:
            raise AwsFailed(processes.last_words(home, NAME))
        time.sleep(0.05)


def answers(home: Home) -> bool:
    return _asked(home, "GET", "/_ministack/ready")


def save(home: Home) -> None:
    """
    Have the services save all they know, however short ago it was that they last did.

    Raises:
        NotSaved: If they do not in time.
    """
    deadline = time.monotonic() + SAVE_SECONDS
    while not _asked(home, "POST", SAVE):
        if time.monotonic() > deadline:
            raise NotSaved(processes.last_words(home, NAME))
        time.sleep(0.05)


def _asked(home: Home, method: str, path: str) -> bool:
    """Whether the services say yes."""
    connection = http.client.HTTPConnection(
        ports.LOCALHOST, home.recall("ports")[NAME], timeout=ANSWER_SECONDS
    )
    try:
        connection.request(method, path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def access(home: Home) -> dict[str, str]:
    """The environment that points any AWS SDK to this cloud."""
    return {
        "AWS_ENDPOINT_URL": f"http://{ports.LOCALHOST}:{home.recall('ports')[NAME]}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
    }


def client(service: str, environment: Mapping[str, str]) -> Any:  # noqa: ANN401 -- one per service
    """
    A boto3 client for the local cloud that *environment* names.

    It ignores the AWS profile, certificate bundle and proxy of this machine.
    """
    nowhere = {
        "profile": (None, None, None, None),
        "ca_bundle": (None, None, None, None),
        "config_file": (None, None, os.devnull, None),
        "credentials_file": (None, None, os.devnull, None),
    }
    session = boto3.Session(
        botocore_session=botocore.session.Session(session_vars=nowhere),
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        region_name=environment["AWS_DEFAULT_REGION"],
    )
    return session.client(
        service,  # type: ignore[call-overload]  # any service, so no overload fits
        endpoint_url=environment["AWS_ENDPOINT_URL"],
        config=Config(proxies={}, retries={"mode": "standard", "total_max_attempts": 3}),
    )
