"""
Who did it: the login is the database's own word, the claim is what a program says, and every change
to the master data is on record.
"""

import json
from contextlib import contextmanager
from datetime import UTC, date, datetime

import psycopg
import pytest
from psycopg.errors import RestrictViolation

from chalicelib.billing.period import Period
from chalicelib.steps import bill_month as step
from chalicelib.steps.bill_month import bill_month
from chalicelib.steps.close_month import close_period
from chalicelib.steps.correct_invoice import correct_invoice
from chalicelib.steps.resend_invoice import resend
from chalicelib.store.connection import engine
from chalicelib.store.deliveries import record_document
from cloud.roles import OPERATOR, WRITER
from jobs.load.store import load_folder
from tests.builders_ledger import Books
from tests.conftest import as_role

OCTOBER = Period.month(2026, 10)
NOW = datetime(2026, 11, 1, 3, 15, tzinfo=UTC)
REPLICATION = ("origin", "replica")  # a replica fires only what is ENABLE ALWAYS
CLERK = "clerk_who_forges"
FORGED = """
    INSERT INTO change_log ("table", key, at, actor) VALUES ('rate', 'X', now(), 'anna')
"""
CHANGES = """
    SELECT "table", key, "column", old, new FROM change_log
    WHERE "table" = %s ORDER BY id, "column"
"""


@pytest.fixture
def login(books):
    """Whom the tests connect as."""
    return books.value("SELECT session_user::text")


@pytest.fixture
def clerk(books, superuser_url):
    """Somebody else, with every right that can be granted on every table."""
    if not books.rows("SELECT FROM pg_roles WHERE rolname = %s", CLERK):
        books.execute(f"CREATE ROLE {CLERK} LOGIN")
    for what in ("TABLES", "SEQUENCES", "ROUTINES"):
        books.execute(f"GRANT ALL ON ALL {what} IN SCHEMA public TO {CLERK}")
    books.execute(f"GRANT ALL ON SCHEMA public TO {CLERK}")
    books.execute(f"GRANT ALL ON DATABASE {books.value('SELECT current_database()')} TO {CLERK}")
    with psycopg.connect(as_role(superuser_url, CLERK), autocommit=True) as connection:
        yield Books(connection)


@pytest.fixture(autouse=True)
def anna_at_her_desk(monkeypatch):
    monkeypatch.setenv("SELFBILL_ACTOR", "anna@desk")


@contextmanager
def replication(books, role):
    books.execute(f"SET session_replication_role = {role}")
    try:
        yield
    finally:
        books.execute("SET session_replication_role = origin")


def who(books, table):
    return books.rows(f"SELECT actor, claimed FROM {table} ORDER BY 1, 2")


def changes(books, table):
    return books.rows(CHANGES, table)


def bill(settings):
    return bill_month(settings, OCTOBER, NOW)


def billed(settings, books):
    books.employee()
    books.workday()
    bill(settings)


def rendered(settings, books):
    with engine(settings.database_url).begin() as connection:
        for invoice_id, key in books.rows(
            "SELECT id, number || '-' || content_sha256 FROM invoice"
        ):
            record_document(connection, invoice_id, s3_key=key, sha256="0" * 64, size=1)


class TestEachActNames:
    def test_the_login_and_the_claim_of_a_run_and_its_deliveries(self, settings, books):
        billed(settings, books)

        assert who(books, "billing_run") == [(WRITER, "anna@desk")]
        assert who(books, "delivery") == [(WRITER, "anna@desk")]

    def test_who_corrects(self, settings, operator_settings, books, monkeypatch):
        billed(settings, books)
        books.execute("UPDATE workday SET hours = 6")
        monkeypatch.setenv("SELFBILL_ACTOR", "bohdan@desk")

        correct_invoice(operator_settings, "ANNA-0001", NOW)

        assert books.rows(
            "SELECT actor, claimed FROM billing_run WHERE corrects_invoice_id IS NOT NULL"
        ) == [(OPERATOR, "bohdan@desk")]

    def test_who_closes(self, settings, books, database_url):
        bill(settings)

        close_period(database_url, OCTOBER)

        assert who(books, "closed_period") == [(OPERATOR, "anna@desk")]

    def test_who_sends_again(self, settings, operator_settings, books, monkeypatch):
        billed(settings, books)
        rendered(settings, books)
        books.execute("UPDATE delivery SET status = 'sending'")
        books.execute("UPDATE delivery SET status = 'failed', error = 'refused'")
        monkeypatch.setenv("SELFBILL_ACTOR", "bohdan@desk")

        resend(operator_settings, "ANNA-0001")

        assert books.rows("SELECT actor, claimed FROM delivery ORDER BY id") == [
            (WRITER, "anna@desk"),
            (OPERATOR, "bohdan@desk"),
        ]

    @pytest.mark.parametrize(
        ("event", "claimed"),
        [
            ({"by": "schedule"}, "BillMonth by schedule"),
            ({}, "BillMonth by invoke"),
            ({"by": "anna\x1b"}, "BillMonth by anna\\x1b"),
        ],
    )
    def test_the_function_and_who_started_it(self, environment, books, monkeypatch, event, claimed):
        monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "BillMonth")

        step.handle(event | {"period": "2026-10"})

        assert books.column("SELECT claimed FROM billing_run") == [claimed]


