"""Where the commands find what the environment leaves open."""

import os

import pytest

from jobs import environment

CLOUD = {"DATABASE_URL": "postgresql:///ledger?host=/cloud", "API_URL": "http://127.0.0.1:1"}


class TestOfALocalCloud:
    @pytest.fixture(autouse=True)
    def cloud(self, monkeypatch):
        for name in ("RENDER_QUEUE_URL", *CLOUD):
            # As it is now, once the test has ended: `adopt` sets it.
            monkeypatch.setenv(name, "")
            del os.environ[name]
        monkeypatch.setattr("cloud.local.cloud.running", lambda _home: CLOUD)

    @pytest.mark.parametrize("given", [{}, {"DATABASE_URL": "", "API_URL": ""}])
    def test_is_taken_what_is_not_set_or_set_to_nothing(self, given):
        os.environ.update(given)

        assert environment.adopt(print).items() >= CLOUD.items()

    def test_is_taken_nothing_that_is_set(self):
        os.environ["API_URL"] = "https://api.company.example"

        assert environment.adopt(print)["API_URL"] == "https://api.company.example"

    def test_is_taken_nothing_for_another_database(self):
        os.environ["DATABASE_URL"] = "postgresql:///ledger?host=/elsewhere"

        with pytest.raises(environment.OtherDatabase, match="another database than DATABASE_URL"):
            environment.adopt(print)
