"""The deployed API through the local API Gateway: who sees what, and that it keeps its word."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from pathlib import Path

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from rich.console import Console
from schemathesis import GenerationMode

from chalicelib.api.openapi import OPERATIONS
from chalicelib.billing.period import Period
from cloud.local import accounts, aws_services
from cloud.local.cloud import down, up
from cloud.migrate import migrate
from jobs.bill import follow
from jobs.load.store import load_folder
from tests.conftest import scratch

from .conftest import Api, quietly

FIXTURES = Path(__file__).parents[2] / "data" / "fixtures"
OCTOBER = Period.month(2026, 10)
ACCOUNTANT = "accounts@company.example"
CONTRACTOR = "grazyna@ksiazek.example"
OTHER = "chloe@lefevre.example"
LINK_SECONDS = 5
EXAMPLES = 25
STRANGER = "stranger@example.org"
NUMBER = "KSIAZEK-0001"
ROUTES = (
    "/health",
    "/openapi.json",
    "/invoices",
    f"/invoices/{NUMBER}",
    f"/invoices/{NUMBER}/link",
    "/runs",
    "/runs/2026-10",
)
OPEN = {"/health", "/openapi.json"}
LISTS = {*OPEN, "/invoices"}
OWN = {*LISTS, f"/invoices/{NUMBER}", f"/invoices/{NUMBER}/link"}


@pytest.fixture(scope="module")
def company():
    """A cloud with the fixtures' month billed, rendered and mailed; its environment."""
    with scratch() as home:
        try:
            environment = up(home, {"LINK_SECONDS": str(LINK_SECONDS)}, quietly, migrate)
            load_folder(FIXTURES, environment["DATABASE_URL"], quietly)
            accounts.open_accounts([ACCOUNTANT, CONTRACTOR, OTHER, STRANGER], environment)
            aws_services.client("lambda", environment).invoke(
                FunctionName=environment["BILL_MONTH_FUNCTION"],
                Payload=json.dumps({"period": str(OCTOBER)}),
            )
            console = Console(quiet=True)
            assert follow(environment["DATABASE_URL"], OCTOBER, console, patience=60)
            yield environment
        finally:
            down(home, quietly)


@pytest.fixture(scope="module")
def tokens(company):
    """By role, what it sends as its token; None for none."""
    genuine = accounts.token(CONTRACTOR, company)
    head, body, signature = genuine.split(".")
    return {
        "anonymous": None,
        "accountant": accounts.token(ACCOUNTANT, company),
        "the contractor": genuine,
        "other contractor": accounts.token(OTHER, company),
        "stranger": accounts.token(STRANGER, company),
        "expired": expired_token(company),
        "other pool": token_of_another_pool(company),
        "access token": access_token(company),
        "alg none": f"{encoded({'alg': 'none'})}.{body}.",
        "tampered": f"{head}.{tampered(body)}.{signature}",
        "garbage": "not-a-token",
    }


def encoded(content):
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def tampered(body):
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return encoded(claims | {"email": ACCOUNTANT})


def sign_in(company, client_id, email=CONTRACTOR):
    answer = aws_services.client("cognito-idp", company).initiate_auth(
        ClientId=client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": email, "PASSWORD": accounts.PASSWORD},
    )
    return answer["AuthenticationResult"]


def access_token(company):
    return sign_in(company, company["USER_POOL_CLIENT_ID"])["AccessToken"]


def expired_token(company):
    """A genuine token of a client whose tokens live for a second, two seconds later."""
    client = aws_services.client("cognito-idp", company).create_user_pool_client(
        UserPoolId=company["USER_POOL_ID"],
        ClientName="hasty",
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"],
        IdTokenValidity=1,
        TokenValidityUnits={"IdToken": "seconds"},
    )["UserPoolClient"]
    token = sign_in(company, client["ClientId"])["IdToken"]
    time.sleep(2)
    return token


def token_of_another_pool(company):
    cognito = aws_services.client("cognito-idp", company)
    pool = cognito.create_user_pool(PoolName="elsewhere")["UserPool"]["Id"]
    client = cognito.create_user_pool_client(
        UserPoolId=pool, ClientName="page", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"]
    )["UserPoolClient"]["ClientId"]
    verified = [{"Name": "email", "Value": ACCOUNTANT}, {"Name": "email_verified", "Value": "true"}]
    cognito.admin_create_user(
        UserPoolId=pool, Username=ACCOUNTANT, MessageAction="SUPPRESS", UserAttributes=verified
    )
    cognito.admin_set_user_password(
        UserPoolId=pool, Username=ACCOUNTANT, Password=accounts.PASSWORD, Permanent=True
    )
    return sign_in(company, client, ACCOUNTANT)["IdToken"]


def api_of(company, token):
    return Api(company["API_URL"], {"Authorization": token} if token else {})


def expected(role, route):
    """The status that *role* is owed at *route*."""
    if route in OPEN:
        return 200
    allowed = {
        "accountant": set(ROUTES),
        "the contractor": OWN,
        "other contractor": LISTS,
        "stranger": LISTS,
    }
    if role not in allowed:
        return 401
    return 200 if route in allowed[role] else 404


