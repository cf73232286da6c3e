"""What each role may do to the database, and what none of them may."""

from __future__ import annotations

import re
from contextlib import contextmanager

import psycopg
import pytest

from cloud import grants, roles
from cloud.migrate import MayNotMigrate, migrate
from tests.conftest import as_role

# By role and table: r reads, a adds, w changes and d deletes rows, as psql has it. Columns in
# brackets are those alone that a letter is about; -columns are those that it is not about.
RUN_OUTCOME = (
    "finished_at failure extracted_rows extracted_hours billed_rows billed_hours rejected_rows"
    " rejected_hours held_rows held_hours"
)
DELIVERY_OUTCOME = "attempts message_id error claimed_at sent_at event_id event_at"
READ_BY_WRITER = {
    "department": "r",
    "project": "r",
    "employee": "r",
    "rate": "r",
    "workday": "r",
    "closed_period": "r",
    "delivery_transition": "r",
    "live_workday": "r",
    "newest_delivery": "r",
    "run_status": "r",
}
LEDGER = {
    "billing_run": f"r a[-id started_at actor claimed {RUN_OUTCOME}] w[status {RUN_OUTCOME}]",
    "rejected_workday": "r a",
    "held_employee": "r a",
    "invoice_series": "r a w[last_sequence]",
    "invoice": "r a",
    "invoice_line": "r a",
    "invoice_workday": "r a",
    "document": "r a",
    "delivery": f"r a[-id actor claimed {DELIVERY_OUTCOME}] w[status {DELIVERY_OUTCOME}]",
    "step_failure": "r a w[failures failed_at reason]",
}
MASTER_DATA = {
    "department": "r a[-id] w[-id code]",
    "project": "r a[-id] w[-id code]",
    "employee": "r a[-id] w[-id code]",
    "rate": "r a w[-employee_id valid_from]",
    "workday": "r a[-id] w[-id] d",
}
EXPECTED = {
    "selfbill_writer": READ_BY_WRITER | LEDGER,
    "selfbill_reader": {
        "app_user": "r",
        "department": "r[code name]",
        "project": "r",
        "employee": "r[id code full_name email iban self_billing_agreed_on]",
        "rate": "r[employee_id valid_from]",
        "workday": "r[-note]",
        "billing_run": "r",
        "rejected_workday": "r",
        "held_employee": "r",
        "invoice": "r",
        "invoice_line": "r",
        "invoice_workday": "r",
        "document": "r",
        "delivery": "r",
        "step_failure": "r",
        "live_workday": "r",
        "newest_delivery": "r",
        "run_status": "r",
        "change_log": "r[-old new]",
    },
    "selfbill_feeder": MASTER_DATA,
    "selfbill_operator": READ_BY_WRITER
    | LEDGER
    | MASTER_DATA
    | {
        "rate": "r a w[-employee_id valid_from] d",
        "app_user": "r a w[role] d",
        "closed_period": "r a[-closed_at actor claimed]",
        "delivery_event": "r",
        "change_log": "r",
    },
}
LETTERS = {"r": "SELECT", "a": "INSERT", "w": "UPDATE", "d": "DELETE"}
EVERYBODY_ELSE = tuple(EXPECTED)

COLUMNS = """
    SELECT relname, array_agg(attname::text ORDER BY attnum)
    FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f')
      AND attnum > 0 AND NOT attisdropped
    GROUP BY relname ORDER BY relname
"""
# Rights on rows, column by column; DELETE is of no column.
ALLOWED = """
    SELECT privilege, attname::text FROM pg_attribute
    CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE']) AS privilege
    WHERE attrelid = %(relation)s::regclass AND attnum > 0 AND NOT attisdropped
      AND has_column_privilege(%(role)s, attrelid, attnum, privilege)
    UNION ALL
    SELECT 'DELETE', '' WHERE has_table_privilege(%(role)s, %(relation)s::regclass, 'DELETE')
"""
BEYOND_ROWS = """
    SELECT relname::text, rolname::text, privilege
    FROM pg_class CROSS JOIN pg_roles
    CROSS JOIN unnest(ARRAY['TRUNCATE', 'REFERENCES', 'TRIGGER']) AS privilege
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v')
      AND rolname = ANY(%s) AND has_table_privilege(pg_roles.oid, pg_class.oid, privilege)
"""


