"""
What the database itself refuses, whoever asks: raw SQL, as superuser.

Each test spoils one thing of an invoice that the first test shows to be accepted, and each
refusal leaves the ledger as it was.
"""

from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal

import psycopg
import pytest
from psycopg.errors import (
    CheckViolation,
    ForeignKeyViolation,
    GeneratedAlways,
    IntegrityError,
    RestrictViolation,
    UniqueViolation,
)

from tests.builders_ledger import Books
from tests.conftest import create_database, in_database

from .by_hand import (
    CENT,
    OCTOBER,
    billed_again,
    credit_of,
    draft,
    following,
    issue,
    line,
    write,
)

UNTAXED = {"tax_rate": 0, "tax_category": "O", "tax": 0}
NEVER_CHANGED = ("invoice", "invoice_line", "invoice_workday", "document")
ROLES = ("origin", "replica")  # a replica fires only what is ENABLE ALWAYS


@pytest.fixture(scope="module")
def books(server_url):
    """One database for all: what is refused leaves no trace, and each test has its employee."""
    name = "refusals"
    with psycopg.connect(server_url, autocommit=True) as server:
        create_database(server, name)
        with psycopg.connect(in_database(server_url, name), autocommit=True) as connection:
            yield Books(connection)
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def refused(books, error, match):
    before = books.contents()
    with pytest.raises(error, match=match):
        yield
    assert books.contents() == before


@contextmanager
def refused_at_once(books, match):
    """A run that is begun and ended in one transaction, and so leaves no trace."""
    with refused(books, CheckViolation, match), books.connection.transaction():
        yield


@contextmanager
def as_role(books, role):
    books.execute(f"SET session_replication_role = {role}")
    try:
        yield
    finally:
        books.execute("SET session_replication_role = origin")


def issued(books):
    """A valid invoice, issued and rendered: its rows and its id."""
    document = draft(books)
    invoice_id = issue(books, document)
    books.add(
        "document",
        invoice_id=invoice_id,
        s3_key=f"{document.invoice['number']}-{document.invoice['content_sha256']}.pdf",
        sha256="0" * 64,
        bytes=1,
        rendered_at="2026-11-01",
    )
    return document, invoice_id


class TestTheLedgerAccepts:
    def test_a_valid_invoice(self, books):
        invoice_id = issue(books, draft(books))

        assert books.value("SELECT total FROM invoice WHERE id = %s", invoice_id) == Decimal(
            "936.01"
        )

    def test_its_credit_note_and_then_the_same_days_again(self, books):
        billed = draft(books)
        invoice_id = issue(books, billed)
        live = "SELECT count(*) FROM live_workday WHERE employee_id = %s"
        employee_id = billed.invoice["employee_id"]

        credit_id = issue(books, credit_of(billed, invoice_id))
        assert books.value(live, employee_id) == 0
        again_id = issue(books, billed_again(billed))

        assert books.value(live, employee_id) == len(billed.lineage)
        assert books.rows(
            "SELECT id, number, total FROM invoice WHERE employee_id = %s ORDER BY id", employee_id
        ) == [
            (invoice_id, f"{billed.code}-0001", Decimal("936.01")),
            (credit_id, f"{billed.code}-0002", Decimal("-936.01")),
            (again_id, f"{billed.code}-0003", Decimal("936.01")),
        ]

    def test_an_invoice_of_nothing_but_a_zero_rate(self, books):
        document = draft(books)
        document.lines = [line(1, "regular", "15.50", "0", "0.00")]
        document.lineage = [day | {"unit_rate": 0} for day in document.lineage[:2]]
        document.invoice |= {"subtotal": 0, "tax": 0, "total": 0}

        issue(books, document)

    def test_a_number_of_more_than_four_digits(self, books):
        document = draft(books)
        document.invoice |= {"sequence": 10000, "number": f"{document.code}-10000"}

        with as_role(books, "replica"):  # or it would take 9,999 predecessors
            issue(books, document)


