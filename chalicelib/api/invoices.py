"""GET /invoices: issued invoices, read-only."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

from chalice.app import Blueprint, ConflictError, NotFoundError
from sqlalchemy import Connection, RowMapping

from chalicelib.aws import s3
from chalicelib.store import queries
from chalicelib.store.tables import invoice as issued

from . import parameters, shapes
from .answers import detail, moment, summary
from .identity import Reader
from .operations import Operation, serve
from .reader import reading, settings

routes = Blueprint(__name__)

NUMBER = (("number", parameters.Number),)
NOT_FOUND = (404, "The invoice does not exist, or you do not have access to it.")

LIST = Operation(
    "/invoices",
    "List invoices and credit notes, newest first",
    shapes.InvoicePage,
    query=parameters.InvoiceQuery,
)
DETAIL = Operation(
    "/invoices/{number}",
    "Get an invoice with its lines, document and deliveries",
    shapes.Invoice,
    path_parameters=NUMBER,
    problems=(NOT_FOUND,),
)
LINK = Operation(
    "/invoices/{number}/link",
    "Get a link to the PDF of an invoice, valid for some minutes",
    shapes.Link,
    path_parameters=NUMBER,
    problems=(NOT_FOUND, (409, "The PDF is not ready yet.")),
)


@serve(routes, LIST)
def list_invoices(query: parameters.InvoiceQuery) -> shapes.InvoicePage:
    filters = queries.Filters(
        period=parameters.month(query.period) if query.period else None,
        employee=query.employee,
        department=query.department,
        project=query.project,
        kind=query.kind,
        delivery=query.delivery,
    )
    with reading(routes.current_request) as (connection, reader):
        # One row more than the page tells whether there is another page.
        page = queries.page(
            filters, reader.visible, before_id=query.before_id, limit=query.limit + 1
        )
        rows = connection.execute(page).mappings().all()
    return shapes.InvoicePage([summary(row) for row in rows[: query.limit]], query.following(rows))


@serve(routes, DETAIL)
def get_invoice(_query: parameters.NoQuery, number: str) -> shapes.Invoice:
    with reading(routes.current_request) as (connection, reader):
        invoice = _visible(connection, reader, number)
        key = invoice["id"]
        lines = connection.execute(queries.lines_of(key)).mappings().all()
        days = connection.execute(queries.days_of(issued.c.id == key)).mappings().all()
        found = queries.deliveries_of(key, name_actors=reader.is_accountant)
        deliveries = connection.execute(found).mappings().all()
    return detail(invoice, lines, days, deliveries)


@serve(routes, LINK)
def get_link(_query: parameters.NoQuery, number: str) -> shapes.Link:
    with reading(routes.current_request) as (connection, reader):
        invoice = _visible(connection, reader, number)
    if invoice["s3_key"] is None:
        raise ConflictError(
            f"the PDF of {invoice['number']} is not ready yet; try again in a minute"
        )
    seconds = s3.longest_link(settings().link_seconds)
    expires_at = datetime.now(UTC) + timedelta(seconds=seconds)
    url = s3.link(
        settings().document_bucket,
        invoice["s3_key"],
        filename=f"{invoice['number']}.pdf",
        seconds=seconds,
    )
    return shapes.Link(
        url, moment(expires_at.replace(microsecond=0)), invoice["sha256"], invoice["bytes"]
    )


def _visible(connection: Connection, reader: Reader, number: str) -> RowMapping:
    """The invoice, or the same 404 whether it does not exist or is somebody else's."""
    name = unquote(number)
    query = queries.invoice_by_number(name).where(reader.visible)
    invoice = connection.execute(query).mappings().one_or_none() if name.isprintable() else None
    if invoice is None:
        raise NotFoundError(
            f"invoice {name[: parameters.MAX_TEXT]!r} does not exist,"
            " or you do not have access to it"
        )
    return invoice
