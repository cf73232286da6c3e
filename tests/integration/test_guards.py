"""
Attacks on the ledger by a role that may read, insert and update, and nothing else: none succeeds.

Each got through before the guards of migration 0006, and is tried here word for word.
"""

from contextlib import contextmanager
from decimal import Decimal

import psycopg
import pytest
from psycopg.errors import DatabaseError

from tests.builders_ledger import Books
from tests.conftest import create_database, in_database

from .by_hand import OCTOBER, a_run, credit_of, draft, issue, line, write

ROLES = ("origin", "replica")


@pytest.fixture(scope="module")
def books(server_url):
    """One database for all, as a superuser; each test has an employee of its own."""
    name = "guards"
    with psycopg.connect(server_url, autocommit=True) as server:
        create_database(server, name)
        with psycopg.connect(in_database(server_url, name), autocommit=True) as connection:
            yield Books(connection)
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="module")
def attacker(server_url, books):
    """Somebody who may read, insert, update and make temporary tables."""
    role = "somebody_else"
    for grant in (
        f"CREATE ROLE {role} LOGIN",
        f"GRANT TEMPORARY ON DATABASE guards TO {role}",
        f"GRANT USAGE ON SCHEMA public TO {role}",
        f"GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO {role}",
        f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role}",
        f"GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO {role}",
    ):
        books.execute(grant)
    url = in_database(server_url, "guards").replace("postgres@", f"{role}@")
    with psycopg.connect(url, autocommit=True) as connection:
        yield Books(connection)
    books.execute(f"DROP OWNED BY {role}")
    books.execute(f"DROP ROLE {role}")


@contextmanager
def refused(books, attacker, match):
    """The attack fails with *match*, and the ledger is as it was."""
    before = books.contents()
    with pytest.raises(DatabaseError, match=match), attacker.connection.transaction():
        yield
    for table in ("invoice", "invoice_line", "invoice_workday", "delivery_transition"):
        attacker.execute(f"DROP TABLE IF EXISTS pg_temp.{table}")
    assert books.contents() == before


def delivered(books, invoice_id):
    delivery_id = books.add(
        "delivery", invoice_id=invoice_id, status="queued", queued_at="2026-11-01"
    )
    books.execute("UPDATE delivery SET status = 'sending' WHERE id = %s", delivery_id)
    books.execute(
        "UPDATE delivery SET status = 'delivered', message_id = %s, sent_at = now() WHERE id = %s",
        f"mail-{delivery_id}",
        delivery_id,
    )
    return delivery_id


class TestATemporaryTableInFrontOfTheRealOne:
    def test_lets_no_line_join_an_issued_invoice(self, books, attacker):
        invoice_id = issue(books, draft(books))

        with refused(books, attacker, "not issued in this transaction"):
            attacker.execute("CREATE TEMP TABLE invoice AS SELECT * FROM public.invoice")
            attacker.add(
                "invoice_line",
                invoice_id=invoice_id,
                **line(3, "regular", "100.00", "50.0000", "5000.00"),
            )

    def test_lets_no_email_be_sent_again(self, books, attacker):
        delivery_id = delivered(books, issue(books, draft(books)))

        with refused(books, attacker, "delivered is never followed by queued"):
            attacker.execute(
                "CREATE TEMP TABLE delivery_transition AS"
                " SELECT 'delivered' AS from_status, 'queued' AS to_status"
            )
            attacker.execute("UPDATE delivery SET status = 'queued' WHERE id = %s", delivery_id)

    def test_stands_in_for_no_line(self, books, attacker):
        document = draft(books)
        document.lines = document.lineage = []
        money = {"subtotal": 9999, "tax_rate": 0, "tax_category": "O", "tax": 0, "total": 9999}
        document.invoice |= money

        with refused(books, attacker, "its lines do not add up to its subtotal"):
            invoice_id = attacker.add("invoice", **document.invoice)
            attacker.execute("CREATE TEMP TABLE invoice_workday (LIKE public.invoice_workday)")
            attacker.execute(
                "CREATE TEMP TABLE invoice_line AS SELECT %s AS invoice_id, 1 AS position,"
                " 9999.00 AS amount, 1.00 AS hours, 9999.00 AS unit_rate, 'regular' AS kind,"
                " 'ATLAS' AS project_code",
                invoice_id,
            )

    def test_stands_in_for_no_workday(self, books, attacker):
        document = draft(books)
        lineage, document.lineage = document.lineage, []

        with refused(books, attacker, "its lines are not the workdays behind them"):
            invoice_id = write(attacker, document)
            attacker.execute("CREATE TEMP TABLE invoice_workday (LIKE public.invoice_workday)")
            for day in lineage:
                attacker.add("invoice_workday", invoice_id=invoice_id, **day)

    def test_can_still_be_made_and_used(self, attacker):
        """The guards look past temporary tables; whoever makes them is served as ever."""
        with attacker.connection.transaction(force_rollback=True):
            attacker.execute("CREATE TEMP TABLE invoice (id integer)")
            attacker.execute("INSERT INTO invoice VALUES (7)")

            assert attacker.column("SELECT id FROM invoice") == [7]