class TestWhatIsIssued:
    @pytest.mark.parametrize("role", ROLES)
    @pytest.mark.parametrize("table", NEVER_CHANGED)
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE {table} SET {column} = {column}",
            "UPDATE {table} SET {column} = {column} WHERE false",
            "DELETE FROM {table}",
            "DELETE FROM {table} WHERE {column} = '{key}'",
            "TRUNCATE {table} CASCADE",
        ],
    )
    def test_never_changes(self, books, statement, table, role):
        _, key = issued(books)
        column = "id" if table == "invoice" else "invoice_id"

        with as_role(books, role), refused(books, RestrictViolation, f"of {table} refused"):
            books.execute(statement.format(table=table, column=column, key=key))

    @pytest.mark.parametrize(
        "statement",
        [
            """INSERT INTO document VALUES ({key}, 'other', repeat('0', 64), 1, now())
            ON CONFLICT (invoice_id) DO UPDATE SET s3_key = 'other'""",
            """MERGE INTO invoice USING (VALUES (1)) AS one(number) ON id = {key}
            WHEN MATCHED THEN UPDATE SET supplier_name = 'Somebody Else'""",
            """MERGE INTO invoice_line USING (VALUES (1)) AS one(number) ON invoice_id = {key}
            WHEN MATCHED THEN DELETE""",
            "WITH gone AS (DELETE FROM invoice_workday RETURNING *) SELECT count(*) FROM gone",
            "UPDATE live_workday SET hours = hours",
        ],
    )
    def test_never_changes_by_a_back_door(self, books, statement):
        _, key = issued(books)

        with refused(books, RestrictViolation, "refused: what is issued never changes"):
            books.execute(statement.format(key=key))

    @pytest.mark.parametrize("table", ["employee", "billing_run", "project", "department"])
    def test_is_not_emptied_with_what_it_rests_on(self, books, table):
        issued(books)

        with refused(books, RestrictViolation, "TRUNCATE of .* refused"):
            books.execute(f"TRUNCATE {table} CASCADE")

    def test_keeps_what_it_rests_on(self, books):
        document, _ = issued(books)

        with refused(books, ForeignKeyViolation, "employee"):
            books.execute("DELETE FROM employee WHERE id = %s", document.invoice["employee_id"])

    @pytest.mark.parametrize("change", ["code = 'OTHER'", "id = id + 1000"])
    def test_keeps_the_code_that_numbers_it(self, books, change):
        document, _ = issued(books)

        with refused(books, RestrictViolation, "numbered by this code: it never changes"):
            books.execute(f"UPDATE employee SET {change} WHERE code = %s", document.code)

    @pytest.mark.parametrize("role", ROLES)
    def test_takes_no_line_later(self, books, role):
        _, invoice_id = issued(books)

        with as_role(books, role), refused(books, RestrictViolation, "not issued in this trans"):
            books.add(
                "invoice_line",
                invoice_id=invoice_id,
                **line(3, "regular", "1.00", "50.0000", "50.00"),
            )

    @pytest.mark.parametrize("role", ROLES)
    def test_takes_no_lineage_later(self, books, role):
        document, invoice_id = issued(books)
        day = document.lineage[0] | {"work_date": date(2026, 10, 9)}

        with as_role(books, role), refused(books, RestrictViolation, "not issued in this trans"):
            books.add("invoice_workday", invoice_id=invoice_id, **day)

    def test_takes_no_line_in_the_transaction_of_another(self, books):
        _, earlier_id = issued(books)
        document = draft(books)

        with (
            refused(books, RestrictViolation, "not issued in this transaction"),
            books.connection.transaction(),
        ):
            write(books, document)
            books.add(
                "invoice_line",
                invoice_id=earlier_id,
                **line(3, "regular", "1.00", "50.0000", "50.00"),
            )

    @pytest.mark.parametrize("role", ROLES)
    @pytest.mark.parametrize("table", ["invoice_line", "invoice_workday"])
    def test_takes_no_row_of_an_invoice_that_does_not_exist(self, books, table, role):
        document = draft(books)
        [row, *_] = document.lines if table == "invoice_line" else document.lineage

        with as_role(books, role), refused(books, IntegrityError, table):
            books.add(table, invoice_id=10**9, **row)


