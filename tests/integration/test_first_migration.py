"""Migrating on a server that has none of the roles yet, as whoever one may be there."""

from __future__ import annotations

import sys

import psycopg
import pytest
from typer.testing import CliRunner

from cloud import roles
from cloud.local import postgres
from cloud.local.home import Home
from cloud.migrate import migrate
from jobs.cli.main import app, main
from tests.conftest import as_role, forget, scratch

DATABASE = "company"
OWNERS = """
    SELECT DISTINCT pg_get_userbyid(relowner)::text FROM pg_class
    WHERE relnamespace = 'public'::regnamespace
"""


@pytest.fixture(scope="module")
def server():
    """A superuser's connection to a server of this file's own."""
    with scratch() as folder:
        home = Home.at(folder)
        home.prepare()
        try:
            with psycopg.connect(postgres.start(home), autocommit=True) as connection:
                connection.execute("CREATE ROLE clerk LOGIN")
                connection.execute("CREATE ROLE master LOGIN CREATEROLE CREATEDB")
                yield connection
        finally:
            postgres.stop(home)


@pytest.fixture
def url(server):
    """Gives the URL of an empty database for the role that owns it; no role of ours exists."""
    made = []
    superuser_url = f"postgresql://postgres@/{DATABASE}?host={server.info.host}"

    def make(owner):
        server.execute(f"CREATE DATABASE {DATABASE} OWNER {owner}")
        made.append(as_role(superuser_url, owner))
        return made[0]

    yield make
    for name in (*made, *(as_role(superuser_url, role) for role in roles.ROLES)):
        forget(name)
    server.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")
    for role in roles.ROLES:
        server.execute(f"DROP ROLE IF EXISTS {role}")


def on(url, statement):
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute(statement).fetchall()


def run_all(url, statements):
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


class TestAnOwnerWhoMayNotMakeRoles:
    def test_brings_the_schema_up_to_date_and_is_told_what_an_administrator_must_run(self, url):
        here = url("clerk")

        left = migrate(here)

        assert left.missing == roles.ROLES
        assert left.statements[:5] == tuple(f"CREATE ROLE {role} LOGIN" for role in roles.ROLES)
        assert on(here, "SELECT count(*) FROM invoice") == [(0,)]

    def test_has_everything_in_order_once_an_administrator_ran_that(self, url):
        here = url("clerk")
        administrator = as_role(here, "postgres")

        run_all(administrator, migrate(here).statements)

        assert migrate(as_role(here, roles.OWNER)).statements == ()
        assert migrate(administrator).statements == ()
        assert on(administrator, OWNERS) == [(roles.OWNER,)]

    def test_ends_the_command_with_exit_code_2_and_one_sentence(self, url, monkeypatch, capsys):
        monkeypatch.setenv("DATABASE_URL", url("clerk"))
        monkeypatch.delenv("DATABASE_OWNER_URL", raising=False)
        monkeypatch.setattr(sys, "argv", ["jobs", "migrate"])

        with pytest.raises(SystemExit) as ended:
            main()

        said = capsys.readouterr()
        assert ended.value.code == 2
        assert "CREATE ROLE selfbill_owner LOGIN;\n" in said.out
        assert "the database has no selfbill_owner, selfbill_writer" in said.err
        assert "have an administrator of the server run the statements above" in said.err


class TestAnAdministratorWhoIsNoSuperuser:
    """As the master user of RDS is: it makes roles and owns the database."""

    def test_makes_the_roles_and_hands_them_everything(self, url):
        here = url("master")

        assert migrate(here).statements == ()
        assert on(here, OWNERS) == [(roles.OWNER,)]

    def test_goes_on_migrating(self, url):
        here = url("master")
        migrate(here)

        assert migrate(here).statements == ()

    def test_hands_over_a_ledger_of_before_there_were_roles(self, url, server):
        here = url("master")
        left = migrate(here)
        run_all(as_role(here, "postgres"), BEFORE_ROLES)

        left = migrate(here)

        assert (left.statements, left.missing) == ((), ())
        assert on(here, OWNERS) == [(roles.OWNER,)]


# A ledger as releases left it that knew no roles: all is the migrator's, and nobody else may.
BEFORE_ROLES = (
    f"REASSIGN OWNED BY {roles.OWNER} TO master",
    f"DROP OWNED BY {', '.join(roles.ROLES)}",
    "ALTER SCHEMA public OWNER TO pg_database_owner",
    f"DROP ROLE {', '.join(roles.ROLES)}",
)


class TestSomebodyWhoOwnsTheLedgerAloneAndNotItsDatabase:
    def test_is_told_what_is_left_with_exit_code_1(self, url, monkeypatch):
        here = url("master")
        migrate(here)
        run_all(here, [f"GRANT TEMPORARY ON DATABASE {DATABASE} TO PUBLIC"])
        monkeypatch.setenv("DATABASE_URL", here)
        monkeypatch.setenv("DATABASE_OWNER_URL", as_role(here, roles.OWNER))

        ended = CliRunner().invoke(app, ["migrate"])

        assert ended.exit_code == 1
        assert ended.stdout == f"REVOKE TEMPORARY ON DATABASE {DATABASE} FROM PUBLIC;\n"
        assert "have an administrator" in ended.stderr.lower()