class TestAnInvoiceThatIsChecked:
    EXTRA = (3, "regular", "1000.00", "50.0000", "50000.00")

    @pytest.mark.parametrize(
        "trick",
        [
            "SELECT set_config('selfbill.checked_in', '', true)",
            "SELECT set_config('selfbill.checked_in', '0', false)",
            "RESET ALL",
            "SELECT pg_advisory_unlock_all()",
            "SELECT pg_advisory_unlock(5456495, 0), pg_advisory_unlock_shared(5456495, 0)",
            "SET LOCAL session_replication_role = DEFAULT",
        ],
    )
    def test_takes_no_line_by_any_setting_or_lock(self, books, attacker, trick):
        with refused(books, attacker, "checked already|permission denied"):
            invoice_id = write(attacker, draft(books))
            attacker.execute("SET CONSTRAINTS ALL IMMEDIATE")
            attacker.execute(trick)
            attacker.add("invoice_line", invoice_id=invoice_id, **line(*self.EXTRA))

    def test_takes_no_line_after_a_savepoint_is_rolled_back(self, books, attacker):
        """The mark goes with it, and so does the check: it is made again at the end."""
        with refused(books, attacker, "do not add up"):
            invoice_id = write(attacker, draft(books))
            attacker.execute("SAVEPOINT before")
            attacker.execute("SET CONSTRAINTS ALL IMMEDIATE")
            attacker.execute("ROLLBACK TO SAVEPOINT before")
            attacker.add("invoice_line", invoice_id=invoice_id, **line(*self.EXTRA))

    def test_is_a_credit_note_too(self, books, attacker):
        billed = draft(books)
        credit = credit_of(billed, issue(books, billed))

        with refused(books, attacker, "checked already"):
            credit_id = write(attacker, credit)
            attacker.execute("SET CONSTRAINTS invoice_credits_the_whole IMMEDIATE")
            extra = line(3, "regular", "-8.00", "0", "0.00")
            attacker.add("invoice_line", invoice_id=credit_id, **extra)

    def test_does_not_keep_others_from_issuing_meanwhile(self, books, attacker):
        document = draft(books)
        with attacker.connection.transaction():
            write(attacker, document)
            attacker.execute("SET CONSTRAINTS ALL IMMEDIATE")

            assert issue(books, draft(books))


TOTALS = {
    "extracted_rows": 4,
    "extracted_hours": Decimal("24.00"),
    "billed_rows": 3,
    "billed_hours": Decimal("16.00"),
    "rejected_rows": 1,
    "rejected_hours": Decimal("8.00"),
    "held_rows": 0,
    "held_hours": 0,
}


def begun(books):
    """A run that has issued one invoice of 16 hours and rejected a workday of 8."""
    document = draft(books)
    run_id = books.add("billing_run", period=OCTOBER, status="running")
    document.invoice["run_id"] = run_id
    issue(books, document)
    reject(books, run_id, 10**6 + run_id)
    return run_id


def reject(books, run_id, workday_id):
    books.add(
        "rejected_workday",
        run_id=run_id,
        workday_id=workday_id,
        employee_id=1,
        work_date="2026-10-09",
        project_id=1,
        kind="standby",
        hours="8.00",
        rule="kind",
        value="standby",
    )


def hold(books, run_id):
    books.add("held_employee", run_id=run_id, employee_id=1, reason="no_rate", detail="none")


def end(books, run_id, **totals):
    values = {"status": "issued", "finished_at": "2026-11-01"} | TOTALS | totals
    names = ", ".join(f"{name} = %s" for name in values)
    books.execute(f"UPDATE billing_run SET {names} WHERE id = %s", *values.values(), run_id)


def finished(books):
    run_id = begun(books)
    end(books, run_id)
    return run_id


