"""GET /openapi.json: OpenAPI 3.1 of every route, from what the handlers themselves go by."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec
from chalice.app import Blueprint

from . import health, invoices, runs
from .operations import JSON, Operation, serve
from .parameters import NoQuery
from .shapes import Problem

routes = Blueprint(__name__)

VERSION = "1.0.0"
REFERENCE = "#/components/schemas/{name}"
SCHEME = "accounts"

DESCRIPTION = """\
A read-only API. Amounts, hours and rates are strings. Contractors see their own invoices and
accountants see all of them; anything else is answered as if it did not exist."""

OPENAPI = Operation("/openapi.json", "Get this document", dict[str, Any], open=True)

OPERATIONS: tuple[Operation, ...] = (
    health.HEALTH,
    invoices.LIST,
    invoices.DETAIL,
    invoices.LINK,
    runs.LIST,
    runs.MONTH,
    OPENAPI,
)


@serve(routes, OPENAPI)
def get_openapi(_query: NoQuery) -> dict[str, Any]:
    return document()


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document, ready for ``json.dumps``."""
    shapes = [Problem, *(operation.shape for operation in OPERATIONS)]
    schemas, components = msgspec.json.schema_components(shapes, ref_template=REFERENCE)
    problem, *answers = schemas
    return {
        "openapi": "3.1.0",
        "info": {"title": "Selfbill", "version": VERSION, "description": DESCRIPTION},
        "paths": {
            operation.path: {"get": _described(operation, answer, problem)}
            for operation, answer in zip(OPERATIONS, answers, strict=True)
        },
        "components": {
            "schemas": components,
            "securitySchemes": {
                SCHEME: {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Authorization",
                    "description": "The ID token of the user pool, without a prefix.",
                }
            },
        },
    }


def _described(
    operation: Operation, answer: dict[str, Any], problem: dict[str, Any]
) -> dict[str, Any]:
    return {
        "operationId": operation.operation_id,
        "summary": operation.summary,
        "security": [] if operation.open else [{SCHEME: []}],
        "parameters": [*_in_path(operation), *_in_query(operation)],
        "responses": {
            "200": {"description": "The answer.", "content": _json(answer)},
            **{
                str(status): {"description": why, "content": _json(problem)}
                for status, why in operation.all_problems
            },
        },
    }


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {JSON["Content-Type"]: {"schema": schema}}


def _in_path(operation: Operation) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": msgspec.json.schema(kind),
        }
        for name, kind in operation.path_parameters
    ]


def _in_query(operation: Operation) -> list[dict[str, Any]]:
    _, components = msgspec.json.schema_components([operation.query], ref_template=REFERENCE)
    properties = components[operation.query.__name__].get("properties", {})
    return [
        {"name": name, "in": "query", "schema": _given(schema)}
        for name, schema in properties.items()
    ]


def _given(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of a parameter that is there: without the null that stands for one that is not."""
    if "anyOf" in schema:
        [schema] = [choice for choice in schema["anyOf"] if choice != {"type": "null"}]
    if None in schema.get("enum", []):
        schema = {**schema, "enum": [value for value in schema["enum"] if value is not None]}
    return {name: value for name, value in schema.items() if name != "default" or value is not None}