class TestALogin:
    def test_is_whoever_connected_whatever_a_run_states(self, clerk, books):
        clerk.add("billing_run", period=date(2026, 10, 1), status="running", actor="anna")

        assert books.column("SELECT actor FROM billing_run") == [CLERK]

    def test_is_not_changed_by_set_role(self, clerk, books):
        books.execute("DROP ROLE IF EXISTS clerks_disguise")
        books.execute("CREATE ROLE clerks_disguise IN ROLE pg_write_all_data")
        books.execute("GRANT USAGE ON SCHEMA public TO clerks_disguise")
        books.execute("GRANT EXECUTE ON ALL ROUTINES IN SCHEMA public TO clerks_disguise")
        books.execute(f"GRANT clerks_disguise TO {CLERK}")
        try:
            clerk.execute("SET ROLE clerks_disguise")
            clerk.execute(
                "INSERT INTO billing_run (period, status) VALUES ('2026-10-01', 'running')"
            )
            clerk.execute("INSERT INTO department (code, name) VALUES ('ENG', 'Engineering')")
        finally:
            clerk.execute("RESET ROLE")
            books.execute("DROP OWNED BY clerks_disguise; DROP ROLE clerks_disguise")

        assert books.column("SELECT actor FROM billing_run") == [CLERK]
        assert books.column("SELECT actor FROM change_log") == [CLERK]

    @pytest.mark.parametrize("role", REPLICATION)
    @pytest.mark.parametrize("table", ["billing_run", "closed_period"])
    def test_cannot_be_stated(self, books, login, table, role):
        row = {"period": date(2026, 10, 1), "actor": "anna", "claimed": "anna"}
        row |= {"status": "running"} if table == "billing_run" else {}

        with replication(books, role):
            books.add(table, **row)

        assert who(books, table) == [(login, None)]

    @pytest.mark.parametrize("role", REPLICATION)
    @pytest.mark.parametrize("named", [{"actor": "anna"}, {"actor": None}, {"claimed": "anna"}])
    def test_cannot_be_stated_of_a_delivery(self, settings, books, role, named):
        billed(settings, books)
        row = {"invoice_id": books.value("SELECT id FROM invoice"), "queued_at": NOW} | named
        books.execute("UPDATE delivery SET status = 'sending'")
        books.execute("UPDATE delivery SET status = 'failed', error = 'refused'")

        with replication(books, role), pytest.raises(RestrictViolation, match="who queued it"):
            books.add("delivery", status="queued", **row)

        assert books.value("SELECT count(*) FROM delivery") == 1

    @pytest.mark.parametrize("role", REPLICATION)
    @pytest.mark.parametrize("column", ["actor", "claimed"])
    @pytest.mark.parametrize("table", ["billing_run", "closed_period", "delivery"])
    def test_never_changes(self, settings, database_url, books, table, column, role):
        billed(settings, books)
        close_period(database_url, OCTOBER)
        before = who(books, table)

        with replication(books, role), pytest.raises(RestrictViolation, match="who did it"):
            books.execute(f"UPDATE {table} SET {column} = 'anna'")

        assert who(books, table) == before


class TestAClaim:
    def test_is_all_that_the_setting_changes(self, clerk, books):
        clerk.execute("SELECT set_config('selfbill.claimed', 'postgres', false)")

        clerk.add("billing_run", period=date(2026, 10, 1), status="running")

        assert who(books, "billing_run") == [(CLERK, "postgres")]

    def test_obeys_no_screen_and_fills_no_table(self, clerk, books):
        clerk.execute(
            "SELECT set_config('selfbill.claimed', %s, false)", "\x1b[2J\u202e" + "x" * 300
        )

        clerk.add("billing_run", period=date(2026, 10, 1), status="running")

        assert books.column("SELECT claimed FROM billing_run") == ["?[2J?" + "x" * 195]

    def test_is_of_the_newest_act_where_a_connection_is_kept(self, settings, books, monkeypatch):
        for name in ("anna", "bohdan", "anna"):
            monkeypatch.setenv("SELFBILL_ACTOR", name)
            bill(settings)

        assert books.column("SELECT claimed FROM billing_run ORDER BY id") == [
            "anna",
            "bohdan",
            "anna",
        ]


