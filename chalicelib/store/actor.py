"""
Whom the program says it acts for: the ledger keeps it as `claimed`, beside the login.

It is a help for whoever asks later, and never a permission: every session can claim what it likes.
"""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from chalicelib.billing.escapes import on_one_line

# As much as the database keeps.
LENGTH = 200

_starter: ContextVar[str] = ContextVar("starter", default="")


@contextmanager
def started_by(starter: str) -> Iterator[None]:
    """Say who started what happens inside: a schedule, or whoever invoked the function."""
    token = _starter.set(starter)
    try:
        yield
    finally:
        _starter.reset(token)


def claim(environment: Mapping[str, str]) -> str:
    """
    Whom this process acts for, in letters that any screen can show.

    In Lambda that is the function and who started it, elsewhere ``SELFBILL_ACTOR`` or else
    ``user@host``.
    """
    function = environment.get("AWS_LAMBDA_FUNCTION_NAME")
    named = function or environment.get("SELFBILL_ACTOR", "").strip()
    named = named or f"{_user()}@{socket.gethostname()}"
    starter = _starter.get()
    return _legible(f"{named} by {starter}" if starter else named)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container may run as a number that has no name
        return str(os.getuid())


def _legible(text: str) -> str:
    shown = on_one_line(text)
    return shown if len(shown) <= LENGTH else f"{shown[: LENGTH - 1]}…"
