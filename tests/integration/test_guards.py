"""
Attacks on the ledger by a role that may read, insert and update, and nothing else: none succeeds.

Each got through before the guards of migration 0006, and is tried here word for word.
"""

from contextlib import contextmanager
from decimal import Decimal

import psycopg
import pytest
from psycopg.errors import DatabaseError, LockNotAvailable

from tests.builders_ledger import Books
from tests.conftest import create_database, in_database

from .by_hand import (
    OCTOBER,
    TAKEN,
    a_correction,
    a_run,
    billed_again,
    credit_of,
    draft,
    issue,
    line,
    write,
)

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


@pytest.fixture
def hurried(server_url, books):
    """Another session of a superuser, which does not wait for long."""
    url = in_database(server_url, "guards")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET lock_timeout = '100ms'")
        yield Books(connection)


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
            attacker.execute(TAKEN, document.code, 1)
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

    @pytest.mark.parametrize(
        "totals",
        [
            {"extracted_hours": "NaN", "held_hours": "NaN", "held_rows": 1, "extracted_rows": 5},
            {"extracted_rows": -1, "held_rows": -5},
            {"extracted_rows": 9, "held_rows": 5},
            {"extracted_hours": 29, "held_hours": 5},
            {"extracted_hours": 19, "held_hours": -5, "held_rows": 1, "extracted_rows": 5},
        ],
    )
    def test_counts_in_numbers_that_can_be(self, books, attacker, totals):
        run_id = begun(books)

        with refused(books, attacker, "is_a_count"):
            end(attacker, run_id, **totals)

    def test_ends_without_nobody_whom_it_holds(self, books, attacker):
        run_id = begun(books)
        for employee_id in (1, 2):
            books.add(
                "held_employee", run_id=run_id, employee_id=employee_id, reason="no_rate", detail=""
            )

        with refused(books, attacker, "its totals are not what it issued"):
            end(attacker, run_id, held_rows=1, held_hours=8, extracted_rows=5, extracted_hours=32)

    @pytest.mark.parametrize("isolation", ["REPEATABLE READ", "SERIALIZABLE"])
    def test_ends_in_no_transaction_that_sees_too_little(self, books, attacker, isolation):
        """What others committed since such a transaction began would not be counted."""
        run_id = begun(books)

        with refused(books, attacker, "it ends in a transaction that is READ COMMITTED"):
            attacker.execute(f"SET TRANSACTION ISOLATION LEVEL {isolation}")
            end(attacker, run_id)

    @pytest.mark.parametrize("late", ["invoice", "hold", "reject"])
    def test_does_not_end_without_what_another_session_adds(self, books, hurried, late):
        """It waits; had it not, it would have counted less than it has in the end."""
        run_id = begun(books)
        document = draft(books)
        document.invoice["run_id"] = run_id
        add = {
            "invoice": lambda: write(books, document),
            "hold": lambda: hold(books, run_id),
            "reject": lambda: reject(books, run_id, 1),
        }[late]

        with books.connection.transaction():
            add()
            with pytest.raises(LockNotAvailable):
                end(hurried, run_id)

        with refused(books, hurried, "its totals are not what it issued"):
            end(hurried, run_id)

    def test_that_is_ending_takes_no_more_from_another_session(self, books, hurried):
        run_id = begun(books)

        with books.connection.transaction():
            end(books, run_id)
            with pytest.raises(LockNotAvailable):
                hold(hurried, run_id)

    def test_of_a_month_credits_nothing(self, books, attacker):
        billed = draft(books)
        credit = credit_of(billed, issue(books, billed))

        with refused(books, attacker, "its run is for other invoices"):
            attacker.add("invoice", **credit.invoice | {"run_id": a_run(books)})

    def test_of_a_correction_bills_nobody_else(self, books, attacker):
        document = draft(books)
        corrected = issue(books, draft(books))

        with refused(books, attacker, "its run is for other invoices"):
            document.invoice["run_id"] = a_correction(attacker, corrected)
            write(attacker, document)

    def test_of_a_correction_credits_no_other_invoice(self, books, attacker):
        billed = draft(books)
        credit = credit_of(billed, issue(books, billed))
        corrected = issue(books, draft(books))

        with refused(books, attacker, "its run is for other invoices"):
            run_id = a_correction(attacker, corrected)
            attacker.add("invoice", **credit.invoice | {"run_id": run_id})

    def test_of_a_correction_does_not_end_without_its_credit_note(self, books, attacker):
        document = draft(books)
        corrected = issue(books, document)
        issue(books, credit_of(document, corrected))
        again = billed_again(document)

        with refused(books, attacker, "its totals are not what it issued"):
            again.invoice["run_id"] = a_correction(attacker, corrected)
            write(attacker, again)
            nothing = {"rejected_rows": 0, "rejected_hours": 0}
            whole = {"extracted_rows": 3, "extracted_hours": Decimal("16.00")}
            end(attacker, again.invoice["run_id"], **nothing, **whole)

    def test_of_a_shard_bills_nobody_of_another(self, books, attacker):
        document = draft(books)
        others = (document.invoice["employee_id"] + 1) % 4 + 1

        with refused(books, attacker, "its run is for other invoices"):
            document.invoice["run_id"] = attacker.add(
                "billing_run", period=OCTOBER, status="running", shard=others, shards=4
            )
            write(attacker, document)

    def test_takes_no_line_once_it_has_ended(self, books, attacker):
        """Its totals would be those of before, if it ended between an invoice and its lines."""
        run_id = books.add("billing_run", period=OCTOBER, status="running")
        document = draft(books)
        document.invoice["run_id"] = run_id

        with refused(books, attacker, "checked already"):
            invoice_id = attacker.add("invoice", **document.invoice)
            attacker.execute(TAKEN, document.code, 1)
            end(attacker, run_id, **dict.fromkeys(TOTALS, 0))
            for row in document.lines:
                attacker.add("invoice_line", invoice_id=invoice_id, **row)
            for day in document.lineage:
                attacker.add("invoice_workday", invoice_id=invoice_id, **day)

    @pytest.mark.parametrize("isolation", ["REPEATABLE READ", "SERIALIZABLE"])
    def test_issues_in_no_transaction_that_sees_too_little(self, books, attacker, isolation):
        document = draft(books)

        with refused(books, attacker, "issued in a READ COMMITTED transaction"):
            attacker.execute(f"SET TRANSACTION ISOLATION LEVEL {isolation}")
            write(attacker, document)

    def test_corrects_an_invoice_that_there_is(self, books, attacker):
        with refused(books, attacker, "cannot correct an invoice that does not exist"):
            attacker.add("billing_run", period=OCTOBER, status="running", corrects_invoice_id=10**9)

    def test_issues_nothing_in_a_month_that_is_closed(self, books, attacker):
        document = draft(books)

        with refused(books, attacker, "its period is closed"):
            attacker.add("closed_period", period=OCTOBER)
            write(attacker, document)


