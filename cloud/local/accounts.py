"""Accounts in the local user pool, and their tokens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from chalicelib.billing.email_address import NotAnAddress, stored
from chalicelib.billing.errors import BillingError

from . import aws_services

# Only for the local pool on this machine: nobody has to remember it and it opens nothing else.
PASSWORD = "Local-only-1"  # noqa: S105


class UnknownAccount(BillingError):
    """The pool has no account with this email."""

    def __init__(self, email: str) -> None:
        self.email = email
        super().__init__(
            f"the local user pool has no account for {email}; check it, or load users.csv first"
        )


class NotLocal(BillingError):
    """The user pool is a real one."""

    def __init__(self) -> None:
        super().__init__(
            "accounts and tokens can be made only in the local user pool; start the local cloud"
            " with python -m jobs up, or use the AWS console for a real pool"
        )


def open_accounts(emails: Iterable[str], environment: Mapping[str, str]) -> int:
    """
    Open an account, with a verified address and the local password, for each of *emails*.

    What is no address gets none: the API would not know its owner.

    Returns:
        How many were opened; those that exist are left alone.

    Raises:
        NotLocal: If *environment* names no local cloud.
    """
    cognito, pool = _pool(environment)
    wanted = {address for email in emails if (address := _address(email))}
    confirmed = _accounts(cognito, pool)
    absent = sorted(wanted - set(confirmed))
    for email in absent:
        cognito.admin_create_user(
            UserPoolId=pool,
            Username=email,
            MessageAction="SUPPRESS",
            UserAttributes=[
                {"Name": "email", "Value": email},
                {"Name": "email_verified", "Value": "true"},
            ],
        )
    # This includes accounts whose creation was interrupted the last time.
    for email in sorted(email for email in wanted if not confirmed.get(email)):
        cognito.admin_set_user_password(
            UserPoolId=pool, Username=email, Password=PASSWORD, Permanent=True
        )
    return len(absent)


def token(email: str, environment: Mapping[str, str]) -> str:
    """
    An ID token for the account, by its password.

    Raises:
        UnknownAccount: If there is none.
        NotLocal: If *environment* names no local cloud.
    """
    cognito, pool = _pool(environment)
    name = _address(email)
    if name is None:
        raise UnknownAccount(email)
    try:
        answer = cognito.admin_initiate_auth(
            UserPoolId=pool,
            ClientId=environment["USER_POOL_CLIENT_ID"],
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": PASSWORD},
        )
    except (cognito.exceptions.UserNotFoundException, cognito.exceptions.NotAuthorizedException):
        # A pool that hides who exists answers both in the same way.
        raise UnknownAccount(email) from None
    return str(answer["AuthenticationResult"]["IdToken"])


def _pool(environment: Mapping[str, str]) -> tuple[Any, str]:
    if not environment.get("AWS_ENDPOINT_URL") or not environment.get("USER_POOL_ID"):
        raise NotLocal
    return aws_services.client("cognito-idp", environment), environment["USER_POOL_ID"]


def _accounts(cognito: Any, pool: str) -> dict[str, bool]:  # noqa: ANN401 -- a boto3 client
    """The email of each account, and whether it can sign in."""
    pages = cognito.get_paginator("list_users").paginate(UserPoolId=pool)
    return {
        _address(attribute["Value"]) or attribute["Value"]: account["UserStatus"] == "CONFIRMED"
        for page in pages
        for account in page["Users"]
        for attribute in account["Attributes"]
        if attribute["Name"] == "email"
    }


def _address(email: str) -> str | None:
    """*email* in its stored form; None if it is no address."""
    try:
        return stored(email.strip())
    except NotAnAddress:
        return None
