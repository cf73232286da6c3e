"""Accounts in the local user pool, with a pool that only remembers."""

import pytest

from cloud.local import accounts, aws_services
from cloud.local.accounts import UnknownAccount, open_accounts, token

ENVIRONMENT = {
    "AWS_ENDPOINT_URL": "http://127.0.0.1",
    "USER_POOL_ID": "p",
    "USER_POOL_CLIENT_ID": "c",
}


class Pool:
    """A user pool that compares names exactly, as Cognito does with those it is given."""

    class exceptions:  # noqa: N801 -- boto3's name
        UserNotFoundException = KeyError
        NotAuthorizedException = PermissionError

    def __init__(self, *emails):
        self.emails = list(emails)

    def get_paginator(self, _name):
        return self

    def paginate(self, **_which):
        yield {
            "Users": [
                {"UserStatus": "CONFIRMED", "Attributes": [{"Name": "email", "Value": email}]}
                for email in self.emails
            ]
        }

    def admin_create_user(self, **account):
        self.emails.append(account["Username"])

    def admin_set_user_password(self, **account):
        assert account["Username"] in self.emails

    def admin_initiate_auth(self, **attempt):
        name = attempt["AuthParameters"]["USERNAME"]
        if name not in self.emails:
            raise KeyError
        return {"AuthenticationResult": {"IdToken": name}}


@pytest.fixture
def pool(monkeypatch):
    pool = Pool("kasse@masswerk.example", "anna@bücher.example")
    monkeypatch.setattr(aws_services, "client", lambda *_: pool)
    return pool


class TestAccounts:
    def test_are_opened_for_each_address_and_for_nothing_else(self, pool):
        opened = open_accounts(
            ["Kasse@maßwerk.example", "kasse@masswerk.example", "naïve@c.example"], ENVIRONMENT
        )

        assert opened == 1
        assert pool.emails[2:] == ["kasse@xn--mawerk-cta.example"]

    def test_are_not_opened_again_for_an_address_written_otherwise(self, pool):
        assert open_accounts(["anna@xn--bcher-kva.example"], ENVIRONMENT) == 0

    def test_give_their_own_token_alone(self, pool):
        assert token("KASSE@masswerk.example", ENVIRONMENT) == "kasse@masswerk.example"
        for other in ("kasse@maßwerk.example", "\u212aasse@masswerk.example"):
            with pytest.raises(UnknownAccount, match="has no account for"):
                token(other, ENVIRONMENT)

    def test_are_the_local_pool_s(self):
        with pytest.raises(accounts.NotLocal):
            token("anna@c.example", {})
