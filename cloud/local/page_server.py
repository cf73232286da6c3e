"""
The local web server of the page: it stands in for DNS and TLS on AWS.

``python -m cloud.local.page_server HOME`` listens on the port in ``SELFBILL_WEB_PORT`` until it is
told to stop, and forwards requests to the cloud's CloudFront distribution. The distribution answers
only to its own host name, which no DNS here resolves, and browsers need one fixed address.
"""

from __future__ import annotations

import http.client
import os
import sys
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from chalicelib.billing.errors import BillingError

from . import aws_services, folder_watch, ports, processes
from .door import REFUSAL, Door, loopback
from .home import Home

NAME = "web"
PORT_VARIABLE = "SELFBILL_WEB_PORT"
START_SECONDS = 30.0
ANSWER_SECONDS = 30.0

# Headers of one connection; the browser's connection is another one.
OF_THE_BROWSER = ("host", "connection", "origin", "sec-fetch-")
OF_THE_CONNECTION = ("connection", "date", "keep-alive", "server", "transfer-encoding")


class WebFailed(BillingError):
    """The web server of the page did not start."""

    def __init__(self, last_words: str) -> None:
        super().__init__(f"the local web server did not start: {last_words}")


def start(home: Home) -> str:
    """
    Start the server unless it is running.

    Returns:
        The origin of the page: the address in the browser, and the one that the API allows.

    Raises:
        PortTaken: If another program has the port.
        WebFailed: If it does not listen in time.
    """
    process = processes.alive(home, NAME)
    if process is None:
        settings = {PORT_VARIABLE: str(ports.kept(home, NAME))}
        process = processes.start(home, NAME, "cloud.local.page_server", settings)
    port = home.recall("ports")[NAME]
    # Also of one that runs: it may have been started a moment ago, by somebody who was killed.
    deadline = time.monotonic() + START_SECONDS
    while not ports.answers(port):
        if processes.alive(home, NAME) != process or time.monotonic() > deadline:
            raise WebFailed(processes.last_words(home, NAME))
        time.sleep(0.05)
    return _origin(port)


def origin(home: Home) -> str | None:
    """The origin of the page; None before it was first served."""
    port = home.recall("ports").get(NAME)
    return _origin(port) if port else None


def _origin(port: int) -> str:
    return f"http://{ports.LOCALHOST}:{port}"


class Forwarder(BaseHTTPRequestHandler):
    """Forwards a request to the distribution and its answer back."""

    protocol_version = "HTTP/1.1"
    home: Home
    door: Door

    def do_GET(self) -> None:
        if self.door.opens(self.path, self.headers.items()):
            self._forward()
        else:
            self._answer(HTTPStatus.FORBIDDEN, [("Content-Type", "text/plain")], REFUSAL.encode())

    do_HEAD = do_GET  # noqa: N815 -- http.server's name

    def _forward(self) -> None:
        try:
            status, headers, body = self._distribution()
        except (OSError, http.client.HTTPException):
            status, headers, body = (
                HTTPStatus.BAD_GATEWAY,
                [],
                b"the local cloud is not answering\n",
            )
        self._answer(status, headers, body)

    def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        if all(name.lower() != "content-length" for name, _ in headers):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_request(self, *_arguments: object) -> None:
        """Log only what goes wrong."""

    def _distribution(self) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = http.client.HTTPConnection(
            ports.LOCALHOST, self.home.recall("ports")[aws_services.NAME], timeout=ANSWER_SECONDS
        )
        try:
            connection.request(self.command, self.path, headers=self._asked())
            answer = connection.getresponse()
            kept = [(n, v) for n, v in answer.getheaders() if n.lower() not in OF_THE_CONNECTION]
            return answer.status, kept, answer.read()
        finally:
            connection.close()

    def _asked(self) -> dict[str, str]:
        """The browser's headers, as if it had used the distribution's host name and TLS."""
        asked = {n: v for n, v in self.headers.items() if not n.lower().startswith(OF_THE_BROWSER)}
        domain = self.home.recall("environment").get("WEB_DOMAIN", "")
        return {**asked, "Host": domain, "X-Forwarded-Proto": "https"}


def main(arguments: list[str]) -> None:
    home = Home.at(Path(arguments[0]))
    folder_watch.end_with(home.folder)
    address = (ports.LOCALHOST, int(os.environ[PORT_VARIABLE]))
    door = Door(loopback(address[1]), page=lambda: _origin(address[1]), links=("/",))
    forwarder = type("ForwarderOfThisCloud", (Forwarder,), {"home": home, "door": door})
    ThreadingHTTPServer(address, forwarder).serve_forever()


if __name__ == "__main__":
    main(sys.argv[1:])
