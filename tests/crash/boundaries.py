"""
Where a crash can fall: before, within and after everything that reaches outside the process.

Between two boundaries a process changes nothing but its own memory, so killing it at each of them
is killing it everywhere.  psycopg and botocore are wrapped from outside, and only in a worker that
is to be counted or killed; the product knows nothing of it.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

import boto3
import psycopg
from psycopg.pq import TransactionStatus

from chalicelib.aws import s3

LABEL_LETTERS = 70


class Boundaries:
    """
    The boundaries that this process crosses, in order; it dies at one of them if told to.

    Attributes:
        crossed: What each was, in words.
    """

    def __init__(self, kill_at: int | None, last_words: Callable[[str], None]) -> None:
        self.crossed: list[str] = []
        self._kill_at = kill_at
        self._last_words = last_words
        self._lock = Lock()

    def cross(self, label: str, before_dying: Callable[[], None] | None = None) -> None:
        """
        Args:
            label: What happens here.
            before_dying: What a process that dies here has done last.
        """
        with self._lock:
            if len(self.crossed) == self._kill_at:
                self._last_words(label)
                if before_dying is not None:
                    before_dying()
                os.kill(os.getpid(), signal.SIGKILL)
            self.crossed.append(label)

    def watch(self) -> None:
        """Cross a boundary wherever this process touches the database or AWS from now on."""
        _watch_statements(self)
        _watch_copies(self)
        _watch_transactions(self)
        _watch_aws(self)


def _watch_statements(here: Boundaries) -> None:
    for name in ("execute", "executemany"):
        _surround(here, psycopg.Cursor, name, lambda _cursor, query, *_: _words(query))
    _surround(here, psycopg, "connect", lambda *_: "connect")


def _surround(here: Boundaries, owner: Any, name: str, describe: Callable[..., str]) -> None:
    original = getattr(owner, name)

    def surrounded(*args: Any, **kwargs: Any) -> Any:
        label = describe(*args)
        here.cross(f"before {label}")
        answer = original(*args, **kwargs)
        here.cross(f"after {label}")
        return answer

    setattr(owner, name, surrounded)


def _watch_copies(here: Boundaries) -> None:
    original, read, write = psycopg.Cursor.copy, psycopg.Copy.read, psycopg.Copy.write

    @contextmanager
    def copy(cursor: Any, statement: Any, *args: Any, **kwargs: Any) -> Iterator[psycopg.Copy]:
        label = _words(statement)
        here.cross(f"before {label}")
        with original(cursor, statement, *args, **kwargs) as opened:
            here.cross(f"opened {label}")
            yield opened
            here.cross(f"unfinished {label}")
        here.cross(f"after {label}")

    def read_block(opened: psycopg.Copy) -> Any:
        if block := read(opened):
            here.cross("a block of a COPY read")
        return block

    def write_in_halves(opened: psycopg.Copy, block: Any) -> None:
        middle = len(block) // 2
        write(opened, block[:middle])
        here.cross("half a block of a COPY written")
        write(opened, block[middle:])

    psycopg.Cursor.copy = copy
    psycopg.Copy.read = read_block
    psycopg.Copy.write = write_in_halves


def _watch_transactions(here: Boundaries) -> None:
    commit, rollback = psycopg.Connection.commit, psycopg.Connection.rollback

    def idle(connection: psycopg.Connection) -> bool:
        return connection.info.transaction_status == TransactionStatus.IDLE

    def watched_commit(connection: psycopg.Connection) -> None:
        if idle(connection):
            return commit(connection)
        here.cross("before COMMIT")
        here.cross("COMMIT sent, not answered", lambda: _send(connection, b"COMMIT"))
        commit(connection)
        return here.cross("after COMMIT")

    def watched_rollback(connection: psycopg.Connection) -> None:
        if idle(connection):
            return rollback(connection)
        here.cross("before ROLLBACK")
        rollback(connection)
        return here.cross("after ROLLBACK")

    psycopg.Connection.commit = watched_commit
    psycopg.Connection.rollback = watched_rollback


def _send(connection: psycopg.Connection, command: bytes) -> None:
    """Put *command* on the wire and wait for nothing."""
    connection.pgconn.send_query(command)
    while connection.pgconn.flush():
        pass


def _watch_aws(here: Boundaries) -> None:
    """Clients made from now on tell before a request leaves and after its answer has come."""

    def describe(event_name: str, **_facts: Any) -> None:
        moment, service, operation = event_name.split(".")
        when = "before" if moment == "before-send" else "after"
        here.cross(f"{when} {service} {operation}")

    if boto3.DEFAULT_SESSION is None:
        boto3.setup_default_session()
    # S3 has a session of its own, whose credentials it asks for their expiry.
    for session in (boto3.DEFAULT_SESSION, s3._session()):
        for moment in ("before-send", "response-received"):
            session.events.register(moment, describe)


def _words(query: Any) -> str:
    text = query if isinstance(query, str) else query.as_string()
    return " ".join(text.split())[:LABEL_LETTERS]