class TestAmounts:
    def test_total_is_subtotal_and_tax(self, books):
        document = draft(books)
        document.invoice["total"] += CENT

        with refused(books, CheckViolation, "invoice_total_is_subtotal_and_tax"):
            issue(books, document)

    @pytest.mark.parametrize("off", [CENT, -CENT])
    def test_tax_is_rounded_from_the_subtotal(self, books, off):
        document = draft(books)
        document.invoice["tax"] += off
        document.invoice["total"] += off

        with refused(books, CheckViolation, "invoice_tax_is_of_subtotal"):
            issue(books, document)

    @pytest.mark.parametrize("spoilt", [{"tax_category": "E"}, UNTAXED | {"tax_category": "S"}])
    def test_tax_is_charged_by_standard_rated_invoices_alone(self, books, spoilt):
        document = draft(books)
        document.invoice |= spoilt

        with refused(books, CheckViolation, "invoice_tax_category_is_of_rate"):
            issue(books, document)

    @pytest.mark.parametrize(
        ("hours", "unit_rate", "amount"),
        [
            ("0.50", "10.0100", "5.00"),  # 5.005 rounded to even
            ("0.50", "10.0300", "5.01"),  # 5.015 cut off
            ("1.00", "10.0000", "10.01"),
        ],
    )
    def test_amount_is_rounded_from_hours_at_the_rate(self, books, hours, unit_rate, amount):
        document = draft(books)
        document.lines[1] = line(2, "overtime", hours, unit_rate, amount)
        document.lineage[2] |= {"hours": Decimal(hours), "unit_rate": Decimal(unit_rate)}
        subtotal = Decimal("775.00") + Decimal(amount)
        document.invoice |= {"subtotal": subtotal, "total": subtotal, **UNTAXED}

        with refused(books, CheckViolation, "invoice_line_amount_is_hours_at_rate"):
            issue(books, document)

    def test_lines_add_up_to_the_subtotal(self, books):
        document = draft(books)
        subtotal = document.invoice["subtotal"] + CENT
        document.invoice |= {"subtotal": subtotal, "total": subtotal + document.invoice["tax"]}

        with refused(books, CheckViolation, "its lines do not add up to its subtotal"):
            issue(books, document)

    def test_are_checked_at_commit(self, books):
        """So that an invoice may be written before its lines, and not be left without them."""
        document = draft(books)
        document.lines, document.lineage = [], []
        books.execute("BEGIN")
        write(books, document)

        with pytest.raises(CheckViolation, match="do not add up"):
            books.execute("COMMIT")

        assert books.column("SELECT id FROM invoice WHERE series = %s", document.code) == []

    def test_an_invoice_has_lines(self, books):
        document = draft(books)
        document.lines, document.lineage = [], []
        document.invoice |= {"subtotal": 0, "tax": 0, "total": 0}

        with refused(books, CheckViolation, "its lines do not add up to its subtotal"):
            issue(books, document)

    def test_lines_are_placed_without_a_gap(self, books):
        document = draft(books)
        document.lines[1]["position"] = 3
        document.lineage[2]["position"] = 3

        with refused(books, CheckViolation, "its lines do not add up"):
            issue(books, document)

    def test_are_checked_on_a_replica_too(self, books):
        document = draft(books)
        document.lines, document.lineage = [], []

        with as_role(books, "replica"), refused(books, CheckViolation, "do not add up"):
            issue(books, document)

    def test_an_invoice_is_due_after_its_issue(self, books):
        document = draft(books)
        document.invoice["due_on"] = date(2026, 10, 31)

        with refused(books, CheckViolation, "invoice_is_due_after_issue"):
            issue(books, document)

    def test_a_period_is_a_first_day(self, books):
        document = draft(books)
        document.invoice["period"] = date(2026, 10, 2)

        with refused(books, CheckViolation, "invoice_period_check"):
            issue(books, document)


