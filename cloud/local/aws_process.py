"""
The process that is AWS here: ``python -m cloud.local.aws_process HOME``.

It is ministack, with four things added: a save every few seconds, so that a machine switched
off loses little; an end when the folder is removed; mail whose bytes are not all ASCII, which
SES delivers and ministack's relay drops; and a distribution that reads its bucket over TLS, as
CloudFront does behind viewers that are sent to https.
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

    And only while *home* is there: it shall not come back once it was removed.
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
    """Remove what a save brought back, unless there is more: that would be a new cloud."""
    if home.is_dir() and {part.name for part in home.iterdir()} <= {Home.at(home).state.name}:
        shutil.rmtree(home, ignore_errors=True)


def _as_bytes(send: Any) -> Any:  # noqa: ANN401 -- an untyped function
    """Hand the message on as bytes, because smtplib encodes text as ASCII or not at all."""

    def send_bytes(source: str, to: list[str], message: str, host: str, port: int) -> None:
        send(source, to, re.sub(r"\r\n|\r|\n", "\r\n", message).encode(), host, port)

    return send_bytes


def _over_tls(evaluate: Any) -> Any:  # noqa: ANN401 -- an untyped function
    """Evaluate what CloudFront asks of a bucket as asked over TLS."""

    def evaluate_over_tls(policy: Any, context: Any, service: str = "", **how: bool) -> Any:  # noqa: ANN401
        secure = context.secure_transport or service == CLOUDFRONT
        return evaluate(policy, replace(context, secure_transport=secure), service or None, **how)

    return evaluate_over_tls


if __name__ == "__main__":
    main(sys.argv[1:])
