"""Who asks: the verified e-mail of the ID token, and what it may see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chalice.app import NotFoundError, Request, UnauthorizedError
from sqlalchemy import ColumnElement, Connection, false, true

from chalicelib.store import queries


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody signed in.  ``role`` is None for an e-mail nobody entered as a user."""

    email: str
    role: str | None

    @property
    def visible(self) -> ColumnElement[bool]:
        """Which invoices this reader may see, as a condition on `queries.invoices`."""
        if self.role == "employee":
            return queries.of_address(self.email)
        return true() if self.is_accountant else false()

    @property
    def is_accountant(self) -> bool:
        return self.role == "accountant"

    def require_accountant(self) -> None:
        """
        Raises:
            NotFoundError: For everybody else: what exists is not theirs to know.
        """
        if not self.is_accountant:
            raise NotFoundError("nothing here for you")


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
