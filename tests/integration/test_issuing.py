"""A run of the month against a real ledger: what it issues, and what it never issues twice."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest

from chalicelib.billing import month
from chalicelib.billing.balance import Unbalanced
from chalicelib.billing.content import HEADER, LINE, content_sha256
from chalicelib.billing.period import InvalidPeriod, Period
from chalicelib.steps import run as step
from chalicelib.steps.bill_month import bill_month, period_to_bill
from chalicelib.steps.email_invoice import email_invoice
from chalicelib.steps.render_invoice import render_invoice
from chalicelib.steps.run import UnprintablePayer
from chalicelib.store.connection import DatabaseUnreachable
from tests.builders_ledger import at_once, unbroken
from tests.reference import biller

from .by_hand import draft, issue
from .conftest import load_as_operator

FIXTURES = Path(__file__).parents[2] / "data" / "fixtures"
EXPECTED = json.loads((FIXTURES / "expected.json").read_text())
OCTOBER = Period.month(2026, 10)
NOW = datetime(2026, 11, 1, 3, 15, tzinfo=UTC)
NO_ROWS = biller.Count(0, Decimal(0))


def run(settings, period=OCTOBER, now=NOW):
    return bill_month(settings, period, now)


def deliver(settings, cloud):
    """Do what the renderer and the emailer do, until nothing is queued."""
    for invoice_id in cloud.to_render():
        render_invoice(settings, invoice_id)
    for delivery_id in cloud.to_mail():
        email_invoice(settings, delivery_id)


def load_fixtures(settings):
    load_as_operator(FIXTURES, settings)


def reference_month():
    return biller.bill_folder(
        FIXTURES, "2026-10", date(2026, 11, 1), printable=lambda text: "🌻" not in text
    )


def without_ids(books):
    """The ledger as one clean run leaves it: no ids, and no moments but that of issue."""
    invoices = books.rows(
        "SELECT to_jsonb(invoice) - '{id,run_id}'::text[] FROM invoice ORDER BY number"
    )
    lines = books.rows(
        "SELECT number, to_jsonb(line) - 'invoice_id' FROM invoice_line AS line"
        " JOIN invoice ON invoice.id = invoice_id ORDER BY number, position"
    )
    lineage = books.rows(
        "SELECT number, to_jsonb(day) - 'invoice_id' FROM invoice_workday AS day"
        " JOIN invoice ON invoice.id = invoice_id ORDER BY number, day.position, workday_id"
    )
    deliveries = books.rows(
        "SELECT number, status, recipient FROM delivery"
        " JOIN invoice ON invoice.id = invoice_id ORDER BY number"
    )
    return invoices, lines, lineage, deliveries


class TestARun:
    def test_bills_what_the_reference_biller_bills(self, settings, books):
        load_fixtures(settings)

        run(settings)

        assert books.month() == reference_month()

    def test_bills_the_worked_example_to_the_cent(self, settings, books):
        load_fixtures(settings)

        run(settings)

        lines = books.rows(
            "SELECT series, project_code, invoice_line.kind, hours::text, unit_rate::text,"
            " amount::text FROM invoice_line JOIN invoice ON invoice.id = invoice_id"
            " ORDER BY number, position"
        )
        money = books.rows(
            "SELECT currency, count(*), sum(subtotal)::text, sum(tax)::text, sum(total)::text"
            " FROM invoice GROUP BY currency ORDER BY currency"
        )
        assert [list(line) for line in lines] == [
            [employee, *line]
            for employee, invoice in EXPECTED["invoices"].items()
            for line in invoice["lines"]
        ]
        assert [list(row) for row in money] == [
            [currency, *sums.values()] for currency, sums in EXPECTED["money"].items()
        ]

    def test_records_its_balance(self, settings, books):
        load_fixtures(settings)

        run(settings)

        assert books.runs() == ["issued"]
        for side, counts in EXPECTED["control"].items():
            assert books.rows(f"SELECT {side}_rows, {side}_hours::text FROM billing_run") == [
                tuple(counts.values())
            ]

    def test_queues_each_invoice_for_rendering_and_none_for_mailing(self, settings, books, cloud):
        load_fixtures(settings)

        outcome = run(settings)

        assert (outcome.invoices, outcome.render_messages, outcome.email_messages) == (7, 7, 0)
        assert cloud.to_render() == books.column("SELECT id FROM invoice ORDER BY id")
        assert cloud.to_mail() == []

    def test_queues_one_delivery_to_the_address_of_the_day(self, settings, books):
        books.employee(email="anna@contractors.example")
        books.workday()

        run(settings)

        assert books.rows("SELECT status, recipient, attempts FROM delivery") == [
            ("queued", "anna@contractors.example", 0)
        ]

    def test_freezes_what_is_printed(self, settings, books):
        books.employee(full_name="Anna Nowak")
        books.workday()

        run(settings)
        books.execute("UPDATE employee SET full_name = 'Anna Kowalska', address = 'elsewhere'")

        assert books.rows(
            "SELECT supplier_name, supplier_address, buyer_name, buyer_address, buyer_tax_id,"
            " rounding_policy FROM invoice"
        ) == [
            (
                "Anna Nowak",
                "ul. Żółwia 8, 31-153 Kraków",
                settings.payer.name,
                settings.payer.address,
                settings.payer.tax_id,
                "half-away/line/1",
            )
        ]

    @pytest.mark.parametrize(
        "address",
        ["", " two  spaces ", "first\r\nsecond\n\\.\nlast", '"quoted", with commas', "NULL", "\\N"],
    )
    def test_copies_any_text_as_it_stands(self, settings, books, address):
        books.employee(address=address, tax_id=address)
        books.workday()

        run(settings)

        assert books.rows("SELECT supplier_address, supplier_tax_id FROM invoice") == [
            (address, address)
        ]

    def test_tells_an_absent_text_from_an_empty_one(self, settings, books):
        books.employee(email=None, iban=None)
        books.workday()

        run(settings)

        assert books.rows("SELECT supplier_email, supplier_iban FROM invoice") == [(None, None)]
        assert books.column("SELECT recipient FROM delivery") == [None]

    def test_fingerprints_what_the_ledger_holds(self, settings, books):
        load_fixtures(settings)
        run(settings)

        for invoice_id, recorded in books.rows("SELECT id, content_sha256 FROM invoice"):
            [header] = books.rows(
                "SELECT "
                + ", ".join("NULL" if name == "credits_number" else name for name in HEADER)
                + " FROM invoice WHERE id = %s",
                invoice_id,
            )
            lines = books.rows(
                f"SELECT {', '.join(LINE)} FROM invoice_line WHERE invoice_id = %s"
                " ORDER BY position",
                invoice_id,
            )
            assert recorded == content_sha256(
                dict(zip(HEADER, header, strict=True)),
                [dict(zip(LINE, line, strict=True)) for line in lines],
            )

    def test_dates_the_issue_in_the_billing_time_zone(self, settings, books):
        books.employee()
        books.workday()

        run(settings, now=datetime(2026, 10, 31, 22, 30, tzinfo=UTC))  # half past midnight in Kyiv

        assert books.rows(
            "SELECT issued_on, due_on, issued_at AT TIME ZONE 'UTC' FROM invoice"
        ) == [(date(2026, 11, 1), date(2026, 11, 15), datetime(2026, 10, 31, 22, 30))]

    def test_bills_no_day_of_another_month(self, settings, books):
        books.employee()
        for day in (date(2026, 9, 30), date(2026, 10, 1), date(2026, 10, 31), date(2026, 11, 1)):
            books.workday(day=day)

        run(settings)

        assert books.column("SELECT work_date FROM invoice_workday ORDER BY 1") == [
            date(2026, 10, 1),
            date(2026, 10, 31),
        ]

    def test_of_an_empty_month_is_empty_and_queues_nothing(self, settings, books, cloud):
        run(settings)

        assert books.runs() == ["empty"]
        assert books.month() == biller.ReferenceMonth(
            (), (), (), biller.Control(NO_ROWS, NO_ROWS, NO_ROWS, NO_ROWS)
        )
        assert cloud.to_render() == []

    def test_rejects_by_the_first_rule_broken(self, settings, books):
        books.employee()
        books.workday(day=1, hours="-1.00", kind="standby")
        books.workday(day=2, hours="24.01", kind="standby")
        books.workday(day=3, hours="20.00", kind="")
        books.workday(day=3, hours="4.01")
        books.workday(day=4, hours="12.01")
        books.workday(day=4, hours="12.00", project="BEACON")
        books.workday(day=5, hours="24.00")

        run(settings)

        assert books.rejects() == [
            ("ANNA", "2026-10-01", "ATLAS", "hours", "-1.00"),
            ("ANNA", "2026-10-02", "ATLAS", "hours", "24.01"),
            ("ANNA", "2026-10-03", "ATLAS", "kind", ""),
            ("ANNA", "2026-10-03", "ATLAS", "day_over_24", "24.01"),
            ("ANNA", "2026-10-04", "ATLAS", "day_over_24", "24.01"),
            ("ANNA", "2026-10-04", "BEACON", "day_over_24", "24.01"),
        ]
        assert books.column("SELECT work_date FROM invoice_workday") == [date(2026, 10, 5)]

    def test_bills_the_rest_of_whom_it_rejects_a_day(self, settings, books):
        for code in ("ANNA", "BOHDAN"):
            books.employee(code)
            books.workday(code, 1)
        books.workday("ANNA", 2, "0.00")

        run(settings)

        assert books.numbers() == ["ANNA-0001", "BOHDAN-0001"]
        assert books.rejects() == [("ANNA", "2026-10-02", "ATLAS", "hours", "0.00")]

    def test_holds_by_the_first_reason_that_applies(self, settings, books):
        books.employee("ALL", rate=None, self_billing_agreed_on=None, full_name="🌻")
        books.employee("RATE", rate=None, full_name="🌻")
        books.employee("TEXT", full_name="🌻")
        books.employee("TODAY", self_billing_agreed_on=date(2026, 11, 1))
        books.employee("FINE", self_billing_agreed_on=date(2026, 10, 31))
        for code in ("ALL", "RATE", "TEXT", "TODAY", "FINE"):
            books.workday(code)

        run(settings)

        assert books.helds() == {
            "ALL": "no_agreement",
            "RATE": "no_rate",
            "TEXT": "unprintable",
            "TODAY": "no_agreement",
        }
        assert books.numbers() == ["FINE-0001"]

    def test_neither_bills_nor_holds_whose_every_day_is_rejected(self, settings, books):
        books.employee(rate=None, self_billing_agreed_on=None)
        books.workday(hours="80.00")

        run(settings)

        assert books.runs() == ["empty"]
        assert books.helds() == {}

    def test_holds_the_largest_sums_exactly(self, settings, books):
        """A month of 24-hour days, nearly ten million an hour, nearly all of it tax."""
        books.employee(rate="9999999.9999", tax_rate=Decimal("0.999999"))
        for day in range(1, 32):
            books.workday(day=day, hours="24.00")

        run(settings)

        assert books.rows(
            "SELECT hours, subtotal, tax FROM invoice JOIN invoice_line ON invoice_id = id"
        ) == [(Decimal("744.00"), Decimal("7439999999.93"), Decimal("7439992559.93"))]


class TestTheNextRun:
    def test_issues_and_queues_nothing_once_all_is_delivered(self, settings, books, cloud):
        load_fixtures(settings)
        run(settings)
        deliver(settings, cloud)
        before = without_ids(books)

        outcome = run(settings)

        assert (outcome.invoices, outcome.render_messages, outcome.email_messages) == (0, 0, 0)
        assert cloud.to_render() == cloud.to_mail() == []
        assert without_ids(books) == before
        assert books.runs() == ["issued", "empty"]
        assert len(cloud.mails()) == len(EXPECTED["invoices"])

    def test_queues_again_what_is_not_rendered(self, settings, books, cloud):
        load_fixtures(settings)
        run(settings)
        first, *lost = cloud.to_render()
        render_invoice(settings, first)
        email_invoice(settings, *cloud.to_mail())

        run(settings)

        assert cloud.to_render() == lost
        assert cloud.to_mail() == []

    def test_queues_again_what_is_rendered_and_not_mailed(self, settings, books, cloud):
        load_fixtures(settings)
        run(settings)
        for invoice_id in cloud.to_render():
            render_invoice(settings, invoice_id)
        first, *lost = cloud.to_mail()
        email_invoice(settings, first)

        run(settings)

        assert cloud.to_render() == []
        assert cloud.to_mail() == lost

    def test_sweeps_no_other_month(self, settings, books, cloud):
        books.employee()
        books.workday(day=date(2026, 9, 30))
        run(settings, Period.month(2026, 9))
        cloud.to_render()

        run(settings)

        assert cloud.to_render() == []

    @pytest.mark.parametrize(
        ("trouble", "remedy"),
        [
            (
                {"self_billing_agreed_on": None},
                "UPDATE employee SET self_billing_agreed_on = '2026-10-30'",
            ),
            ({"rate": None}, "INSERT INTO rate SELECT id, '2026-10-01', 50, 1.5 FROM employee"),
            ({"full_name": "Anna 🌻"}, "UPDATE employee SET full_name = 'Anna Nowak'"),
        ],
    )
    def test_bills_a_held_employee_when_the_reason_is_gone(self, settings, books, trouble, remedy):
        books.employee(**trouble)
        books.workday()
        run(settings)
        assert books.numbers() == []

        books.execute(remedy)
        run(settings)

        assert books.numbers() == ["ANNA-0001"]
        assert books.helds() == {}
        assert books.runs() == ["empty", "issued"]

    def test_bills_a_rejected_day_when_it_is_put_right(self, settings, books):
        books.employee()
        workday = books.workday(hours="80.00")
        run(settings)

        books.execute("UPDATE workday SET hours = 8 WHERE id = %s", workday)
        run(settings)

        assert books.column("SELECT hours FROM invoice_workday") == [Decimal("8.00")]
        assert books.rejects() == []

    def test_rejects_and_holds_again_what_nobody_put_right(self, settings, books):
        books.employee(rate=None)
        books.workday(day=1)
        books.workday(day=2, hours="80.00")

        run(settings)
        run(settings)

        assert books.value("SELECT count(*) FROM rejected_workday") == 2
        assert books.value("SELECT count(*) FROM held_employee") == 2

    def test_bills_late_workdays_under_the_next_number(self, settings, books):
        books.employee()
        books.workday(day=1)
        run(settings)

        books.workday(day=2, hours="4.00")
        run(settings)

        assert books.rows(
            "SELECT number, period, sum(hours) FROM invoice JOIN invoice_line ON invoice_id = id"
            " GROUP BY number, period ORDER BY number"
        ) == [
            ("ANNA-0001", date(2026, 10, 1), Decimal("8.00")),
            ("ANNA-0002", date(2026, 10, 1), Decimal("4.00")),
        ]

    def test_counts_billed_hours_to_the_24_of_a_day(self, settings, books):
        books.employee()
        books.workday(hours="20.00")
        run(settings)

        books.workday(hours="4.01", project="BEACON")
        books.workday(hours="4.00", project="BEACON", day=2)
        run(settings)

        assert books.rejects() == [("ANNA", "2026-10-01", "BEACON", "day_over_24", "24.01")]
        assert books.numbers() == ["ANNA-0001", "ANNA-0002"]

    def test_does_not_bill_a_day_again_that_upstream_deleted_and_wrote_anew(self, settings, books):
        books.employee()
        books.workday(hours="8.00")
        run(settings)

        books.execute("DELETE FROM workday")
        books.workday(hours="7.00")
        run(settings)

        assert books.numbers() == ["ANNA-0001"]
        assert books.runs() == ["issued", "empty"]

    @pytest.mark.parametrize(
        "edit",
        [
            "UPDATE workday SET work_date = '2026-10-02'",
            "UPDATE workday SET kind = 'overtime'",
            "UPDATE workday SET hours = 9",
            "UPDATE workday SET project_id = (SELECT id FROM project WHERE code = 'BEACON')",
            "UPDATE workday SET employee_id = (SELECT id FROM employee WHERE code = 'BOHDAN')",
        ],
    )
    def test_does_not_bill_a_day_again_that_upstream_edited(self, settings, books, edit):
        books.employee()
        books.employee("BOHDAN")
        books.project("BEACON")
        books.workday()
        run(settings)

        books.execute(edit)
        run(settings)

        assert books.numbers() == ["ANNA-0001"]

    def test_does_not_bill_a_day_again_that_moved_to_another_month(self, settings, books):
        books.employee()
        books.workday()
        run(settings)

        books.execute("UPDATE workday SET work_date = '2026-11-02'")
        run(settings, Period.month(2026, 11), datetime(2026, 12, 1, tzinfo=UTC))

        assert books.numbers() == ["ANNA-0001"]

    def test_keeps_the_numbers_counting_over_months(self, settings, books):
        books.employee()
        for day in (date(2026, 9, 1), date(2026, 10, 1)):
            books.workday(day=day)

        run(settings, OCTOBER)
        run(settings, Period.month(2026, 9))

        assert books.rows("SELECT number, period FROM invoice ORDER BY number") == [
            ("ANNA-0001", date(2026, 10, 1)),
            ("ANNA-0002", date(2026, 9, 1)),
        ]


class TestARunThatFails:
    def test_keeps_its_reason_and_issues_nothing(self, settings, books, cloud, monkeypatch):
        def off_by_one(*_args, **_frames):
            raise Unbalanced(["extracted and accounted for differ (2 rows against 1 rows)"])

        load_fixtures(settings)
        monkeypatch.setattr(month, "check_balance", off_by_one)

        with pytest.raises(Unbalanced):
            run(settings)

        [(status, failure, finished_at, counted)] = books.rows(
            "SELECT status, failure, finished_at, billed_rows FROM billing_run"
        )
        assert (status, counted) == ("failed", None)
        assert "differ (2 rows against 1 rows)" in failure
        assert finished_at is not None
        assert nothing_but_runs(books)
        assert cloud.to_render() == []

    def test_gives_its_numbers_back(self, settings, books, cloud):
        """One employee's broken series stops the run after others' numbers were taken."""
        load_fixtures(settings)
        break_series(books, "ZDZBLO")

        with pytest.raises(Exception, match="invoice_follows_its_predecessor"):
            run(settings)

        assert books.rows("SELECT series, last_sequence FROM invoice_series") == [("ZDZBLO", 5)]
        assert books.value("SELECT count(*) FROM invoice") == 0
        assert "invoice_follows_its_predecessor" in books.value("SELECT failure FROM billing_run")
        assert cloud.to_render() == []

    def test_is_healed_by_the_next(self, settings, books):
        load_fixtures(settings)
        break_series(books, "ZDZBLO")
        with pytest.raises(Exception, match="invoice_follows_its_predecessor"):
            run(settings)

        mend_series(books)
        run(settings)

        assert books.runs() == ["failed", "issued"]
        assert books.month() == reference_month()

    def test_lets_the_next_have_the_month(self, settings, elsewhere, books):
        """The lock of a run that failed is released although its process lives on."""
        break_series(books, "ANNA")
        books.employee()
        books.workday()
        with pytest.raises(Exception, match="invoice_follows_its_predecessor"):
            run(settings)
        mend_series(books)

        run(elsewhere())

        assert books.numbers() == ["ANNA-0001"]

    def test_before_it_could_say_why_is_marked_by_the_next(self, settings, books):
        books.add("billing_run", period=date(2026, 10, 1), status="running")
        books.add("billing_run", period=date(2026, 9, 1), status="running")

        run(settings)

        assert books.runs() == ["failed", "running", "empty"]  # September may be at work
        assert books.value("SELECT failure FROM billing_run WHERE status = 'failed'").startswith(
            "interrupted"
        )

    def test_that_issued_without_ending_keeps_no_run_from_the_month(self, settings, books):
        """No program of ours leaves one; whoever has the writer's password can."""
        document = draft(books)
        for day in document.lineage:
            day["workday_id"] += 1000
        issue(books, document)
        books.employee()
        books.workday()

        run(settings)

        assert books.runs() == ["running", "issued"]

    def test_after_the_issue_is_healed_by_the_next(self, settings, books, cloud, monkeypatch):
        def lost(*_args):
            raise ConnectionError

        load_fixtures(settings)
        with monkeypatch.context() as broken:
            broken.setattr(step, "fan_out", lost)
            with pytest.raises(ConnectionError):
                run(settings)
        assert books.runs() == ["issued"]

        run(settings)

        assert len(cloud.to_render()) == len(EXPECTED["invoices"])
        assert books.runs() == ["issued", "empty"]

    def test_for_want_of_letters_for_the_payer_does_not_begin(self, settings, books):
        payer = replace(settings.payer, name="Northwind 🌻 Research")

        with pytest.raises(UnprintablePayer, match="🌻"):
            run(replace(settings, payer=payer))

        assert books.runs() == []

    def test_for_want_of_a_database_says_so(self, settings):
        nowhere = replace(settings, database_url="postgresql://127.0.0.1:1/nowhere")

        with pytest.raises(DatabaseUnreachable, match="DATABASE_URL"):
            run(nowhere)


