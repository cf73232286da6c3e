"""The API's handlers on a real ledger, asked the way API Gateway asks them."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from urllib.parse import quote

import psycopg
import pytest

from app import app
from chalicelib.api import invoices, reader
from chalicelib.api.openapi import document
from chalicelib.billing.period import Period
from chalicelib.steps.bill_month import bill_month
from chalicelib.steps.render_invoice import render_invoice
from chalicelib.store.connection import engine
from chalicelib.store.reporting import report_period
from cloud import roles
from jobs.report.view import as_json
from tests.builders_ledger import Books
from tests.conftest import fresh_database, of_role

from .conftest import empty_cloud, settings_of

ACCOUNTANT = "accounts@company.example"
ANNA = "anna@contractors.example"
QUEUES = {"set_aside", "set_aside_unseen", "dead_letters_unknown"}
OCTOBER = Period.month(2026, 10)
# The first two are maßwerk.example and masswerk.example.
STRANGERS = {
    "SHARP": "kasse@xn--mawerk-cta.example",
    "DOUBLE": "kasse@masswerk.example",
    "KIM": "kim@kelvin.example",
}


def claims(email, **others):
    return {"token_use": "id", "email": email, "email_verified": "true"} | others


class Gateway:
    """Calls the handler as API Gateway does once it has checked the token."""

    def ask(self, resource, number=None, *, who=None, **query):
        event = {
            "resource": resource,
            "path": resource,
            "httpMethod": "GET",
            "headers": {},
            "multiValueHeaders": {},
            "multiValueQueryStringParameters": {key: [value] for key, value in query.items()},
            "pathParameters": {
                name: quote(number) for name in re.findall(r"{(\w+)}", resource) if number
            },
            "stageVariables": None,
            "requestContext": {
                "resourcePath": resource,
                "httpMethod": "GET",
                "identity": {"sourceIp": "127.0.0.1"},
                "authorizer": {"claims": who if who is not None else claims(ACCOUNTANT)},
            },
            "body": None,
            "isBase64Encoded": False,
        }
        answer = app(event, None)
        return answer["statusCode"], json.loads(answer["body"])

    def list(self, **query):
        return self.ask("/invoices", **query)

    def invoice(self, number, **who):
        return self.ask("/invoices/{number}", number, **who)

    def runs(self, **query):
        return self.ask("/runs", **query)

    def report(self, period, **who):
        return self.ask("/runs/{period}", period, **who)

    def link(self, number, **who):
        return self.ask("/invoices/{number}/link", number, **who)


@pytest.fixture
def gateway(settings, monkeypatch):
    for module in (reader, invoices):
        monkeypatch.setattr(module, "settings", lambda: settings)
    return Gateway()


@pytest.fixture(scope="module")
def database(server_url):
    """The superuser's URL of the database of all tests of this file."""
    with fresh_database(server_url) as url:
        yield url


@pytest.fixture(scope="module")
def settings(database, clients):
    """The API's."""
    with of_role(database, roles.READER) as url, empty_cloud() as cloud:
        yield settings_of(url, cloud)


@pytest.fixture(scope="module")
def writer_settings(database, settings):
    """The functions'."""
    with of_role(database, roles.WRITER) as url:
        yield replace(settings, database_url=url)


@pytest.fixture(scope="module")
def ledger(database, writer_settings):
    """
    Three contractors, five invoices: two months of Anna's and Borys's, one of Ciara's.

    Read by all tests of this file.
    """
    with psycopg.connect(database, autocommit=True) as connection:
        yield worked(Books(connection), writer_settings)


