"""
What every answer tells a browser: who may read it, and to keep and run nothing of it.

API Gateway says the same on the answers it gives itself; see .chalice/resources.yaml.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Final

from chalice.app import CORSConfig, Response

from chalicelib.settings import Setting

WEB_ORIGIN: Final = Setting(
    "WEB_ORIGIN",
    "Origin that serves the page; the API answers no other origin in a browser",
    default="https://origin.invalid",
)
# The template replaces the placeholder in what API Gateway answers.
ORIGIN: Final = os.environ.get(WEB_ORIGIN.name) or WEB_ORIGIN.default
CORS: Final = CORSConfig(allow_origin=ORIGIN, allow_headers=["Authorization"], max_age=600)

HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "Vary": "Origin",
}


def harden(event: Any, get_response: Callable[[Any], Response]) -> Response:  # noqa: ANN401
    """Chalice middleware: the security headers on whatever is answered, errors included."""
    response = get_response(event)
    response.headers.update(HEADERS)
    return response
