"""GET /health: open, and says only that the API answers."""

from __future__ import annotations

from chalice.app import Blueprint

routes = Blueprint(__name__)


@routes.route("/health", methods=["GET"])
def get_health() -> dict[str, str]:
    return {"status": "ok"}
