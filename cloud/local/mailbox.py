"""
The mailbox: receives every email that the local SES sends and saves it as a file.

``python -m cloud.local.mailbox HOME`` listens on the port in ``SELFBILL_MAIL_PORT`` until it is
told to stop. It takes any email, from anybody to anybody, but from this machine alone, and sends
nothing on. A web page cannot write to it: it hangs up on the headers of a browser's request.
"""

from __future__ import annotations

import asyncio
import email.policy
import hashlib
import os
import re
import signal
import sys
import time
from datetime import UTC, datetime
from email.parser import BytesHeaderParser
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from chalicelib.billing.errors import BillingError

from . import folder_watch, ports, processes
from .home import Home

NAME = "mail"
PORT_VARIABLE = "SELFBILL_MAIL_PORT"
START_SECONDS = 30.0
NAME_LETTERS = 60


class MailboxFailed(BillingError):
    """The mailbox did not start."""

    def __init__(self, last_words: str) -> None:
        super().__init__(f"the local mailbox did not start: {last_words}")


def start(home: Home) -> str:
    """
    Start the mailbox unless it is running.

    Returns:
        ``host:port`` to send emails to.

    Raises:
        PortTaken: If another program has the port.
        MailboxFailed: If it does not listen in time.
    """
    process = processes.alive(home, NAME)
    if process is None:
        settings = {PORT_VARIABLE: str(ports.kept(home, NAME))}
        process = processes.start(home, NAME, "cloud.local.mailbox", settings)
    port = home.recall("ports")[NAME]
    # Also of one that runs: it may have been started a moment ago, by somebody who was killed.
    deadline = time.monotonic() + START_SECONDS
    while not ports.answers(port):
        if processes.alive(home, NAME) != process or time.monotonic() > deadline:
            raise MailboxFailed(processes.last_words(home, NAME))
        time.sleep(0.05)
    return f"{ports.LOCALHOST}:{port}"


class Keeper:
    """Writes each email to a folder, complete and unchanged."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def handle_DATA(  # noqa: N802 -- aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        content = envelope.content
        raw = content if isinstance(content, bytes) else str(content).encode()
        name = file_name(raw, envelope.rcpt_tos[0], datetime.now(UTC))
        unfinished = self._folder / f".{name}.new"
        unfinished.write_bytes(raw)
        unfinished.replace(self._folder / name)
        return "250 kept"


def file_name(raw: bytes, recipient: str, arrived: datetime) -> str:
    """A unique name that sorts by arrival and shows recipient and subject."""
    subject = BytesHeaderParser(policy=email.policy.default).parsebytes(raw)["subject"]
    about = re.sub(r"[^\w.@-]+", "_", f"{recipient} {subject}", flags=re.ASCII)[:NAME_LETTERS]
    return f"{arrived:%Y%m%dT%H%M%S}-{about}-{hashlib.sha256(raw).hexdigest()[:12]}.eml"


async def serve(folder: Path, port: int) -> None:
    """Receive emails until SIGTERM."""
    loop = asyncio.get_running_loop()
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    keeper = Keeper(folder)
    server = await loop.create_server(
        lambda: SMTP(keeper, enable_SMTPUTF8=True, hostname="localhost"), ports.LOCALHOST, port
    )
    async with server:
        await told.wait()


def main(arguments: list[str]) -> None:
    home = Home.at(Path(arguments[0]))
    folder_watch.end_with(home.folder)
    asyncio.run(serve(home.mail, int(os.environ[PORT_VARIABLE])))


if __name__ == "__main__":
    main(sys.argv[1:])