def break_series(books, series):
    """What only a superuser can do: a last number that was never issued."""
    with books.unguarded("invoice_series"):
        books.add("invoice_series", series=series, last_sequence=5)


def mend_series(books):
    with books.unguarded("invoice_series"):
        books.execute("DELETE FROM invoice_series")


def nothing_but_runs(books):
    return all(not rows for table, rows in books.contents().items() if table != "billing_run")


class TestTheDefaultPeriod:
    @pytest.mark.parametrize(
        ("moment", "period"),
        [
            (datetime(2026, 10, 31, 21, 59, 59, tzinfo=UTC), "2026-09"),  # 23:59:59 in Kyiv
            (datetime(2026, 10, 31, 22, 0, 0, tzinfo=UTC), "2026-10"),
            (datetime(2026, 6, 30, 20, 59, 59, tzinfo=UTC), "2026-05"),  # summer time
            (datetime(2026, 6, 30, 21, 0, 0, tzinfo=UTC), "2026-06"),
            (datetime(2026, 12, 31, 22, 0, 0, tzinfo=UTC), "2026-12"),
            (datetime(2026, 12, 31, 21, 0, 0, tzinfo=UTC), "2026-11"),
            (datetime(2028, 2, 29, 23, 0, 0, tzinfo=UTC), "2028-02"),
        ],
    )
    def test_is_the_month_before_today_in_the_billing_time_zone(self, settings, moment, period):
        assert str(period_to_bill(settings, None, moment)) == period

    def test_gives_way_to_a_named_one(self, settings):
        assert str(period_to_bill(settings, "2026-03", NOW)) == "2026-03"

    def test_does_not_stand_in_for_a_wrong_one(self, settings):
        with pytest.raises(InvalidPeriod):
            period_to_bill(settings, "", NOW)


