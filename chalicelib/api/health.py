"""GET /health: open, and says only that the API answers."""

from __future__ import annotations

from chalice.app import Blueprint

from .operations import Operation, serve
from .parameters import NoQuery
from .shapes import Health

routes = Blueprint(__name__)

HEALTH = Operation("/health", "Check that the API answers", Health, open=True)


@serve(routes, HEALTH)
def get_health(_query: NoQuery) -> Health:
    return Health("ok")