class TestEveryRouteForEveryRole:
    def test_answers_exactly_as_it_is_owed(self, company, tokens):
        answered = {
            role: {route: api_of(company, token).get(route).status_code for route in ROUTES}
            for role, token in tokens.items()
        }

        owed = {role: {route: expected(role, route) for route in ROUTES} for role in tokens}
        assert answered == owed

    def test_shows_a_contractor_nobody_else_s(self, company, tokens):
        invoices = api_of(company, tokens["the contractor"]).get("/invoices").json()["invoices"]

        assert [invoice["number"] for invoice in invoices] == [NUMBER]
        assert api_of(company, tokens["stranger"]).get("/invoices").json()["invoices"] == []

    def test_says_the_same_of_what_is_hidden_and_of_what_does_not_exist(self, company, tokens):
        other = api_of(company, tokens["other contractor"])
        hidden, absent = other.get(f"/invoices/{NUMBER}"), other.get("/invoices/NOBODY-0001")

        assert hidden.json()["Message"] == absent.json()["Message"].replace("NOBODY-0001", NUMBER)
        assert {hidden.status_code, absent.status_code} == {404}


class TestLinks:
    @pytest.fixture
    def link(self, company, tokens):
        return api_of(company, tokens["the contractor"]).get(f"/invoices/{NUMBER}/link").json()

    def fetch(self, url, method="GET"):
        with requests.Session() as session:
            session.trust_env = False
            return session.request(method, url, timeout=30)

    def test_fetch_the_very_document(self, link):
        answer = self.fetch(link["url"])

        assert hashlib.sha256(answer.content).hexdigest() == link["sha256"]
        assert f'filename="{NUMBER}.pdf"' in answer.headers["Content-Disposition"]

    def test_are_refused_once_changed(self, link):
        assert self.fetch(link["url"].replace(NUMBER, "KSIAZEK-0002", 1)).status_code in (403, 404)
        assert (
            self.fetch(link["url"][:-1] + ("0" if link["url"][-1] != "0" else "1")).status_code
            == 403
        )

    def test_are_for_reading_alone(self, link):
        assert self.fetch(link["url"], "PUT").status_code == 403
        assert self.fetch(link["url"], "DELETE").status_code == 403

    def test_expire(self, link):
        time.sleep(LINK_SECONDS + 1)

        assert self.fetch(link["url"]).status_code == 403


@pytest.fixture(scope="module")
def described(company):
    """What the API says of itself, read from the API."""
    document = api_of(company, None).get("/openapi.json").json()
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=company["API_URL"])
    return schema


class TestTheDescription:
    @pytest.mark.parametrize(
        ("path", "mode"),
        [
            (operation.path, mode)
            for operation in OPERATIONS
            for mode in GenerationMode
            # What takes nothing can be given nothing wrong.
            if operation.query.__struct_fields__
            or operation.path_parameters
            or mode == GenerationMode.POSITIVE
        ],
    )
    def test_is_kept_whatever_is_asked(self, described, tokens, path, mode):
        """
        No 5xx, no status that is not described, no answer but of its shape.

        The same requests each time: a wrong one may come to be right when it is sent, as a
        parameter that is an empty list is not sent at all.
        """

        @given(described[path]["GET"].as_strategy(generation_mode=mode))
        @settings(
            max_examples=EXAMPLES,
            derandomize=True,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def keeps(case):
            case.call_and_validate(headers={"Authorization": tokens["accountant"]})

        keeps()

    @pytest.mark.parametrize(
        ("path", "parameters", "named"),
        [
            ("/invoices", {"employee": "' OR 1=1 --"}, None),
            ("/invoices", {"department": "ENG'; DROP TABLE invoice; --"}, None),
            ("/invoices", {"employee": "x" * 10_000}, "employee"),
            ("/invoices", {"project": "../../etc/passwd\0"}, "project"),
            ("/invoices", {"limit": "9" * 10_000}, "limit"),
            ("/invoices", {"cursor": "../.."}, "cursor"),
            ("/invoices", {"cursor": "OTk5OTk5OTk5OTk5OTk5OTk5OTk5"}, "cursor"),
            ("/invoices", {"period": "2026-10' --"}, "period"),
            ("/invoices", {"kind": "invoice", "knid": "x"}, "knid"),
            ("/runs", {"cursor": "x" * 10_000}, "cursor"),
            ("/health", {"verbose": "1"}, "verbose"),
        ],
    )
    def test_names_the_parameter_that_is_wrong(self, company, tokens, path, parameters, named):
        answer = api_of(company, tokens["accountant"]).get(path, **parameters)

        if named is None:
            assert (answer.status_code, answer.json()["invoices"]) == (200, [])
        else:
            assert answer.status_code == 400
            assert answer.json()["Message"].startswith(named)

    @pytest.mark.parametrize(
        "path",
        [
            "/invoices/' OR '1'='1",
            "/invoices/..%2F..%2Fetc%2Fpasswd",
            "/invoices/%00",
            f"/invoices/{'9' * 10_000}",
            "/invoices/KSIAZEK-0001%20",
            "/runs/2031-01",
        ],
    )
    def test_finds_nothing_on_strange_paths(self, company, tokens, path):
        answer = api_of(company, tokens["accountant"]).get(path)

        assert (answer.status_code, answer.json()["Code"]) == (404, "NotFoundError")

    def test_is_of_openapi_3_1(self, described):
        described.validate()