class TestRunsAtOnce:
    @pytest.mark.parametrize("many", [2, 8])
    def test_of_one_month_issue_what_one_does(self, settings, elsewhere, books, cloud, many):
        load_fixtures(settings)

        outcomes = at_once(*(partial(run, elsewhere()) for _ in range(many)))

        assert sorted(outcome.invoices for outcome in outcomes) == [0] * (many - 1) + [7]
        assert books.runs() == ["issued"] + ["empty"] * (many - 1)
        assert books.month().invoices == reference_month().invoices
        assert books.numbers() == [f"{code}-0001" for code in EXPECTED["invoices"]]
        assert set(cloud.to_render()) == set(books.column("SELECT id FROM invoice"))

    def test_of_several_months_leave_every_series_unbroken(self, settings, elsewhere, books):
        codes = [f"E{number}" for number in range(12)]
        months = [Period.month(2026, month) for month in range(1, 9)]
        for code in codes:
            books.employee(code, self_billing_agreed_on=date(2025, 1, 1))
            for period in months:
                books.workday(code, period.start)

        at_once(*(partial(run, elsewhere(), period) for period in months))

        assert books.value("SELECT count(*) FROM invoice") == len(codes) * len(months)
        assert unbroken(books.numbers())
        assert set(books.runs()) == {"issued"}

    def test_wait_for_the_holder_of_the_month_and_see_what_it_committed(
        self, settings, elsewhere, books
    ):
        books.employee()
        books.workday()
        held = "SELECT pg_advisory_lock(%s, %s)"
        books.execute(held, 0x53426C, 2026 * 12 + 10)

        def release_when_the_run_waits():
            while not books.column(
                "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
                " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            ):
                pass
            books.workday(day=2)
            books.execute("SELECT pg_advisory_unlock_all()")

        at_once(partial(run, elsewhere()), release_when_the_run_waits)

        assert books.value("SELECT count(*) FROM invoice_workday") == 2
