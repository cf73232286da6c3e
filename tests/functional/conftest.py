"""
One local cloud for the functional tests: started once in each process, in a folder of its own.

A file that needs another says so by a `cloud_home` and a `cloud` of its own.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from cloud.local import accounts
from cloud.local.cloud import down, up
from cloud.migrate import migrate
from tests.conftest import scratch


def quietly(_sentence: str) -> None:
    """Say nothing of what is going on."""


@pytest.fixture(scope="package")
def cloud_home() -> Iterator[Path]:
    with scratch() as folder:
        yield folder


@pytest.fixture(scope="package")
def cloud(cloud_home: Path) -> Iterator[dict[str, str]]:
    """The environment of a running, migrated and deployed cloud."""
    try:
        yield up(cloud_home, {}, quietly, migrate)
    finally:
        down(cloud_home, quietly)


@pytest.fixture(scope="module")
def jobs(
    cloud_home: Path, cloud: dict[str, str]
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run ``python -m jobs`` on the cloud; gives exit code, output and errors."""

    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        here = {"SELFBILL_HOME": str(cloud_home), "COLUMNS": "240"}
        return subprocess.run(
            [sys.executable, "-W", "error::ResourceWarning", "-m", "jobs", *arguments],
            env=os.environ | here | environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    return run


@dataclass(frozen=True)
class Api:
    """The cloud's API, as somebody sees it."""

    url: str
    headers: Mapping[str, str]

    def get(self, path: str, **parameters: str) -> requests.Response:
        with requests.Session() as session:
            # No proxy and no certificate bundle of this machine.
            session.trust_env = False
            return session.get(self.url + path, params=parameters, headers=self.headers, timeout=30)


@pytest.fixture
def nobody(cloud: dict[str, str]) -> Api:
    """The API without a token."""
    return Api(cloud["API_URL"], {})


@pytest.fixture
def stranger(cloud: dict[str, str]) -> Api:
    """The API for somebody with an account who is not a user of ours."""
    accounts.open_accounts(["stranger@example.org"], cloud)
    token = accounts.token("stranger@example.org", cloud)
    return Api(cloud["API_URL"], {"Authorization": token})