def worked(books, settings):
    for code in ("ANNA", "BORYS", "CIARA"):
        books.employee(code, currency="UAH" if code == "BORYS" else "EUR")
        books.workday(code)
    books.workday("ANNA", date(2026, 9, 1), project="BEACON")
    books.workday("BORYS", date(2026, 9, 1))
    books.add("app_user", email=ACCOUNTANT, role="accountant")
    books.add("app_user", email=ANNA, role="employee")
    now = datetime(2026, 11, 1, 1, tzinfo=UTC)
    bill_month(settings, Period.month(2026, 9), now)
    bill_month(settings, OCTOBER, now)
    return books


def numbers(answer):
    status, body = answer
    assert status == 200, body
    return [invoice["number"] for invoice in body["invoices"]]


class TestWhoSeesWhat:
    def test_an_accountant_sees_all_newest_first(self, gateway, ledger):
        assert numbers(gateway.list()) == [
            "CIARA-0001",
            "BORYS-0002",
            "ANNA-0002",
            "BORYS-0001",
            "ANNA-0001",
        ]

    def test_a_contractor_sees_their_own(self, gateway, ledger):
        assert numbers(gateway.list(who=claims(ANNA))) == ["ANNA-0002", "ANNA-0001"]
        assert gateway.invoice("ANNA-0001", who=claims(ANNA))[0] == 200

    def test_the_address_is_known_in_capitals(self, gateway, ledger):
        assert len(numbers(gateway.list(who=claims("Anna@Contractors.EXAMPLE")))) == 2

    @pytest.mark.parametrize("number", ["BORYS-0001", "NOBODY-0001", "ANNA-9999", "x' OR '1'='1"])
    def test_somebody_else_s_invoice_does_not_exist(self, gateway, ledger, number):
        for answer in (gateway.invoice, gateway.link):
            status, body = answer(number, who=claims(ANNA))
            assert (status, body["Code"]) == (404, "NotFoundError")

    @pytest.mark.parametrize(
        "who",
        [
            claims("stranger@example.org"),
            claims(ACCOUNTANT, email_verified="false"),
            claims("borys@contractors.example"),  # an employee who was not made a user
        ],
    )
    def test_an_unknown_or_unproven_address_sees_nothing(self, gateway, ledger, who):
        assert numbers(gateway.list(who=who)) == []
        assert gateway.invoice("BORYS-0001", who=who)[0] == 404

    def test_an_access_token_is_refused(self, gateway, ledger):
        status, body = gateway.list(who=claims(ACCOUNTANT, token_use="access"))

        assert (status, body["Code"]) == (401, "UnauthorizedError")


class TestAddressesThatFoldToOne:
    @pytest.fixture
    def strangers(self, gateway, settings, database_url, monkeypatch):
        """An invoice each of people whose addresses only case folding takes for one."""
        own = replace(settings, database_url=database_url)
        for module in (reader, invoices):
            monkeypatch.setattr(module, "settings", lambda: own)
        with psycopg.connect(database_url, autocommit=True) as connection:
            books = Books(connection)
            for code, address in STRANGERS.items():
                books.employee(code, email=address)
                books.workday(code)
                books.add("app_user", email=address, role="employee")
            bill_month(own, OCTOBER, datetime(2026, 11, 1, 1, tzinfo=UTC))

    @pytest.mark.parametrize(
        ("claimed", "seen"),
        [
            ("kasse@maßwerk.example", ["SHARP-0001"]),
            ("Kasse@XN--mawerk-cta.example", ["SHARP-0001"]),
            ("kasse@masswerk.example", ["DOUBLE-0001"]),
            ("KASSE@MASSWERK.EXAMPLE", ["DOUBLE-0001"]),
            ("kasse@MAẞWERK.example", []),
            ("kim@kelvin.example", ["KIM-0001"]),
            ("\u212aim@kelvin.example", []),
            ("kim@\u212aelvin.example", []),
        ],
    )
    def test_show_each_their_own(self, gateway, strangers, claimed, seen):
        assert numbers(gateway.list(who=claims(claimed))) == seen
        for number in (f"{code}-0001" for code in STRANGERS):
            status, _ = gateway.invoice(number, who=claims(claimed))
            assert status == (200 if number in seen else 404)


