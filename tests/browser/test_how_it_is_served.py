"""The page's files, as the cloud's own distribution hands them out."""

from __future__ import annotations

import pytest
import requests


@pytest.fixture
def get(cloud):
    def get(path, method="GET"):
        with requests.Session() as session:
            session.trust_env = False
            return session.request(method, cloud["WEB_ORIGIN"] + path, timeout=30)

    return get


class TestTheDistribution:
    def test_opens_with_the_page(self, get):
        answer = get("/")

        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == "text/html"
        assert "<title>Selfbill</title>" in answer.text

    def test_lets_the_page_run_its_own_files_and_talk_to_this_cloud_alone(self, get, cloud):
        headers = get("/main.js").headers
        rules = dict(rule.split(" ", 1) for rule in headers["Content-Security-Policy"].split("; "))

        assert rules["script-src"] == "'self'"
        assert cloud["AWS_ENDPOINT_URL"] in rules["connect-src"].split()
        assert "*" not in headers["Content-Security-Policy"]
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["X-Content-Type-Options"] == "nosniff"

    def test_holds_nothing_else(self, get):
        assert get("/../jobs/cli/main.py").status_code == 403
        assert get("/words/").status_code == 403

    def test_takes_nothing(self, get):
        assert get("/", method="PUT").status_code in (403, 501)

    def test_answers_a_head_without_a_body(self, get):
        answer = get("/icon.svg", method="HEAD")

        assert (answer.status_code, answer.content) == (200, b"")
        assert answer.headers["Content-Type"] == "image/svg+xml"
