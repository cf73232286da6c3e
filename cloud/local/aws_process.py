"""
The process with the local AWS services: ``python -m cloud.local.aws_process HOME``.

It runs ministack with five additions: it answers only those whom a `Door` lets in; it saves a
snapshot every few seconds and on request, so that a power cut loses little; it ends when the folder
is removed; it delivers emails with bytes that are not ASCII, as SES does and ministack's relay does
not; and its CloudFront distribution reads the bucket over TLS.
"""

from __future__ import annotations

import asyncio
import http
import os
import re
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from . import aws_services, folder_watch, page_server, rooted
from .door import REFUSAL, Door, loopback
from .home import Home

SAVE_SECONDS = 5.0
CLOUDFRONT = "cloudfront.amazonaws.com"
# The hosts of distributions, which `page_server` asks by name. No page can be at one and lead here:
# their addresses are AWS's to give.
DISTRIBUTIONS = re.compile(r"[a-z0-9]+\.cloudfront\.net")
# Administration, which reads, changes and resets everything without a signature, and other services
# for programs that ministack knows by their path alone, so at a distribution's host too.
INNER = ("/_", "/v2/")
# Cognito's own pages, to which the page sends whoever signs in there.
SIGN_IN = ("/oauth2/", "/login", "/logout")
NO_ENTRY = 1008


def main(arguments: list[str]) -> None:
    home = Home.at(Path(arguments[0]))
    folder_watch.end_with(home.folder)
    # Before anything can hold the other one.
    os.makedirs = rooted.only_below(home.folder, os.makedirs)

    from ministack import app
    from ministack.core import iam_evaluator
    from ministack.services import ses

    from .snapshot import Snapshots

    snapshots = Snapshots(home)
    app.load_state, app.save_all = snapshots.load, snapshots.save

    def save() -> bool:
        return snapshots.save(app._build_persistence_save_dict())  # noqa: SLF001 -- no public way

    hosts = loopback(home.recall("ports")[aws_services.NAME])
    page = partial(page_server.origin, home)
    door = Door(hosts, page, outer=DISTRIBUTIONS, inner=INNER, links=SIGN_IN)
    app.app = behind(door, _saving_when_asked(app.app, save))
    ses._smtp_send = _as_bytes(ses._smtp_send)  # noqa: SLF001 -- no public way
    iam_evaluator.evaluate_resource_policy = _over_tls(iam_evaluator.evaluate_resource_policy)
    _save_often_once_loaded(app, save)
    # ministack reads the command line for itself.
    del sys.argv[1:]
    app.main()


def _save_often_once_loaded(app: Any, save: Callable[[], bool]) -> None:  # noqa: ANN401 -- untyped
    """Not before: a slow start would replace what was saved by services that know nothing yet."""
    load = app._load_persisted_state  # noqa: SLF001 -- no public way

    def load_and_save_often() -> None:
        load()
        threading.Thread(target=_save_often, args=(save,), daemon=True).start()

    app._load_persisted_state = load_and_save_often  # noqa: SLF001


def _save_often(save: Callable[[], bool]) -> None:
    while True:
        time.sleep(SAVE_SECONDS)
        save()


def behind(door: Door, answer: Any) -> Any:  # noqa: ANN401 -- untyped
    """The application *answer* for those whom *door* lets in; the others get a 403."""

    async def answer_or_refuse(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401
        headers = ((n.decode("latin-1"), v.decode("latin-1")) for n, v in scope.get("headers", ()))
        if scope["type"] == "lifespan" or door.opens(scope["path"], headers):
            await answer(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": NO_ENTRY})
        else:
            kind = [(b"content-type", b"text/plain")]
            status = http.HTTPStatus.FORBIDDEN
            await send({"type": "http.response.start", "status": status, "headers": kind})
            await send({"type": "http.response.body", "body": REFUSAL.encode()})

    return answer_or_refuse


def _saving_when_asked(answer: Any, save: Callable[[], bool]) -> Any:  # noqa: ANN401 -- untyped
    """The application *answer*; on a POST to `aws_services.SAVE` it saves and tells whether."""

    async def answer_or_save(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401
        if (scope.get("path"), scope.get("method")) != (aws_services.SAVE, "POST"):
            await answer(scope, receive, send)
            return
        saved = await asyncio.to_thread(save)
        status = http.HTTPStatus.OK if saved else http.HTTPStatus.SERVICE_UNAVAILABLE
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    return answer_or_save


def _as_bytes(send: Any) -> Any:  # noqa: ANN401 -- an untyped function
    """Pass the message on as bytes, because smtplib encodes text only as ASCII."""

    def send_bytes(source: str, to: list[str], message: str, host: str, port: int) -> None:
        send(source, to, re.sub(r"\r\n|\r|\n", "\r\n", message).encode(), host, port)

    return send_bytes


def _over_tls(evaluate: Any) -> Any:  # noqa: ANN401 -- an untyped function
    """Treat CloudFront's requests to a bucket as made over TLS."""

    def evaluate_over_tls(policy: Any, context: Any, service: str = "", **how: bool) -> Any:  # noqa: ANN401
        secure = context.secure_transport or service == CLOUDFRONT
        return evaluate(policy, replace(context, secure_transport=secure), service or None, **how)

    return evaluate_over_tls


if __name__ == "__main__":
    main(sys.argv[1:])
