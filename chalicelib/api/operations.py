"""
The routes as they are both served and described.

An `Operation` says what a route takes and answers; `serve` makes it a route of Chalice, and
`openapi` writes the very same down.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from inspect import isfunction
from typing import Any

import msgspec
from chalice.app import Blueprint, CognitoUserPoolAuthorizer, Response

from chalicelib.billing.escapes import escaped_json
from chalicelib.store.refusals import told

from . import parameters, security

JSON = {"Content-Type": "application/json"}

Handler = Callable[..., msgspec.Struct | dict[str, Any]]

# The template's own user pool replaces this placeholder; see .chalice/resources.yaml.
AUTHORIZER = CognitoUserPoolAuthorizer(
    "accounts", provider_arns=["arn:aws:cognito-idp:us-east-1:000000000000:userpool/placeholder"]
)


@dataclass(frozen=True, slots=True)
class Operation:
    """
    One GET route.

    Attributes:
        path: With its parameters in braces.
        summary: One line for the OpenAPI document.
        answer: The shape of the 200, or what gives it, where that loads more than most need.
        query: The shape of its query parameters.
        path_parameters: Their names and types.
        problems: Status and when it is answered, beyond those that every route has.
        open: Whether it is answered without a token.
    """

    path: str
    summary: str
    answer: type | Callable[[], type]
    query: type[msgspec.Struct] = parameters.NoQuery
    path_parameters: tuple[tuple[str, Any], ...] = ()
    problems: tuple[tuple[int, str], ...] = ()
    open: bool = False

    @property
    def operation_id(self) -> str:
        words = re.findall(r"[a-z]+", self.path)
        return "_".join(("get", *words))

    @property
    def shape(self) -> Any:  # noqa: ANN401 -- any type that msgspec describes
        """The shape of the 200."""
        return self.answer() if isfunction(self.answer) else self.answer

    @property
    def all_problems(self) -> tuple[tuple[int, str], ...]:
        """Those of its own and those of every route like it, by status."""
        common = [(400, "A parameter is not valid; the message names it.")]
        if not self.open:
            common.append((401, "The ID token is missing or not valid."))
        return tuple(sorted((*common, *self.problems)))


def serve(routes: Blueprint, operation: Operation) -> Callable[[Handler], Handler]:
    """Make a function the handler of *operation*; it takes its query and its path parameters."""

    def register(handler: Handler) -> Handler:
        def view(**path: str) -> Response:
            given = dict(routes.current_request.query_params or {})
            with told():
                answer = handler(parameters.read(operation.query, given), **path)
            written = msgspec.json.encode(answer, enc_hook=str).decode()
            # Somebody reads it on a terminal.
            return Response(escaped_json(written), headers={**JSON})

        view.__name__ = handler.__name__
        authorizer = {} if operation.open else {"authorizer": AUTHORIZER}
        routes.route(operation.path, methods=["GET"], cors=security.CORS, **authorizer)(view)
        return handler

    return register