def meant(notation, columns):
    """The rights that *notation* stands for, as `ALLOWED` gives them."""
    rights = set()
    for letter, _, named in re.findall(r"(\w)(\[([^]]*)\])?", notation):
        chosen = named.removeprefix("-").split()
        assert set(chosen) <= set(columns), f"{notation} names columns that do not exist"
        of = [column for column in columns if not named or (column in chosen) != (named[0] == "-")]
        rights |= {(LETTERS[letter], column) for column in (of if letter != "d" else [""])}
    return rights


@pytest.fixture
def ledger(superuser_url):
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def columns(ledger):
    """By table and view."""
    return dict(ledger.execute(COLUMNS).fetchall())


@contextmanager
def logged_in(url, role):
    with psycopg.connect(as_role(url, role), autocommit=True) as connection:
        yield connection


@contextmanager
def denied(match="permission denied"):
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match=match):
        yield


class TestEveryRight:
    @pytest.mark.parametrize("role", EVERYBODY_ELSE)
    def test_on_every_table_and_view_is_as_written_here(self, ledger, columns, role):
        found = {
            relation: set(ledger.execute(ALLOWED, {"relation": relation, "role": role}))
            for relation in columns
        }

        assert len(columns) > 20
        assert found == {
            relation: meant(EXPECTED[role].get(relation, ""), names)
            for relation, names in columns.items()
        }

    def test_is_of_rows_alone(self, ledger):
        assert ledger.execute(BEYOND_ROWS, [list(EVERYBODY_ELSE)]).fetchall() == []

    def test_on_a_sequence_is_to_reserve_the_ids_of_invoices(self, ledger):
        found = ledger.execute(
            "SELECT relname::text, rolname::text, privilege FROM pg_class CROSS JOIN pg_roles"
            " CROSS JOIN unnest(ARRAY['USAGE', 'SELECT', 'UPDATE']) AS privilege"
            " WHERE relkind = 'S' AND rolname = ANY(%s)"
            " AND has_sequence_privilege(pg_roles.oid, pg_class.oid, privilege)",
            [list(EVERYBODY_ELSE)],
        )

        assert set(found) == {
            ("invoice_id_seq", "selfbill_writer", "USAGE"),
            ("invoice_id_seq", "selfbill_operator", "USAGE"),
        }

    @pytest.mark.parametrize("role", EVERYBODY_ELSE)
    def test_to_run_a_function_is_of_whoever_issues(self, ledger, role):
        found = ledger.execute(
            "SELECT proname::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
            " AND has_function_privilege(%s, oid, 'EXECUTE')",
            [role],
        )

        issues = role in ("selfbill_writer", "selfbill_operator")
        expected = {"issue_is_closed", "claimed_actor"} if issues else set()
        assert {name for (name,) in found} == expected

    def test_of_the_owner_is_that_everything_is_its_own(self, ledger):
        owners = ledger.execute(
            "SELECT relname, pg_get_userbyid(relowner) FROM pg_class"
            " WHERE relnamespace = 'public'::regnamespace"
            " UNION ALL SELECT proname, pg_get_userbyid(proowner) FROM pg_proc"
            " WHERE pronamespace = 'public'::regnamespace"
            " UNION ALL SELECT nspname, pg_get_userbyid(nspowner) FROM pg_namespace"
            " WHERE nspname = 'public'"
        ).fetchall()

        assert len(owners) > 50
        assert {owner for _, owner in owners} == {"selfbill_owner"}

    def test_is_declared_for_every_table_view_and_sequence(self, ledger, columns):
        declared = {*roles.OWNERS_ALONE}.union(*roles.RIGHTS.values())
        sequences = ledger.execute("SELECT relname FROM pg_class WHERE relkind = 'S'")

        assert set(columns) == declared
        assert {name for (name,) in sequences} == set(roles.SEQUENCES)