class TestNumbers:
    def test_are_not_skipped(self, books):
        document, _ = issued(books)
        third = billed_again(document)

        with refused(books, ForeignKeyViolation, "invoice_follows_its_predecessor"):
            issue(books, third)

    def test_begin_at_one(self, books):
        document = draft(books)
        document.invoice |= {"sequence": 2, "number": f"{document.code}-0002"}

        with refused(books, ForeignKeyViolation, "invoice_follows_its_predecessor"):
            issue(books, document)

    @pytest.mark.parametrize("sequence", [0, -1])
    def test_count_from_one_up(self, books, sequence):
        document = draft(books)
        number = f"{document.code}-{str(sequence).zfill(4)}"
        document.invoice |= {"sequence": sequence, "number": number}

        with refused(books, CheckViolation, "invoice_(sequence_check|number_names_its_place)"):
            issue(books, document)

    def test_are_not_given_twice(self, books):
        document, _ = issued(books)
        second = draft(books)
        second.invoice |= {
            name: document.invoice[name] for name in ("number", "series", "sequence")
        }

        with refused(books, UniqueViolation, "invoice_(number|series_sequence)_key"):
            issue(books, second)

    @pytest.mark.parametrize("text", ["{}-1", "{}-00001", "{}-0002", "{}0001", "OTHER-0001"])
    def test_say_their_series_and_place(self, books, text):
        document = draft(books)
        document.invoice["number"] = text.format(document.code)

        with refused(books, CheckViolation, "invoice_number_names_its_place"):
            issue(books, document)

    def test_have_the_predecessor_that_counting_gives(self, books):
        document = draft(books)
        document.invoice |= {"sequence": 2, "number": f"{document.code}-0002"}
        document.invoice["previous_sequence"] = None

        with refused(books, GeneratedAlways, "previous_sequence"):
            issue(books, document)


class TestLineage:
    def test_adds_up_to_the_hours_of_its_line(self, books):
        document = draft(books)
        document.lineage[0]["hours"] = Decimal("7.99")

        with refused(books, CheckViolation, "its lines are not the workdays behind them"):
            issue(books, document)

    def test_stands_behind_every_line(self, books):
        document = draft(books)
        del document.lineage[2]

        with refused(books, CheckViolation, "its lines are not the workdays behind them"):
            issue(books, document)

    def test_stands_behind_a_line(self, books):
        document = draft(books)
        document.lineage.append(
            document.lineage[0] | {"position": 3, "work_date": date(2026, 10, 9)}
        )

        with refused(books, CheckViolation, "its lines are not the workdays behind them"):
            issue(books, document)

    @pytest.mark.parametrize(
        "spoilt",
        [{"unit_rate": Decimal("50.0001")}, {"kind": "overtime", "work_date": date(2026, 10, 9)}],
    )
    def test_has_the_rate_and_kind_of_its_line(self, books, spoilt):
        document = draft(books)
        document.lineage[0] |= spoilt

        with refused(books, CheckViolation, "its lines are not the workdays behind them"):
            issue(books, document)

    def test_is_of_the_invoiced_employee(self, books):
        document = draft(books)
        other = draft(books).invoice["employee_id"]
        for day in document.lineage:
            day["employee_id"] = other

        with refused(books, RestrictViolation, "a workday that its invoice cannot bill"):
            issue(books, document)

    @pytest.mark.parametrize("hours", ["24.01", "0.00", "-8.00"])
    def test_bills_hours_of_one_day(self, books, hours):
        document = draft(books)
        document.lineage[0]["hours"] = Decimal(hours)

        with refused(books, CheckViolation, "invoice_workday_even_turns_credit"):
            issue(books, document)

    def test_bills_a_workday_once(self, books):
        document, _ = issued(books)
        second = following(document)
        for day in second.lineage:
            day["turn"] = 1

        with refused(books, UniqueViolation, "invoice_workday_pkey"):
            issue(books, second)

    def test_bills_a_workday_once_although_its_row_is_new(self, books):
        document, _ = issued(books)
        second = following(document)
        for day in second.lineage:
            day |= {"turn": 1, "workday_id": day["workday_id"] + 1000}

        with refused(books, UniqueViolation, "invoice_workday_pkey"):
            issue(books, second)

    def test_bills_no_live_workday_by_an_even_turn(self, books):
        document, _ = issued(books)

        with refused(books, CheckViolation, "invoice_workday_even_turns_credit"):
            issue(books, following(document))

    @pytest.mark.parametrize("turn", [3, 5])
    def test_takes_turns_in_order(self, books, turn):
        document = draft(books)
        for day in document.lineage:
            day["turn"] = turn

        with refused(books, ForeignKeyViolation, "invoice_workday_follows_its_turn"):
            issue(books, document)

    def test_does_not_bill_again_before_the_credit(self, books):
        document, _ = issued(books)
        second = following(document)
        for day in second.lineage:
            day["turn"] = 3

        with refused(books, ForeignKeyViolation, "invoice_workday_follows_its_turn"):
            issue(books, second)

    @pytest.mark.parametrize("turn", [0, -1])
    def test_has_no_turn_before_the_first(self, books, turn):
        document = draft(books)
        document.lineage[0]["turn"] = turn

        with refused(books, CheckViolation, "invoice_workday_turn_check|even_turns_credit"):
            issue(books, document)