class TestFilters:
    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ({"period": "2026-09"}, ["BORYS-0001", "ANNA-0001"]),
            ({"employee": "ANNA"}, ["ANNA-0002", "ANNA-0001"]),
            ({"department": "ENG", "period": "2026-09"}, ["BORYS-0001", "ANNA-0001"]),
            ({"project": "BEACON"}, ["ANNA-0001"]),
            ({"kind": "credit_note"}, []),
            ({"delivery": "sent"}, []),
            ({"delivery": "queued", "employee": "CIARA"}, ["CIARA-0001"]),
        ],
    )
    def test_narrow_the_list(self, gateway, ledger, query, expected):
        assert numbers(gateway.list(**query)) == expected

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("period", "2026-13"),
            ("kind", "receipt"),
            ("delivery", "lost"),
            ("limit", "0"),
            ("limit", "201"),
            ("limit", "1e1"),
            ("limit", "9" * 10_000),
            ("cursor", "!"),
            ("cursor", "9" * 19),
            ("employee", ""),
            ("employee", "x" * 10_000),
            ("project", "a\0b"),
            ("perod", "2026-09"),
        ],
    )
    def test_that_cannot_be_read_are_named(self, gateway, ledger, name, value):
        status, body = gateway.list(**{name: value})

        assert (status, body["Code"]) == (400, "BadRequestError")
        assert body["Message"].startswith(name)


class TestPages:
    @pytest.mark.parametrize("limit", [1, 2, 3, 4])
    def test_are_complete_and_without_repeats(self, gateway, ledger, limit):
        seen, cursor = [], {}
        while cursor is not None:
            status, body = gateway.list(limit=str(limit), **cursor)
            assert status == 200
            seen += [invoice["number"] for invoice in body["invoices"]]
            cursor = {"cursor": body["next_cursor"]} if body["next_cursor"] else None

        assert seen == numbers(gateway.list())

    def test_end_when_the_last_row_fills_the_page(self, gateway, ledger):
        assert gateway.list(limit="5")[1]["next_cursor"] is None


class TestInvoice:
    def test_states_money_and_hours_as_text(self, gateway, ledger):
        _, invoice = gateway.invoice("ANNA-0002")

        assert (invoice["subtotal"], invoice["tax"], invoice["total"]) == (
            "400.00",
            "80.00",
            "480.00",
        )
        assert invoice["lines"] == [
            {
                "position": 1,
                "project_code": "ATLAS",
                "project_name": "Atlas",
                "kind": "regular",
                "hours": "8.00",
                "unit_rate": "50.0000",
                "amount": "400.00",
            }
        ]
        assert (invoice["document"], invoice["credits"]) == (None, None)
        assert [delivery["status"] for delivery in invoice["deliveries"]] == ["queued"]

    def test_tells_accountants_alone_who_queued_its_emails(self, gateway, ledger):
        [who] = ledger.rows(
            "SELECT DISTINCT delivery.actor, claimed FROM delivery"
            " JOIN invoice ON invoice.id = invoice_id WHERE number = 'ANNA-0002'"
        )

        for asking, named in ((ACCOUNTANT, who), (ANNA, (None, None))):
            _, invoice = gateway.invoice("ANNA-0002", who=claims(asking))
            [delivery] = invoice["deliveries"]
            assert (delivery["actor"], delivery["claimed"]) == named
        assert None not in who

    def test_keeps_what_was_printed_whatever_the_master_data_says(self, gateway, ledger):
        before = gateway.invoice("ANNA-0002")

        ledger.execute("UPDATE employee SET address = 'Elsewhere', iban = NULL")

        assert gateway.invoice("ANNA-0002") == before