class TestAClosedMonth:
    def test_is_not_closed_while_an_invoice_of_it_is_issued(self, books, hurried):
        december = "2026-12-01"
        document = draft(books)
        run_id = books.add("billing_run", period=december, status="running")
        document.invoice |= {"period": december, "run_id": run_id}

        with books.connection.transaction():
            write(books, document)
            with pytest.raises(LockNotAvailable):
                hurried.add("closed_period", period=december)

        assert hurried.column("SELECT 1 FROM closed_period WHERE period = %s", december) == []

    @pytest.mark.parametrize("role", ROLES)
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE closed_period SET period = '2027-01-01'",
            "UPDATE closed_period SET closed_at = now()",
            "DELETE FROM closed_period",
            "TRUNCATE closed_period",
        ],
    )
    def test_stays_closed_even_for_a_superuser(self, books, statement, role):
        with refused(books, books, "of closed_period refused"):
            books.add("closed_period", period="2026-07-01")
            books.execute(f"SET LOCAL session_replication_role = {role}")
            books.execute(statement)


class TestASeries:
    @pytest.mark.parametrize("last", [1, 2, 500])
    def test_gives_no_number_that_is_not_issued(self, books, attacker, last):
        """The next run would leave a gap or give a number twice: it would fail, and all with it."""
        document = draft(books)
        issue(books, document)
        issue(books, credit_of(document, books.value("SELECT max(id) FROM invoice")))
        changed = {1: 1, 2: 3, 500: 500}[last]

        with refused(books, attacker, "the last number it gave is not the last one issued"):
            attacker.execute(
                "UPDATE invoice_series SET last_sequence = %s WHERE series = %s",
                changed,
                document.code,
            )

    def test_of_nobody_gives_none(self, books, attacker):
        with refused(books, attacker, "the last number it gave is not the last one issued"):
            attacker.add("invoice_series", series="NOBODY", last_sequence=7)

    def test_has_given_every_number(self, books, attacker):
        with refused(books, attacker, "its series has not given that number"):
            attacker.add("invoice", **draft(books).invoice)

    @pytest.mark.parametrize("statement", ["DELETE FROM {}", "TRUNCATE {}"])
    def test_never_vanishes(self, books, statement):
        issue(books, draft(books))

        with refused(books, books, "invoice_series refused"):
            books.execute(statement.format("invoice_series"))


