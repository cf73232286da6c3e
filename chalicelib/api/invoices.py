"""GET /invoices: issued invoices, read-only."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import unquote

from chalice.app import Blueprint, CognitoUserPoolAuthorizer, ConflictError, NotFoundError
from sqlalchemy import Connection, RowMapping

from chalicelib import objects
from chalicelib.settings import Settings
from chalicelib.store import queries
from chalicelib.store.connection import engine

from . import parameters
from .identity import Reader, reader_of
from .presenting import detail, moment, summary

routes = Blueprint(__name__)

# The template's own user pool replaces this placeholder; see .chalice/resources.yaml.
authorizer = CognitoUserPoolAuthorizer(
    "accounts", provider_arns=["arn:aws:cognito-idp:us-east-1:000000000000:userpool/placeholder"]
)


@routes.route("/invoices", methods=["GET"], authorizer=authorizer)
def list_invoices() -> dict[str, Any]:
    query = dict(routes.current_request.query_params or {})
    parameters.check_names(query)
    narrowed = parameters.filters(query)
    limit, before_id = parameters.limit(query), parameters.cursor(query)
    with _reading() as (connection, reader):
        # One row more than the page tells whether there is another page.
        page = queries.page(narrowed, before_id=before_id, limit=limit + 1)
        rows = connection.execute(reader.narrow(page)).mappings().all()
    more = parameters.write_cursor(rows[limit - 1]["id"]) if len(rows) > limit else None
    return {"invoices": [summary(row) for row in rows[:limit]], "next_cursor": more}


@routes.route("/invoices/{number}", methods=["GET"], authorizer=authorizer)
def get_invoice(number: str) -> dict[str, Any]:
    with _reading() as (connection, reader):
        invoice = _visible(connection, reader, number)
        lines = connection.execute(queries.lines_of(invoice["id"])).mappings().all()
        deliveries = connection.execute(queries.deliveries_of(invoice["id"])).mappings().all()
    return detail(invoice, lines, deliveries)


@routes.route("/invoices/{number}/link", methods=["GET"], authorizer=authorizer)
def get_link(number: str) -> dict[str, Any]:
    with _reading() as (connection, reader):
        invoice = _visible(connection, reader, number)
    if invoice["s3_key"] is None:
        raise ConflictError(f"{invoice['number']} is not rendered yet; try again in a minute")
    expires_at = datetime.now(UTC) + timedelta(seconds=_settings().link_seconds)
    url = objects.link(
        _settings().document_bucket,
        invoice["s3_key"],
        filename=f"{invoice['number']}.pdf",
        seconds=_settings().link_seconds,
    )
    return {
        "url": url,
        "expires_at": moment(expires_at.replace(microsecond=0)),
        "sha256": invoice["sha256"],
        "bytes": invoice["bytes"],
    }


@contextmanager
def _reading() -> Iterator[tuple[Connection, Reader]]:
    with engine(_settings().database_url).connect() as connection:
        yield connection, reader_of(routes.current_request, connection)


def _visible(connection: Connection, reader: Reader, number: str) -> RowMapping:
    """The invoice, or the same 404 whether it does not exist or is somebody else's."""
    name = unquote(number)
    query = reader.narrow(queries.invoice_by_number(name))
    invoice = connection.execute(query).mappings().one_or_none() if name.isprintable() else None
    if invoice is None:
        raise NotFoundError(f"no invoice {name!r}")
    return invoice


@cache
def _settings() -> Settings:
    return Settings.from_environment(os.environ)