class TestLink:
    def test_waits_for_the_document(self, gateway, ledger):
        status, body = gateway.link("ANNA-0002")

        assert (status, body["Code"]) == (409, "ConflictError")

    def test_names_the_document_s_hash_and_size_and_the_file_to_save(
        self, gateway, ledger, writer_settings
    ):
        invoice_id = ledger.value("SELECT id FROM invoice WHERE number = 'ANNA-0001'")
        render_invoice(writer_settings, invoice_id)
        [(sha256, size)] = ledger.rows("SELECT sha256, bytes FROM document")

        status, link = gateway.link("ANNA-0001", who=claims(ANNA))

        assert (status, link["sha256"], link["bytes"]) == (200, sha256, size)
        assert "X-Amz-Expires=300" in link["url"]
        assert "ANNA-0001.pdf" in link["url"]
        expires_at = datetime.fromisoformat(link["expires_at"])
        assert 290 <= (expires_at - datetime.now(UTC)).total_seconds() <= 300


class TestDays:
    def test_stand_behind_each_line(self, gateway, ledger):
        _, invoice = gateway.invoice("ANNA-0001")

        assert invoice["days"] == [{"work_date": "2026-09-01", "position": 1, "hours": "8.00"}]


class TestRuns:
    def test_are_listed_newest_first(self, gateway, ledger):
        status, body = gateway.runs()

        assert status == 200
        assert [(run["period"], run["status"]) for run in body["runs"]] == [
            ("2026-10", "issued"),
            ("2026-09", "issued"),
        ]

    def test_name_who_started_them(self, gateway, ledger):
        who = ledger.rows("SELECT actor, claimed FROM billing_run ORDER BY id DESC")
        _, listed = gateway.runs()
        _, october = gateway.report("2026-10")

        assert [(run["actor"], run["claimed"]) for run in listed["runs"]] == who
        assert [(run["actor"], run["claimed"]) for run in october["history"]] == who[:1]
        assert None not in who[0]

    def test_are_narrowed_to_a_month_and_paged(self, gateway, ledger):
        _, september = gateway.runs(period="2026-09")
        _, first = gateway.runs(limit="1")
        _, second = gateway.runs(limit="1", cursor=first["next_cursor"])

        assert [run["period"] for run in september["runs"]] == ["2026-09"]
        assert [run["period"] for run in second["runs"]] == ["2026-09"]
        assert second["next_cursor"] is None

    def test_report_a_month_as_the_command_line_does(self, gateway, ledger, settings):
        status, body = gateway.report("2026-10")
        with engine(settings.database_url).connect() as connection:
            printed = as_json(report_period(connection, OCTOBER))

        # What waits in the queues is seen from the command line alone.
        assert (status, set(printed) - set(body)) == (200, QUEUES)
        assert body | {"as_of": None} == {name: printed[name] for name in body} | {"as_of": None}
        assert (body["balanced"], body["billed"]) == (True, {"rows": 3, "hours": "24.00"})

    @pytest.mark.parametrize("who", [claims(ANNA), claims("stranger@example.org")])
    def test_are_for_accountants(self, gateway, ledger, who):
        for status, body in (gateway.runs(who=who), gateway.report("2026-10", who=who)):
            assert (status, body["Code"]) == (404, "NotFoundError")

    def test_of_a_month_without_any_do_not_exist(self, gateway, ledger):
        assert gateway.report("2031-01")[0] == 404

    def test_of_what_is_no_month_are_refused(self, gateway, ledger):
        status, body = gateway.report("october")

        assert (status, body["Message"]) == (400, "period must be a month as YYYY-MM")


class TestDescription:
    def test_is_of_every_route_and_no_other(self):
        described = document()["paths"]

        assert set(described) == set(app.routes)
        assert {method for methods in app.routes.values() for method in methods} == {"GET"}

    def test_asks_for_a_token_where_the_gateway_does(self):
        for path, methods in app.routes.items():
            [security] = [document()["paths"][path]["get"]["security"]]

            assert bool(security) == bool(methods["GET"].authorizer)