class TestNoRole:
    @pytest.mark.parametrize("role", roles.ROLES)
    def test_is_more_than_an_ordinary_one(self, ledger, role):
        [attributes] = ledger.execute(
            "SELECT rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls, rolcanlogin"
            " FROM pg_roles WHERE rolname = %s",
            [role],
        )

        assert attributes == (False, False, False, False, False, True)

    @pytest.mark.parametrize("role", roles.ROLES)
    def test_has_a_password(self, ledger, role):
        query = "SELECT rolpassword FROM pg_authid WHERE rolname = %s"

        assert ledger.execute(query, [role]).fetchone() == (None,)

    @pytest.mark.parametrize("role", roles.ROLES)
    def test_can_become_another(self, superuser_url, role):
        with logged_in(superuser_url, role) as connection:
            for other in {*roles.ROLES, "postgres"} - {role}:
                with denied("permission denied to set role"):
                    connection.execute(f"SET ROLE {other}")

    @pytest.mark.parametrize("role", roles.ROLES)
    def test_makes_a_temporary_table(self, superuser_url, role):
        with logged_in(superuser_url, role) as connection, denied():
            connection.execute("CREATE TEMPORARY TABLE invoice (id bigint)")

    @pytest.mark.parametrize("role", EVERYBODY_ELSE)
    def test_but_the_owner_makes_anything(self, superuser_url, role):
        with logged_in(superuser_url, role) as connection:
            for statement in (
                "CREATE TABLE public.invoice_too (id bigint)",
                "CREATE FUNCTION public.answer() RETURNS int RETURN 42",
                "CREATE SCHEMA elsewhere",
            ):
                with denied():
                    connection.execute(statement)

    @pytest.mark.parametrize("role", EVERYBODY_ELSE)
    def test_but_the_owner_has_a_right_on_what_is_made_later(self, superuser_url, role):
        with logged_in(superuser_url, roles.OWNER) as owner:
            owner.execute("CREATE TABLE later (id bigint GENERATED BY DEFAULT AS IDENTITY)")
        with logged_in(superuser_url, role) as connection, denied():
            connection.execute("SELECT FROM later")

    def test_switches_the_constraints_off(self, superuser_url):
        for role in roles.ROLES:
            with logged_in(superuser_url, role) as connection, denied():
                connection.execute("SET session_replication_role = replica")


class TestTheWriter:
    """What an attacker would want of it, beside the table above."""

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE invoice SET total = 0",
            "DELETE FROM billing_run",
            "UPDATE billing_run SET period = period",
            "UPDATE delivery SET recipient = 'me@x.example'",
            "INSERT INTO delivery_event (delivery_id) VALUES (1)",
            "UPDATE employee SET iban = 'XX'",
            "INSERT INTO app_user VALUES ('me@x.example', 'accountant')",
            "TRUNCATE step_failure",
            "ALTER TABLE invoice DISABLE TRIGGER ALL",
            "DROP TABLE invoice",
        ],
    )
    def test_is_denied(self, superuser_url, statement):
        with (
            logged_in(superuser_url, roles.WRITER) as connection,
            denied("permission denied|must be owner"),
        ):
            connection.execute(statement)


