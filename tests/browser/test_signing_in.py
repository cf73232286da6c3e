"""Signing in and out, by password and at Cognito's own page."""

from __future__ import annotations

import base64
import json

import pytest
from playwright.sync_api import expect

from cloud.local.accounts import PASSWORD, token

MARIA = "maria@hudz.example"


def expired(id_token):
    """The token as if its hour were over."""
    head, body, signature = id_token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    changed = json.dumps({**claims, "exp": claims["iat"]}).encode()
    return f"{head}.{base64.urlsafe_b64encode(changed).decode().rstrip('=')}.{signature}"


def forged(id_token):
    head, body, signature = id_token.split(".")
    return f"{head}.{body}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"


@pytest.fixture
def visitor(visit):
    return visit()


class TestSigningIn:
    def test_leads_to_where_one_was_going(self, visitor):
        visitor.go("invoices/HUDZ-0001", heading="Sign in")

        visitor.sign_in(MARIA)

        visitor.sees("HUDZ-0001")

    def test_says_that_a_password_is_wrong(self, visitor):
        visitor.go("", heading="Sign in")

        visitor.sign_in(MARIA, "not this one 1A")

        expect(visitor.page.get_by_role("alert")).to_contain_text("Incorrect email or password")

    def test_is_asked_again_when_the_token_has_expired(self, visitor, cloud):
        visitor.go("", heading="Sign in")
        visitor.page.evaluate(
            "kept => sessionStorage.setItem('token', kept)", expired(token(MARIA, cloud))
        )

        visitor.go("invoices/HUDZ-0002", heading="Sign in")
        expect(visitor.page.get_by_role("alert")).to_contain_text("session has ended")
        visitor.sign_in(MARIA)

        visitor.sees("HUDZ-0002")

    def test_is_asked_again_when_the_api_refuses_the_token(self, visitor, cloud):
        visitor.go("", heading="Sign in")
        visitor.page.evaluate(
            "kept => sessionStorage.setItem('token', kept)", forged(token(MARIA, cloud))
        )

        visitor.page.reload()

        visitor.sees("Sign in")
        assert visitor.page.evaluate("sessionStorage.length") == 0

    def test_goes_through_cognitos_page_and_back_to_the_same_place(self, visitor, cloud):
        config = {
            "signIn": "hosted",
            "api": cloud["API_URL"],
            "hostedUi": cloud["AWS_ENDPOINT_URL"],
            "clientId": cloud["USER_POOL_CLIENT_ID"],
        }
        visitor.page.route("**/config.json", lambda route: route.fulfill(json=config))
        visitor.go("invoices/HUDZ-0002", heading="Sign in")

        visitor.page.get_by_role("button", name="Sign in").click()
        visitor.page.wait_for_url("**/oauth2/authorize?*")
        assert "code_challenge_method=S256" in visitor.page.url
        visitor.page.locator("[name=username]").fill(MARIA)
        visitor.page.locator("[name=password]").fill(PASSWORD)
        visitor.page.locator("[type=submit]").click()

        visitor.sees("HUDZ-0002")
        assert visitor.page.url == f"{visitor.origin}/#/invoices/HUDZ-0002"

    def test_is_not_finished_by_somebody_elses_code(self, visitor):
        mine = json.dumps({"state": "mine", "verifier": "mine", "hash": "#/"})
        visitor.page.add_init_script(f"sessionStorage.setItem('signing-in', '{mine}')")
        redeemed = []
        visitor.page.route("**/oauth2/token", lambda route: redeemed.append(route.request.url))

        visitor.page.goto(f"{visitor.origin}/?code=theirs&state=theirs#/")

        visitor.sees("Sign in")
        assert redeemed == []
        assert visitor.page.evaluate("location.search") == ""


class TestSigningOut:
    def test_leaves_nothing_behind(self, visitor):
        visitor.go("", heading="Sign in")
        visitor.sign_in(MARIA)
        visitor.sees("My invoices")

        visitor.page.get_by_role("button", name="Sign out").click()

        visitor.sees("Sign in")
        assert visitor.page.evaluate("sessionStorage.length") == 0
        visitor.go("invoices/HUDZ-0001", heading="Sign in")