class TestACreditNote:
    @pytest.mark.parametrize(
        "spoilt",
        [
            {"supplier_name": "Mallory"},
            {"supplier_iban": "XX"},
            {"supplier_email": "mallory@evil.example"},
            {"buyer_tax_id": "IE0000000X"},
            {"department_code": "OPS"},
            {"locale": "uk"},
            {"rounding_policy": "half-even/line/1"},
        ],
    )
    def test_states_what_its_invoice_stated(self, books, attacker, spoilt):
        billed = draft(books)
        credit = credit_of(billed, issue(books, billed))
        credit.invoice |= spoilt

        with refused(books, attacker, "it is not the whole of its invoice, negated"):
            write(attacker, credit)


class TestLineage:
    def test_is_of_no_day_after_the_month(self, books, attacker):
        document = draft(books)
        document.lineage[0]["work_date"] = "2026-11-01"

        with refused(books, attacker, "a workday that its invoice cannot bill"):
            write(attacker, document)


class TestADocument:
    @pytest.mark.parametrize("key", ["exports/runs.parquet", "", "invoices/X{number}-{sha}.pdf"])
    def test_is_kept_under_a_key_of_its_invoice(self, books, attacker, key):
        """The API gives out links to what the key names."""
        document = draft(books)
        invoice_id = issue(books, document)
        s3_key = key.format(number=document.invoice["number"], sha="0" * 64)

        with refused(books, attacker, "its key is not of its invoice"):
            attacker.add(
                "document",
                invoice_id=invoice_id,
                s3_key=s3_key,
                sha256="0" * 64,
                bytes=1,
                rendered_at="2026-11-01",
            )


class TestWhatNoProgramCanRead:
    """One such row would stop every run, report and page from then on, whosever row it is."""

    @pytest.mark.parametrize("value", ["infinity", "-infinity", "4000-01-01 BC", "20000-01-01"])
    @pytest.mark.parametrize(
        ("table", "values"),
        [
            ("billing_run", {"period": None, "status": "running"}),
            ("closed_period", {"period": None}),
            ("closed_period", {"period": "2026-07-01", "closed_at": None}),
            ("employee", {"self_billing_agreed_on": None}),
            (
                "rate",
                {"valid_from": None, "hourly_rate": 1, "overtime_multiplier": 1, "employee_id": 1},
            ),
            (
                "workday",
                {
                    "work_date": None,
                    "employee_id": 1,
                    "project_id": 1,
                    "kind": "regular",
                    "hours": 8,
                },
            ),
        ],
    )
    def test_is_no_date(self, books, attacker, table, values, value):
        draft(books)
        row = {name: value if given is None else given for name, given in values.items()}

        with refused(books, attacker, "_is_readable|_check"):
            if table == "employee":
                attacker.execute("UPDATE employee SET self_billing_agreed_on = %s", value)
            else:
                attacker.add(table, **row)

    @pytest.mark.parametrize("column", ["issued_at", "due_on", "issued_on"])
    def test_is_no_date_of_an_invoice(self, books, attacker, column):
        document = draft(books)
        document.invoice |= {column: "infinity", "due_on": "infinity"}

        with refused(books, attacker, "_is_readable"):
            write(attacker, document)

    def test_is_kept_out_of_every_date_and_moment(self, books):
        """All of them: a column added without a range is found here; triggers write the others."""
        unbounded = books.rows("""
            SELECT relname, attname FROM pg_attribute
            JOIN pg_class ON pg_class.oid = attrelid
            WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0
              AND atttypid IN ('date'::regtype, 'timestamptz'::regtype)
              AND relname NOT IN ('delivery_event', 'change_log')
              AND NOT EXISTS (
                  SELECT FROM pg_constraint WHERE conrelid = attrelid AND contype = 'c'
                  AND conname = relname || '_' || attname || '_is_readable'
              )
        """)
        assert unbounded == []

    @pytest.mark.parametrize(
        "spoilt",
        [
            {"tax_rate": "NaN", "tax": "NaN", "total": "NaN"},
            {"tax_rate": "2", "tax": "1560.02", "total": "2340.03"},
            {"tax_rate": "-0.2", "tax_category": "O", "tax": "-156.00", "total": "624.01"},
        ],
    )
    def test_is_no_tax(self, books, attacker, spoilt):
        document = draft(books)
        document.invoice |= spoilt

        with refused(books, attacker, "invoice_tax_is_a_share"):
            write(attacker, document)

    def test_is_no_number_of_hours_rejected(self, books, attacker):
        run_id = begun(books)

        with refused(books, attacker, "hours_are_a_number"):
            attacker.execute(
                "INSERT INTO rejected_workday (run_id, workday_id, employee_id, work_date,"
                " project_id, kind, hours, rule, value)"
                " VALUES (%s, 1, 1, '2026-10-01', 1, '?', 'NaN', 'kind', '?')",
                run_id,
            )

    @pytest.mark.parametrize("table", ["department", "project"])
    @pytest.mark.parametrize(
        ("code", "rule"), [("x" * 101, "code_is_short"), ("A\u0301", "code_is_composed")]
    )
    def test_is_no_code(self, books, attacker, table, code, rule):
        with refused(books, attacker, f"{table}_{rule}"):
            attacker.add(table, code=code, name="Atlas")


