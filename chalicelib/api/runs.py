"""GET /runs: the runs and reports that accountants check."""

from __future__ import annotations

from urllib.parse import unquote

from chalice.app import Blueprint, NotFoundError
from msgspec import Struct

from chalicelib.store import queries

from . import parameters, shapes
from .answers import run
from .operations import Operation, serve
from .reader import reading

routes = Blueprint(__name__)


def _report() -> type[Struct]:
    from .reports import REPORT

    return REPORT


ACCOUNTANTS = (404, "Only accountants have access.")

LIST = Operation(
    "/runs",
    "List runs, newest first",
    shapes.RunPage,
    query=parameters.RunQuery,
    problems=(ACCOUNTANTS,),
)
MONTH = Operation(
    "/runs/{period}",
    "Get the report of a month as it stands now",
    _report,
    path_parameters=(("period", parameters.Month),),
    problems=((404, "The month has not been billed, or you do not have access."),),
)


@serve(routes, LIST)
def list_runs(query: parameters.RunQuery) -> shapes.RunPage:
    period = parameters.month(query.period) if query.period else None
    with reading(routes.current_request) as (connection, reader):
        reader.require_accountant()
        page = queries.runs(period, before_id=query.before_id, limit=query.limit + 1)
        rows = connection.execute(page).mappings().all()
    return shapes.RunPage([run(row) for row in rows[: query.limit]], query.following(rows))


@serve(routes, MONTH)
def get_report(_query: parameters.NoQuery, period: str) -> Struct:
    # Loaded by who asks for it: the other routes start without it.
    from chalicelib.store.reporting import report_period

    from .reports import shaped

    month = parameters.month(unquote(period))
    with reading(routes.current_request) as (connection, reader):
        reader.require_accountant()
        # The report reads all of itself as of one moment, which takes a new transaction.
        connection.rollback()
        found = report_period(connection, month)
    if not found.history:
        raise NotFoundError(f"{month} has not been billed")
    return shaped(found)
