"""One local cloud for all functional tests: started once, in a folder of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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


@pytest.fixture(scope="session")
def cloud_home() -> Iterator[Path]:
    with scratch() as folder:
        yield folder


@pytest.fixture(scope="session")
def cloud(cloud_home: Path) -> Iterator[dict[str, str]]:
    """The environment of a running, migrated and deployed cloud."""
    try:
        yield up(cloud_home, {}, quietly, migrate)
    finally:
        down(cloud_home, quietly)


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