class TestAnEmail:
    @pytest.mark.parametrize(
        "change", ["sent_at = '1970-01-01'", "sent_at = NULL", "attempts = -1"]
    )
    def test_that_was_sent_was_sent_then(self, books, attacker, change):
        delivery_id = delivered(books, issue(books, draft(books)))

        with refused(books, attacker, "what is sent to whom never changes|sent_names_its_message"):
            attacker.execute(f"UPDATE delivery SET {change} WHERE id = %s", delivery_id)

    def test_that_was_handed_over_is_not_queued_again(self, books, attacker):
        """Not by saying so first: what is still sending may go back, and so be sent again."""
        delivery_id = books.add(
            "delivery",
            invoice_id=issue(books, draft(books)),
            status="queued",
            queued_at="2026-11-01",
        )
        books.execute("UPDATE delivery SET status = 'sending' WHERE id = %s", delivery_id)

        with refused(books, attacker, "handed over, and is not queued again"):
            attacker.execute(
                "UPDATE delivery SET message_id = 'taken', sent_at = now() WHERE id = %s",
                delivery_id,
            )
            attacker.execute("UPDATE delivery SET status = 'queued' WHERE id = %s", delivery_id)

    @pytest.mark.parametrize("isolation", ["REPEATABLE READ", "SERIALIZABLE"])
    def test_begins_in_no_transaction_that_sees_too_little(self, books, attacker, isolation):
        """Or it would go to the address of yesterday."""
        invoice_id = issue(books, draft(books))

        with refused(books, attacker, "begins in a READ COMMITTED transaction"):
            attacker.execute(f"SET TRANSACTION ISOLATION LEVEL {isolation}")
            attacker.add("delivery", invoice_id=invoice_id, status="queued", queued_at="2026-11-01")

    def test_has_no_history_but_the_databases_own(self, books, attacker):
        """Nor by a trigger of somebody who may insert, one level down as its own are."""
        delivery_id = delivered(books, issue(books, draft(books)))

        with refused(books, attacker, "the database alone writes it"):
            attacker.execute("CREATE TEMP TABLE mine (id bigint)")
            attacker.execute(
                "CREATE FUNCTION pg_temp.forge() RETURNS trigger LANGUAGE plpgsql AS $$"
                " BEGIN INSERT INTO public.delivery_event (delivery_id, at, from_status, to_status)"
                " VALUES (NEW.id, now(), 'sent', 'bounced'); RETURN NULL; END $$"
            )
            attacker.execute(
                "CREATE TRIGGER forge AFTER INSERT ON mine"
                " FOR EACH ROW EXECUTE FUNCTION pg_temp.forge()"
            )
            attacker.execute("INSERT INTO mine VALUES (%s)", delivery_id)

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