class TestMigrating:
    def test_is_for_the_owner_too(self, owner_url):
        assert migrate(owner_url) == grants.Outstanding((), ())

    def test_is_refused_to_the_operator_with_what_to_do(self, database_url):
        with pytest.raises(MayNotMigrate, match=r"selfbill_operator .* DATABASE_OWNER_URL"):
            migrate(database_url)

    def test_runs_nothing_that_the_owner_made_as_whoever_migrates(self, superuser_url, ledger):
        """A function for the very type that the catalogue has comes before PostgreSQL's own."""
        ledger.execute(
            "CREATE FUNCTION public.quote_ident(name) RETURNS text LANGUAGE plpgsql"
            " AS 'BEGIN RAISE EXCEPTION ''ran as %'', current_user; END'"
        )

        assert migrate(superuser_url) == grants.Outstanding((), ())

    def test_takes_back_what_was_granted_by_hand(self, superuser_url, ledger):
        ledger.execute("GRANT UPDATE, TRUNCATE ON invoice TO selfbill_writer")
        ledger.execute("GRANT UPDATE (iban) ON employee TO selfbill_reader")
        ledger.execute("GRANT SELECT ON employee TO PUBLIC")
        ledger.execute("GRANT CREATE ON SCHEMA public TO PUBLIC")
        ledger.execute("GRANT selfbill_owner TO selfbill_operator")
        name = ledger.info.dbname
        ledger.execute(f"GRANT TEMPORARY ON DATABASE {name} TO PUBLIC, selfbill_operator")
        before = rights(ledger)

        assert migrate(superuser_url) == grants.Outstanding((), ())

        assert before - rights(ledger) == {
            ("invoice", "", "selfbill_writer", "UPDATE"),
            ("invoice", "", "selfbill_writer", "TRUNCATE"),
            ("employee", "iban", "selfbill_reader", "UPDATE"),
            ("employee", "", "PUBLIC", "SELECT"),
            ("public", "", "PUBLIC", "CREATE"),
            (name, "", "PUBLIC", "TEMPORARY"),
            (name, "", "selfbill_operator", "TEMPORARY"),
            ("selfbill_owner", "", "selfbill_operator", "MEMBER"),
        }

    def test_gives_back_what_was_revoked_by_hand(self, superuser_url, ledger):
        before = rights(ledger)
        ledger.execute("REVOKE SELECT ON invoice FROM selfbill_reader")
        ledger.execute("REVOKE UPDATE (status) ON delivery FROM selfbill_writer")
        ledger.execute("REVOKE USAGE ON SCHEMA public FROM selfbill_feeder")

        migrate(superuser_url)

        assert before <= rights(ledger)

    def test_leaves_alone_what_was_granted_to_others(self, superuser_url, ledger, other_role):
        ledger.execute(f"GRANT SELECT ON invoice TO {other_role}")

        migrate(superuser_url)

        assert ("invoice", "", other_role, "SELECT") in rights(ledger)

    def test_hands_the_owner_what_belongs_to_whoever_migrated_before(self, superuser_url, ledger):
        ledger.execute("ALTER TABLE invoice OWNER TO postgres")
        ledger.execute("ALTER FUNCTION refuse_change() OWNER TO postgres")
        ledger.execute("ALTER TABLE alembic_version OWNER TO postgres")

        migrate(superuser_url)

        [(owners,)] = ledger.execute(
            "SELECT array_agg(DISTINCT pg_get_userbyid(owner)::text) FROM ("
            " SELECT relowner AS owner FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            " UNION SELECT proowner FROM pg_proc WHERE pronamespace = 'public'::regnamespace) AS o"
        )
        assert owners == ["selfbill_owner"]


@pytest.fixture
def other_role(ledger):
    ledger.execute("CREATE ROLE analyst")
    yield "analyst"
    ledger.execute("DROP OWNED BY analyst")
    ledger.execute("DROP ROLE analyst")


GIVEN = """
    SELECT object::text, "column"::text, coalesce(rolname, 'PUBLIC')::text, privilege_type
    FROM (
        SELECT relname AS object, '' AS "column", relacl AS acl FROM pg_class
        WHERE relnamespace = 'public'::regnamespace
        UNION ALL SELECT relname, attname, attacl
        FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
        WHERE relnamespace = 'public'::regnamespace
        UNION ALL SELECT nspname, '', nspacl FROM pg_namespace WHERE nspname = 'public'
        UNION ALL SELECT datname, '', datacl FROM pg_database WHERE datname = current_database()
    ) AS objects
    CROSS JOIN LATERAL aclexplode(acl)
    LEFT JOIN pg_roles ON pg_roles.oid = grantee
    UNION ALL
    SELECT pg_get_userbyid(roleid)::text, '', pg_get_userbyid(member)::text, 'MEMBER'
    FROM pg_auth_members
"""


def rights(ledger):
    """Every right in the database: on what, on which column, whose, which."""
    return set(ledger.execute(GIVEN).fetchall())
