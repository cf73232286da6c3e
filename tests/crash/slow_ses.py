"""
An SES that takes so many mails a second: a proxy in front of the one that takes any number.

Above its rate it answers what SES answers, in SES's words; below it hands everything on.
"""

from __future__ import annotations

import http.client
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

WINDOW_SECONDS = 1.0
TOO_FAST = b"""\
<ErrorResponse xmlns="http://ses.amazonaws.com/doc/2010-12-01/">
  <Error>
    <Type>Sender</Type><Code>Throttling</Code><Message>Maximum sending rate exceeded.</Message>
  </Error>
  <RequestId>00000000-0000-0000-0000-000000000000</RequestId>
</ErrorResponse>
"""


@dataclass
class SlowSes:
    """
    What the proxy has done.

    Attributes:
        rate: How many mails it takes in any second; may be changed.
        taken: When it took each mail, by a clock that only goes forward.
        throttled: How many it turned away.
    """

    rate: int
    url: str = ""
    taken: list[float] = field(default_factory=list)
    throttled: int = 0
    _recent: deque[float] = field(default_factory=deque)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def takes_one(self) -> bool:
        with self._lock:
            now = time.monotonic()
            while self._recent and self._recent[0] <= now - WINDOW_SECONDS:
                self._recent.popleft()
            if len(self._recent) >= self.rate:
                self.throttled += 1
                return False
            self._recent.append(now)
            self.taken.append(now)
            return True


@contextmanager
def slow_ses(endpoint: str, rate: int) -> Iterator[SlowSes]:
    """A proxy in front of *endpoint*, for as long as the block lasts."""
    ses = SlowSes(rate)
    upstream = urlsplit(endpoint)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if b"Action=SendRawEmail" in body and not ses.takes_one():
                self._answer(400, "text/xml", TOO_FAST)
                return
            connection = http.client.HTTPConnection(upstream.hostname, upstream.port, timeout=30)
            try:
                # The local cloud answers under its own name alone.
                headers = {**self.headers, "Host": upstream.netloc}
                connection.request("POST", self.path, body, headers)
                answer = connection.getresponse()
                self._answer(answer.status, answer.getheader("Content-Type"), answer.read())
            finally:
                connection.close()

        def _answer(self, status: int, kind: str | None, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind or "text/xml")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_words: object) -> None:
            """Nothing: what happened is counted."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    ses.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield ses
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