class TestCredits:
    @pytest.mark.parametrize(
        "spoilt",
        [
            {"hours": Decimal("-7.99")},
            {"unit_rate": Decimal("49.0000")},
            {"workday_id": 10**9},
        ],
    )
    def test_are_of_what_was_billed(self, books, spoilt):
        document, invoice_id = issued(books)
        credit = credit_of(document, invoice_id)
        credit.lineage[0] |= spoilt

        with refused(books, RestrictViolation, "a workday that its invoice cannot bill or credit"):
            issue(books, credit)

    def test_are_of_days_that_were_billed(self, books):
        document, invoice_id = issued(books)
        credit = credit_of(document, invoice_id)
        credit.lineage[0]["work_date"] = date(2026, 10, 9)

        with refused(books, ForeignKeyViolation, "invoice_workday_follows_its_turn"):
            issue(books, credit)

    def test_are_of_days_that_the_credited_invoice_billed(self, books):
        """Days of another invoice of the same employee."""
        first, _ = issued(books)
        second = following(first)
        for day in second.lineage:
            day |= {"turn": 1, "work_date": day["work_date"] + timedelta(days=20)}
        second_id = issue(books, second)
        credit = credit_of(first, second_id)
        credit.invoice |= {"sequence": 3, "number": f"{first.code}-0003"}

        with refused(books, RestrictViolation, "a workday that its invoice cannot bill or credit"):
            issue(books, credit)

    def test_name_in_their_lineage_what_they_credit(self, books):
        document, invoice_id = issued(books)
        _, other_id = issued(books)
        credit = credit_of(document, invoice_id)
        for day in credit.lineage:
            day["credits_invoice_id"] = other_id

        with refused(books, RestrictViolation, "a workday that its invoice cannot bill or credit"):
            issue(books, credit)

    def test_are_of_the_whole_invoice(self, books):
        document, invoice_id = issued(books)
        credit = credit_of(document, invoice_id)
        del credit.lines[1], credit.lineage[2]
        credit.invoice |= {
            "subtotal": Decimal("-775.00"),
            "tax": Decimal("-155.00"),
            "total": Decimal("-930.00"),
        }

        with refused(books, CheckViolation, "it is not the whole of its invoice, negated"):
            issue(books, credit)

    @pytest.mark.parametrize(
        "spoilt",
        [
            {"currency": "USD"},
            {"total": Decimal("-780.01"), **UNTAXED},
            {"tax_rate": Decimal("0.200001")},  # the same tax, to the cent
        ],
    )
    def test_are_in_the_money_of_their_invoice(self, books, spoilt):
        document, invoice_id = issued(books)
        credit = credit_of(document, invoice_id)
        credit.invoice |= spoilt

        with refused(books, CheckViolation, "it is not the whole of its invoice, negated"):
            issue(books, credit)

    def test_are_of_the_lines_as_they_were_printed(self, books):
        document, invoice_id = issued(books)
        credit = credit_of(document, invoice_id)
        credit.lines[0]["project_name"] = "Renamed"

        with refused(books, CheckViolation, "it is not the whole of its invoice, negated"):
            issue(books, credit)

    def test_are_given_once(self, books):
        document, invoice_id = issued(books)
        issue(books, credit_of(document, invoice_id))
        second = credit_of(document, invoice_id)
        second.invoice |= {"sequence": 3, "number": f"{document.code}-0003"}

        with refused(books, UniqueViolation, "invoice_credits_invoice_id_key"):
            issue(books, second)

    def test_are_of_invoices_that_exist(self, books):
        document, _ = issued(books)

        with refused(books, RestrictViolation, "cannot correct an invoice that does not exist"):
            issue(books, credit_of(document, 10**9))

    def test_are_not_of_credit_notes(self, books):
        document, invoice_id = issued(books)
        credit_id = issue(books, credit_of(document, invoice_id))
        second = billed_again(document)
        second.invoice |= {"kind": "credit_note", "credits_invoice_id": credit_id}
        for day in second.lineage:
            day["credits_invoice_id"] = credit_id

        with refused(books, CheckViolation, "invoice_workday_even_turns_credit"):
            issue(books, second)

    @pytest.mark.parametrize("kind", ["invoice", "credit_note"])
    def test_are_credit_notes_and_only_those(self, books, kind):
        document, invoice_id = issued(books)
        second = following(document)
        credited = {"invoice": invoice_id, "credit_note": None}[kind]
        second.invoice |= {"kind": kind, "credits_invoice_id": credited}

        with refused(books, CheckViolation, "invoice_credits_if_credit_note"):
            issue(books, second)


