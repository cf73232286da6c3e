"""Who asks: the verified email of the ID token, and what it may see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chalice.app import NotFoundError, Request, UnauthorizedError
from sqlalchemy import ColumnElement, Connection, false, true

from chalicelib.billing.email_address import NotAnAddress, stored
from chalicelib.store import queries


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody signed in.  ``role`` is None for an email that is not a user's."""

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
            NotFoundError: For everybody else, who may not know what exists.
        """
        if not self.is_accountant:
            raise NotFoundError("this does not exist, or you do not have access to it")


def reader_of(request: Request, connection: Connection) -> Reader:
    """
    The reader behind *request*, whose token API Gateway has checked.

    Raises:
        UnauthorizedError: If the token is not an ID token.  API Gateway passes access tokens of
            the same pool, which carry no email.
    """
    claims: Mapping[str, str] = request.context["authorizer"]["claims"]
    if claims.get("token_use") != "id":
        raise UnauthorizedError("sign in and send the ID token")
    claimed = claims.get("email", "")
    if str(claims.get("email_verified")).lower() != "true":
        return Reader(claimed, role=None)
    try:
        email = stored(claimed)
    except NotAnAddress:
        # Nobody's: no address is stored in another form.
        return Reader(claimed, role=None)
    role = connection.execute(queries.role_of(email)).scalar_one_or_none()
    return Reader(email, role)