class TestTheChangeLog:
    def test_has_a_row_for_each_column_that_changed(self, books):
        books.employee("ANNA", rate=None)
        before = len(changes(books, "employee"))

        books.execute("UPDATE employee SET iban = 'X1', email = NULL, currency = currency")

        assert sorted(changes(books, "employee")[before:]) == [
            ("employee", "ANNA", "email", "anna@contractors.example", None),
            ("employee", "ANNA", "iban", "PL61109010140000071219812874", "X1"),
        ]

    def test_has_the_whole_row_when_it_comes_and_goes(self, books):
        books.employee("ANNA", rate="50.0000")
        books.execute("DELETE FROM rate")

        key = ("rate", "ANNA 2026-01-01", None)
        [(*inserted, nothing, new), (*deleted, old, gone)] = changes(books, "rate")
        assert (tuple(inserted), tuple(deleted), nothing, gone) == (key, key, None, None)
        assert json.loads(new) == json.loads(old)
        assert json.loads(new)["hourly_rate"] == 50

    @pytest.mark.parametrize(
        ("table", "key", "change"),
        [
            ("department", "ENG", "UPDATE department SET name = 'new'"),
            ("project", "ATLAS", "UPDATE project SET name = 'new'"),
            ("employee", "ANNA", "UPDATE employee SET full_name = 'new'"),
            ("rate", "ANNA 2026-01-01", "UPDATE rate SET hourly_rate = 1"),
            ("app_user", "a@b.example", "UPDATE app_user SET role = 'accountant'"),
        ],
    )
    @pytest.mark.parametrize("role", REPLICATION)
    def test_covers_all_master_data(self, books, login, table, key, change, role):
        with replication(books, role):
            books.project()
            books.employee()
            books.add("app_user", email="a@b.example", role="employee")
            books.execute(change)

        rows = books.rows(
            'SELECT key, "column" IS NULL, actor FROM change_log WHERE "table" = %s ORDER BY id',
            table,
        )
        assert rows == [(key, True, login), (key, False, login)]

    def test_tells_a_row_that_became_another_one(self, books):
        books.add("app_user", email="old@b.example", role="employee")

        books.execute("UPDATE app_user SET email = 'new@b.example'")

        assert {
            (key, column, old is None, new is None)
            for _, key, column, old, new in changes(books, "app_user")[1:]
        } == {("new@b.example", None, True, False), ("old@b.example", None, False, True)}

    def test_says_who_loaded(self, database_url, books, tmp_path):
        (tmp_path / "departments.csv").write_text("code,name\nENG,Engineering\n")
        (tmp_path / "projects.csv").write_text("code,name\nATLAS,Atlas\n")

        for _ in range(2):
            load_folder(tmp_path, database_url, lambda _: None)

        assert books.rows('SELECT "table", key, actor, claimed FROM change_log ORDER BY id') == [
            ("department", "ENG", OPERATOR, "anna@desk"),
            ("project", "ATLAS", OPERATOR, "anna@desk"),
        ]

    @pytest.mark.parametrize("role", REPLICATION)
    @pytest.mark.parametrize(
        "attempt",
        [
            FORGED,
            "UPDATE change_log SET actor = 'anna'",
            "DELETE FROM change_log",
            "TRUNCATE change_log",
        ],
    )
    def test_is_written_by_nobody(self, books, attempt, role):
        books.project()
        before = books.rows("SELECT * FROM change_log")

        with replication(books, role), pytest.raises(RestrictViolation, match="alone writes it"):
            books.execute(attempt)

        assert books.rows("SELECT * FROM change_log") == before

    def test_takes_nothing_from_a_trigger_of_somebody_who_may_insert(self, clerk, books):
        clerk.execute("CREATE TABLE bait (x int)")
        clerk.execute(f"""
            CREATE FUNCTION forge() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                {FORGED};
                RETURN NULL;
            END $$;
            CREATE TRIGGER forging AFTER INSERT ON bait EXECUTE FUNCTION forge()
        """)

        with pytest.raises(RestrictViolation, match="alone writes it"):
            clerk.execute("INSERT INTO bait VALUES (1)")

        assert books.rows("SELECT FROM change_log") == []

    def test_is_not_fooled_by_a_temporary_table_of_its_name(self, clerk, books):
        clerk.execute("CREATE TEMP TABLE change_log (LIKE public.change_log INCLUDING ALL)")
        clerk.execute("CREATE TEMP TABLE employee (id bigint, code text)")

        clerk.execute("INSERT INTO public.project (code, name) VALUES ('ATLAS', 'Atlas')")

        assert clerk.rows("SELECT FROM pg_temp.change_log") == []
        assert books.rows("SELECT key, actor FROM change_log") == [("ATLAS", CLERK)]

    def test_notes_a_row_that_a_plain_role_changes(self, clerk, books):
        books.project()
        books.execute(f"REVOKE ALL ON change_log FROM {CLERK}")

        clerk.execute("UPDATE project SET name = 'new'")

        assert books.rows(
            'SELECT "column", new, actor FROM change_log ORDER BY id DESC LIMIT 1'
        ) == [("name", "new", CLERK)]

    @pytest.mark.parametrize("table", ["department", "project", "employee", "rate", "app_user"])
    @pytest.mark.parametrize("role", REPLICATION)
    def test_cannot_be_passed_by_emptying_a_table(self, books, table, role):
        with replication(books, role), pytest.raises(RestrictViolation, match="leave no trace"):
            books.execute(f"TRUNCATE {table} CASCADE")