class TestDeliveries:
    """What may follow what is in `test_delivery_ledger`."""

    def queue(self, books, invoice_id):
        return books.add("delivery", invoice_id=invoice_id, status="queued", queued_at="2026-11-01")

    def claim(self, books, invoice_id):
        delivery_id = self.queue(books, invoice_id)
        self.move(books, delivery_id, "sending")
        return delivery_id

    def move(self, books, delivery_id, status, **fields):
        names = "".join(f", {name} = %s" for name in fields)
        change = f"UPDATE delivery SET status = %s{names} WHERE id = %s"
        books.execute(change, status, *fields.values(), delivery_id)

    @pytest.mark.parametrize("first", ["queue", "claim"])
    def test_are_not_two_on_their_way(self, books, first):
        _, invoice_id = issued(books)
        getattr(self, first)(books, invoice_id)

        with refused(books, UniqueViolation, "delivery_one_on_its_way"):
            self.queue(books, invoice_id)

    def test_follow_each_other(self, books):
        _, invoice_id = issued(books)
        self.move(books, self.claim(books, invoice_id), "failed", error="no email address")
        self.move(books, self.claim(books, invoice_id), "unknown", error="no answer")

        assert self.queue(books, invoice_id)

    @pytest.mark.parametrize("status", ["failed", "unknown"])
    def test_come_to_nothing_for_a_reason(self, books, status):
        _, invoice_id = issued(books)
        delivery_id = self.claim(books, invoice_id)

        with refused(books, CheckViolation, "delivery_says_why"):
            self.move(books, delivery_id, status)

    @pytest.mark.parametrize("status", ["sent", "delivered", "bounced", "complained"])
    def test_are_not_sent_without_the_id_of_their_mail(self, books, status):
        _, invoice_id = issued(books)
        delivery_id = self.claim(books, invoice_id)

        with refused(books, CheckViolation, "delivery_sent_names_its_message"):
            self.move(books, delivery_id, status, sent_at="2026-11-01", error="x")

    def test_share_no_mail(self, books):
        _, invoice_id = issued(books)
        sent = {"message_id": f"mail-{invoice_id}", "sent_at": "2026-11-01"}
        self.move(books, self.claim(books, invoice_id), "sent", **sent)
        second = self.claim(books, invoice_id)

        with refused(books, UniqueViolation, "delivery_message_id_key"):
            self.move(books, second, "sent", **sent)


COUNTS = {
    "extracted_rows": 6,
    "extracted_hours": Decimal("48.00"),
    "billed_rows": 3,
    "billed_hours": Decimal("24.00"),
    "rejected_rows": 2,
    "rejected_hours": Decimal("16.00"),
    "held_rows": 1,
    "held_hours": Decimal("8.00"),
}


class TestRuns:
    """What a run may become is in `test_guards`."""

    def end(self, books, **fields):
        run_id = books.add("billing_run", period=OCTOBER, status="running")
        values = {"status": "issued", "finished_at": "2026-11-01"} | COUNTS | fields
        names = ", ".join(f"{name} = %s" for name in values)
        books.execute(f"UPDATE billing_run SET {names} WHERE id = %s", *values.values(), run_id)

    @pytest.mark.parametrize("column", COUNTS)
    def test_balance(self, books, column):
        with refused_at_once(books, "billing_run_balances"):
            self.end(books, **{column: COUNTS[column] + 1})

    @pytest.mark.parametrize("status", ["issued", "empty"])
    @pytest.mark.parametrize("column", COUNTS)
    def test_that_complete_have_counted_everything(self, books, status, column):
        with refused_at_once(books, "billing_run_counts"):
            self.end(books, status=status, **{column: None})

    def test_that_end_say_when(self, books):
        with refused_at_once(books, "billing_run_ends"):
            self.end(books, finished_at=None)

    def test_that_fail_say_why(self, books):
        with refused_at_once(books, "billing_run_says_why"):
            self.end(books, status="failed")
