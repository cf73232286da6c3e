"""The API's Lambda: how long it takes to start, and to answer a page beside an empty route."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from statistics import median
from typing import Any

from chalice.app import Chalice

from cloud.project import PROJECT

from .archive import archive_of
from .claims import Measured, Speed, interleaved
from .processes import in_fresh_process
from .server import Server
from .sizes import Sizes

AT_MOST_TO_START = 1.3
# A page reads 51 invoices and writes 25 kB of JSON; an empty route does nothing at all.
AT_MOST_FOR_A_PAGE = 100.0

TIMED = "import time; begun = time.perf_counter(); {}; print(time.perf_counter() - begun)"
OURS = TIMED.format("import app")
FLOOR = TIMED.format("import boto3, psycopg, sqlalchemy")

SETTINGS = {
    "DOCUMENT_BUCKET": "documents",
    "EXPORT_BUCKET": "exports",
    "RENDER_QUEUE_URL": "http://localhost/render",
    "EMAIL_QUEUE_URL": "http://localhost/email",
    "MAIL_SENDER": "invoices@example.com",
    "BILLING_TIMEZONE": "Europe/Kyiv",
    "LINK_SECONDS": "300",
    "PAYER_NAME": "Northwind",
    "PAYER_ADDRESS": "12 Harbour Street",
    "PAYER_TAX_ID": "IE1",
    "PAYER_COUNTRY": "IE",
    "PAYMENT_TERMS_DAYS": "14",
    "AWS_DEFAULT_REGION": "eu-central-1",
}


def cold_and_warm(server: Server, sizes: Sizes) -> Measured:
    """Starting against importing its three libraries, and a warm page against an empty route."""
    server.prepare("few", archive_of(sizes.few_invoices))
    page = in_fresh_process(_page, server.database("few"), sizes)
    return Measured([_start(sizes.api_starts), page])


def _start(starts: int) -> Speed:
    ours, floor = (median(seconds) for seconds in zip(*_starts(starts), strict=True))
    what, floor_is = "importing the API's handler", "boto3, psycopg and SQLAlchemy alone"
    return Speed(what, ours, floor, floor_is, AT_MOST_TO_START)


def _starts(starts: int) -> Iterator[tuple[float, float]]:
    for _ in range(starts):
        yield _seconds(OURS), _seconds(FLOOR)


def _seconds(program: str) -> float:
    finished = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    return float(finished.stdout)


def _page(database_url: str, sizes: Sizes) -> Speed:
    """Call it in a process of its own: the app keeps the settings it starts with."""
    os.environ.update(SETTINGS, DATABASE_URL=database_url)
    from app import app

    ours, floor = interleaved(
        sizes.requests,
        partial(_ask, app, "/invoices"),
        partial(_ask, _empty(), "/empty"),
    )
    what = f"a page of 50 of {sizes.few_invoices:,} invoices, warm"
    return Speed(what, ours, floor, "an empty Chalice route", AT_MOST_FOR_A_PAGE)


def _empty() -> Chalice:
    app = Chalice(app_name="empty")

    @app.route("/empty")
    def empty() -> dict[str, str]:
        return {}

    return app


def _ask(app: Callable[[dict[str, Any], None], dict[str, Any]], path: str) -> None:
    answer = app(_event(path), None)
    if answer["statusCode"] != 200:  # noqa: PLR2004
        raise RuntimeError(json.dumps(answer))


def _event(path: str) -> dict[str, Any]:
    """What API Gateway hands over once it has checked an accountant's token."""
    claims = {"token_use": "id", "email": "accounts@example.com", "email_verified": "true"}
    return {
        "resource": path,
        "path": path,
        "httpMethod": "GET",
        "headers": {},
        "multiValueHeaders": {},
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": {
            "resourcePath": path,
            "httpMethod": "GET",
            "identity": {"sourceIp": "127.0.0.1"},
            "authorizer": {"claims": claims},
        },
        "body": None,
        "isBase64Encoded": False,
    }
