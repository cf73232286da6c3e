"""Who asks: the verified e-mail of the ID token, and what it may see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalice.app import Request, UnauthorizedError
from sqlalchemy import Connection, Select, false

from chalicelib.store import queries


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody signed in.  ``role`` is None for an e-mail nobody entered as a user."""

    email: str
    role: str | None

    def narrow(self, query: Select[Any]) -> Select[Any]:
        """Leave of *query* (of `queries.invoices`) what this reader may see."""
        if self.role == "accountant":
            return query
        if self.role == "employee":
            return queries.visible_to_employee(query, self.email)
        return query.where(false())


def reader_of(request: Request, connection: Connection) -> Reader:
    """
    The reader behind *request*, whose token API Gateway has checked.

    Raises:
        UnauthorizedError: If the token is not an ID token.  API Gateway passes access tokens of
            the same pool, which carry no e-mail.
    """
    claims: Mapping[str, str] = request.context["authorizer"]["claims"]
    if claims.get("token_use") != "id":
        raise UnauthorizedError("sign in and send the ID token")
    email = claims.get("email", "").casefold()
    if str(claims.get("email_verified")).lower() != "true":
        return Reader(email, role=None)
    role = connection.execute(queries.role_of(email)).scalar_one_or_none()
    return Reader(email, role)
