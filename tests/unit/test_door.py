"""Whom the servers of a local cloud answer."""

import asyncio

import pytest

from cloud.local import aws_process
from cloud.local.door import Door, loopback

PAGE = "http://127.0.0.1:20000"
HERE = ("Host", "127.0.0.1:18000")
ELSEWHERE = ("Origin", "https://evil.example")
RESET = "/_ministack/reset"

AWS = Door(
    loopback(18000),
    page=lambda: PAGE,
    outer=aws_process.DISTRIBUTIONS,
    inner=aws_process.INNER,
    links=aws_process.SIGN_IN,
)
WEB = Door(loopback(18000), page=lambda: PAGE, links=("/",))
NAVIGATE = ("Sec-Fetch-Mode", "navigate")


def site(value):
    return ("Sec-Fetch-Site", value)


class TestTheDoor:
    @pytest.mark.parametrize("host", ["127.0.0.1:18000", "localhost:18000", "LOCALHOST:18000"])
    @pytest.mark.parametrize("path", ["/", RESET])
    def test_is_open_to_programs(self, host, path):
        assert AWS.opens(path, [("host", host)])

    @pytest.mark.parametrize(
        "hosts",
        [
            [],
            [""],
            ["evil.example:18000"],
            ["127.0.0.1"],
            ["127.0.0.1:20000"],
            ["127.0.0.1:18000.evil.example"],
            ["127.0.0.1:18000", "evil.example"],
            ["x.cloudfront.net.evil.example"],
        ],
    )
    def test_is_shut_to_other_names_of_this_machine(self, hosts):
        """As a page has it whose own name suddenly leads here."""
        assert not AWS.opens("/", [("Host", host) for host in hosts])

    def test_is_open_to_the_page_at_a_distribution_s_name(self):
        assert AWS.opens("/", [("Host", "d123abc.cloudfront.net")])
        assert not WEB.opens("/", [("Host", "d123abc.cloudfront.net")])

    @pytest.mark.parametrize("path", [RESET, "/_aws/lambda-url/x", "/v2/email/identities"])
    def test_is_shut_there_where_everything_can_be_reset(self, path):
        """The page's server asks there whatever a browser asked it, from any other page too."""
        assert not AWS.opens(path, [("Host", "d123abc.cloudfront.net")])

    def test_is_open_to_the_page(self):
        assert AWS.opens("/", [HERE, ("Origin", PAGE), site("same-site")])

    @pytest.mark.parametrize(
        "headers",
        [
            [ELSEWHERE],
            [ELSEWHERE, site("cross-site")],
            [("Origin", "null")],
            [("Origin", PAGE), ELSEWHERE],
            # An image, a script or a form of another page, or of another server of this machine.
            [site("cross-site")],
            [site("same-site")],
            [site("none"), site("cross-site")],
            [site("cross-site"), NAVIGATE],
            [("Origin", "http://127.0.0.1:18000"), site("same-origin")],
        ],
    )
    def test_is_shut_to_every_other_page(self, headers):
        assert not AWS.opens("/", [HERE, *headers])

    @pytest.mark.parametrize("path", [RESET, "/_localstack/health", "/_selfbill/save"])
    @pytest.mark.parametrize("header", [("Origin", PAGE), site("none"), site("same-origin")])
    def test_is_shut_to_every_browser_where_everything_can_be_reset(self, path, header):
        assert not AWS.opens(path, [HERE, header])

    @pytest.mark.parametrize(
        ("headers", "open_"),
        [
            ([], True),
            ([site("none")], True),
            ([site("same-origin")], True),
            ([site("cross-site"), NAVIGATE], True),
            ([site("cross-site"), ("Sec-Fetch-Mode", "no-cors")], False),
            ([site("same-site")], False),
            ([ELSEWHERE], False),
            ([ELSEWHERE, NAVIGATE], False),
            ([("Origin", "http://127.0.0.1:18000"), site("same-origin")], True),
        ],
    )
    def test_of_the_page_and_of_signing_in_is_open_to_links(self, headers, open_):
        assert WEB.opens("/", [HERE, *headers]) is open_
        assert AWS.opens("/oauth2/authorize", [HERE, *headers]) is open_


class TestBehindTheDoor:
    def ask(self, kind, *headers):
        """What is sent back, and what the application behind the door was asked."""
        sent, asked = [], []

        async def answer(scope, _receive, _send):
            asked.append(scope["type"])

        async def send(message):
            sent.append(message)

        raw = [(name.lower().encode(), value.encode()) for name, value in headers]
        scope = {"type": kind, "path": "/", "headers": raw}
        asyncio.run(aws_process.behind(AWS, answer)(scope, None, send))
        return sent, asked

    def test_a_request_that_may_pass_is_answered(self):
        assert self.ask("http", HERE) == ([], ["http"])

    def test_the_start_of_the_server_needs_no_host(self):
        assert self.ask("lifespan") == ([], ["lifespan"])

    def test_another_is_told_in_a_sentence(self):
        [start, body], asked = self.ask("http", HERE, ELSEWHERE)

        assert (start["status"], asked) == (403, [])
        assert b"answers only its own page" in body["body"]

    def test_a_socket_is_closed(self):
        [message], asked = self.ask("websocket", HERE, ELSEWHERE)

        assert (message["type"], asked) == ("websocket.close", [])
