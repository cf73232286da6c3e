"""Addresses that an earlier release stored: brought to their one form, or listed and left."""

from __future__ import annotations

import re

import psycopg
import pytest
from typer.testing import CliRunner

from chalicelib.billing.email_address import NotAnAddress, stored
from cloud.migrate import doubtful_addresses, migrate
from jobs.cli.main import app
from tests.builders_ledger import Books
from tests.conftest import forget, in_database, upgraded

BEFORE = "0006"
FOLDED = "its domain may have been written with ß for ss or ς for σ"
EMPLOYEES = {
    "PLAIN": "anna@business.example",
    "UMLAUT": "a@bücher.example",
    "SIGMA": "info@λόγοσ.example",
    "LOCAL": "naïve@c.example",
    "SPACE": "a b@c.example",
    "TWICE": "a@köln.example",
    "TAKEN": "a@xn--kln-sna.example",
}
USERS = ("anna@business.example", "a@bücher.example", "info@λόγοσ.example")
# What `stored` says of each, and so must the constraint.
TRIED = (
    "a@b.example", "a@localhost", "a+b!#$%&'*/=?^_`{|}~-@b.example", "a@b-c.example", "A@b.example",
    "a@B.example", "a@bücher.example", "\u212a@b.example", "ß@b.example", "a@b\n", "a@b.example\n",
    "", "a", "a@", "@b", "a@@b", "a@b@c", "a..b@c", ".a@c", "a.@c", "a b@c", "a@b..c", "a@.b",
    "a@b.", "a@-b", "a@b-", "a@b_c", "a@" + "b" * 63, "a@" + "b" * 64, '"a"@b', "a@[1]", "a@b,c@d",
    "a" * 64 + "@b", "a" * 65 + "@b", "a@" + ".".join(["b" * 62] * 4), "a\u00adb@c", "a@b\u200b",
    "a" * 10 + "@" + ".".join(["b" * 61] * 4), "\x1f@b", "\x7f@b", "ı@b", "a@ı",
)  # fmt: skip


@pytest.fixture(scope="module")
def ledger_of_before(server_url):
    """A database whose addresses were stored by the release before."""
    url = in_database(server_url, "of_before")
    with psycopg.connect(server_url, autocommit=True) as server:
        server.execute("CREATE DATABASE of_before")
        with upgraded(url, BEFORE) as connection:
            books = Books(connection)
            for code, email in EMPLOYEES.items():
                books.employee(code, email=email)
            for email in USERS:
                books.add("app_user", email=email, role="employee")
        yield url
        forget(url)
        server.execute("DROP DATABASE of_before WITH (FORCE)")


@pytest.fixture(scope="module")
def carried_over(ledger_of_before):
    migrate(ledger_of_before)
    with psycopg.connect(ledger_of_before, autocommit=True) as connection:
        yield Books(connection)


class TestTheMigration:
    def test_converts_only_what_is_beyond_doubt(self, carried_over):
        now = dict(carried_over.rows("SELECT code, email FROM employee"))

        assert now == EMPLOYEES | {"UMLAUT": "a@xn--bcher-kva.example"}
        assert sorted(carried_over.column("SELECT email FROM app_user")) == [
            "a@xn--bcher-kva.example",
            "anna@business.example",
            "info@λόγοσ.example",
        ]

    def test_lists_the_rest_with_what_to_do(self, carried_over, ledger_of_before):
        load_it = "correct it in employees.csv and load it"

        assert doubtful_addresses(ledger_of_before) == [
            (
                "employee LOCAL gets no email: 'naïve@c.example' cannot be used: U+00EF (LATIN"
                " SMALL LETTER I WITH DIAERESIS) cannot stand before the @; ask for the address in"
                " ASCII;"
                f" {load_it}"
            ),
            (
                f"employee SIGMA gets no email: 'info@λόγοσ.example' cannot be used: {FOLDED};"
                f" {load_it}"
            ),
            (
                "employee SPACE gets no email: 'a b@c.example' cannot be used: write letters,"
                f" digits, !#$%&'*+/=?^_`{{|}}~- and single dots between them before the @;"
                f" {load_it}"
            ),
            (
                "employee TWICE gets no email: 'a@köln.example' stands twice, written in two ways;"
                f" {load_it}"
            ),
            (
                f"the user sees no invoices: 'info@λόγοσ.example' cannot be used: {FOLDED};"
                " load users.csv with the right address, then delete this one from app_user"
            ),
        ]

    def test_lists_it_to_whoever_runs_it_again(self, carried_over, ledger_of_before):
        ran = CliRunner().invoke(app, ["migrate"], env={"DATABASE_URL": ledger_of_before})

        assert ran.exit_code == 1
        assert "employee SIGMA gets no email: 'info@λόγοσ.example'" in ran.stderr

    def test_lets_nothing_doubtful_be_written_anew(self, carried_over):
        with pytest.raises(psycopg.errors.CheckViolation):
            carried_over.execute(
                "UPDATE employee SET email = 'info@λόγος.example' WHERE code = 'SIGMA'"
            )
        with pytest.raises(psycopg.errors.CheckViolation):
            carried_over.employee("NEW", email="straße@c.example")

    def test_of_a_ledger_without_doubts_lists_nothing(self, owner_url):
        ran = CliRunner().invoke(app, ["migrate"], env={"DATABASE_URL": owner_url})

        assert (ran.exit_code, ran.stderr) == (0, "The database schema is up to date.\n")


class TestTheConstraint:
    def test_takes_the_stored_form_and_nothing_else(self, books):
        for table in ("employee", "app_user"):
            definition, checked = books.rows(
                "SELECT pg_get_constraintdef(oid), convalidated FROM pg_constraint"
                " WHERE conname = %s",
                f"{table}_email_check",
            )[0]
            [form] = re.findall(r"CHECK (\(.*\))$", definition)
            taken = books.connection.execute(
                f"SELECT email FROM unnest(%s::text[]) AS email WHERE {form.replace('%', '%%')}",
                [list(TRIED)],
            )

            assert {email for (email,) in taken} == {email for email in TRIED if is_stored(email)}
            assert checked


def is_stored(email):
    try:
        return stored(email) == email
    except NotAnAddress:
        return False
