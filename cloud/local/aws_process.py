"""
The process with the local AWS services: ``python -m cloud.local.aws_process HOME``.

It runs ministack with four additions: it saves every few seconds, so that a power cut loses little;
it ends when the folder is removed; it delivers emails with bytes that are not ASCII, as SES does
and ministack's relay does not; and its CloudFront distribution reads the bucket over TLS.
"""

from __future__ import annotations

import logging
import re
import shutil
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from . import folder_watch
from .home import Home

SAVE_SECONDS = 5.0
CLOUDFRONT = "cloudfront.amazonaws.com"

_saving = threading.Lock()


def main(arguments: list[str]) -> None:
    from ministack import app
    from ministack.core import iam_evaluator, persistence
    from ministack.services import ses

    home = Path(arguments[0])
    persistence.save_state = _alone(persistence.save_state, home)
    logging.getLogger("persistence").setLevel(logging.WARNING)
    ses._smtp_send = _as_bytes(ses._smtp_send)  # noqa: SLF001 -- no public way
    iam_evaluator.evaluate_resource_policy = _over_tls(iam_evaluator.evaluate_resource_policy)
    folder_watch.end_with(home)
    threading.Thread(target=_save_often, args=(app,), daemon=True).start()
    # ministack reads the command line for itself.
    del sys.argv[1:]
    app.main()


def _save_often(app: Any) -> None:  # noqa: ANN401 -- an untyped module
    while True:
        time.sleep(SAVE_SECONDS)
        app.save_all(app._build_persistence_save_dict())  # noqa: SLF001 -- no public way


def _alone(save: Any, home: Path) -> Any:  # noqa: ANN401 -- an untyped function
    """
    Save one at a time: the temporary file has one name, and two savers would mix bytes.

    And only while *home* exists: a folder that was removed must not come back.
    """
    ours = folder_watch.identity(home)

    def save_alone(service: str, state: dict[str, Any]) -> None:
        with _saving:
            if folder_watch.identity(home) == ours:
                save(service, state)
                if folder_watch.identity(home) != ours:
                    _take_back(home)

    return save_alone


def _take_back(home: Path) -> None:
    """Remove a folder that a save brought back; one with more in it would be a new cloud."""
    if home.is_dir() and {part.name for part in home.iterdir()} <= {Home.at(home).state.name}:
        shutil.rmtree(home, ignore_errors=True)


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