class TestARun:
    def test_ends_with_what_it_did(self, books):
        assert finished(books)

    @pytest.mark.parametrize("side", ["billed", "rejected", "held"])
    def test_does_not_end_with_anything_else(self, books, attacker, side):
        run_id = begun(books)
        more = {
            f"{name}_{unit}": TOTALS[f"{name}_{unit}"] + 1
            for name in ("extracted", side)
            for unit in ("rows", "hours")
        }

        with refused(books, attacker, "its totals are not what it issued, rejected and held"):
            end(attacker, run_id, **more)

    @pytest.mark.parametrize("status", ["empty", "failed"])
    def test_that_issued_does_not_end_as_one_that_did_not(self, books, attacker, status):
        run_id = begun(books)
        failure = "no" if status == "failed" else None

        with refused(books, attacker, "its totals are not what it issued"):
            end(attacker, run_id, status=status, failure=failure)

    @pytest.mark.parametrize("status", ["issued", "empty", "failed"])
    def test_begins_running(self, books, attacker, status):
        with refused(books, attacker, f"a run cannot begin as {status}"):
            attacker.add(
                "billing_run",
                period=OCTOBER,
                status=status,
                finished_at="2026-11-01",
                failure="no" if status == "failed" else None,
                **dict.fromkeys(TOTALS, 0),
            )

    @pytest.mark.parametrize("role", ROLES)
    @pytest.mark.parametrize(
        "change",
        [
            "billed_rows = 4, extracted_rows = 5",
            "billed_hours = billed_hours + 8, extracted_hours = extracted_hours + 8",
            "status = 'running', finished_at = NULL",
            "status = 'failed', failure = 'no'",
            "finished_at = now()",
            "period = '2026-09-01'",
            "failure = failure",
        ],
    )
    def test_that_is_finished_never_changes_even_by_a_superuser(self, books, change, role):
        run_id = finished(books)

        with refused(books, books, "finished run .* never changes"):
            books.execute(f"SET LOCAL session_replication_role = {role}")
            books.execute(f"UPDATE billing_run SET {change} WHERE id = %s", run_id)

    @pytest.mark.parametrize(
        "change", ["period = '2026-09-01'", "corrects_invoice_id = 1", "started_at = now()"]
    )
    def test_never_becomes_another(self, books, attacker, change):
        run_id = begun(books)

        with refused(books, attacker, "what run .* is for never changes"):
            attacker.execute(f"UPDATE billing_run SET {change} WHERE id = %s", run_id)

    @pytest.mark.parametrize("role", ROLES)
    @pytest.mark.parametrize("table", ["billing_run", "rejected_workday", "held_employee"])
    @pytest.mark.parametrize(
        "statement",
        [
            "DELETE FROM {table}",
            "TRUNCATE {table} CASCADE",
            "MERGE INTO {table} USING (VALUES (1)) AS one(n) ON true WHEN MATCHED THEN DELETE",
        ],
    )
    def test_and_what_it_found_never_vanish(self, books, statement, table, role):
        finished(books)

        with refused(books, books, f"{table} refused|of .* refused"):
            books.execute(f"SET LOCAL session_replication_role = {role}")
            books.execute(statement.format(table=table))

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE rejected_workday SET value = 'other'",
            "UPDATE held_employee SET detail = 'other'",
        ],
    )
    def test_keeps_what_it_found(self, books, attacker, statement):
        finished(books)

        with refused(books, attacker, "what a run found never changes"):
            attacker.execute(statement)

    @pytest.mark.parametrize("late", [hold, lambda books, run: reject(books, run, 1)])
    def test_that_is_finished_finds_no_more(self, books, attacker, late):
        run_id = finished(books)

        with refused(books, attacker, "its run is not running"):
            late(attacker, run_id)

    def test_that_is_finished_issues_no_more(self, books, attacker):
        document = draft(books)
        document.invoice["run_id"] = finished(books)

        with refused(books, attacker, "its run is not a running one of its period"):
            write(attacker, document)

    def test_issues_in_its_own_period(self, books, attacker):
        document = draft(books)
        document.invoice["period"] = "2026-09-01"
        assert a_run(books) == document.invoice["run_id"]

        with refused(books, attacker, "its run is not a running one of its period"):
            write(attacker, document)


class TestAnEmail:
    @pytest.mark.parametrize("recipient", ["mallory@evil.example", ""])
    def test_goes_to_nobody_but_the_contractor(self, books, attacker, recipient):
        invoice_id = issue(books, draft(books))

        with refused(books, attacker, "goes to the address of its invoice's contractor"):
            attacker.add(
                "delivery",
                invoice_id=invoice_id,
                recipient=recipient,
                status="queued",
                queued_at="2026-11-01",
            )

    def test_goes_to_the_address_of_today(self, books, attacker):
        document = draft(books)
        invoice_id = issue(books, document)
        address = books.value("SELECT email FROM employee WHERE code = %s", document.code)

        assert attacker.add(
            "delivery",
            invoice_id=invoice_id,
            recipient=address,
            status="queued",
            queued_at="2026-11-01",
        )


class TestTheGuards:
    def test_look_for_nothing_in_a_sessions_own_schema(self, books):
        """
        All of them: a function added without a pinned path is found here.

        What RETURN gives was looked up when the function was made, never again.
        """
        unpinned = books.column(
            """
            SELECT proname FROM pg_proc
            WHERE pronamespace = 'public'::regnamespace AND prosqlbody IS NULL
              AND proconfig IS DISTINCT FROM ARRAY['search_path=pg_catalog, public, pg_temp']
            """
        )
        assert unpinned == []

    def test_are_on_for_everybody(self, books):
        """All of them: a trigger that a replica would pass is found here."""
        off = books.column(
            "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'A'"
        )
        assert off == []

    def test_read_no_setting_of_the_session(self, books):
        functions = books.rows(
            "SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
        )
        assert [name for name, source in functions if "current_setting" in source] == []
