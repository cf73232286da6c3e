"""What analysts ask of the export: figures worked out by hand, and the ledger's own to the cent."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import psycopg
import pytest
from rich.console import Console

from chalicelib.aws import s3
from chalicelib.billing.period import Period
from chalicelib.billing.sharding import Shard
from chalicelib.steps.bill_month import bill_month
from chalicelib.steps.close_month import close_period
from chalicelib.steps.correct_invoice import correct_invoice
from chalicelib.steps.email_invoice import email_invoice
from chalicelib.steps.render_invoice import render_invoice
from cloud import roles
from jobs import bill
from jobs.query import answers, sources
from jobs.query import ask as asking
from jobs.query.forms import Form
from tests.builders_ledger import Books
from tests.conftest import fresh_database, of_role
from tests.ledger_answers import ANSWERS

from .conftest import empty_cloud, load_as_operator, settings_of

FIXTURES = Path(__file__).parents[2] / "data" / "fixtures"
SEPTEMBER, OCTOBER, NOVEMBER = (Period.month(2026, month) for month in (9, 10, 11))
NOW = datetime(2026, 11, 1, 3, 15, tzinfo=UTC)
LATER = datetime(2026, 12, 1, 3, 15, tzinfo=UTC)


def work_a_quarter(settings, cloud, books):
    """
    September to November: a correction, late work of two kinds, rejects, helds, a bounced mail.

    Of the fixtures: September has 5.50 hours of KOVALCHUK's.  Added: HUDZ's 1 October goes from
    8.00 to 4.00 hours after it was billed; KOVALCHUK's 5.00 hours of 31 October come after the run,
    and 3.00 of 29 September after that month was closed; NGUYEN's 8.00 hours of 3 November.
    """
    load_as_operator(FIXTURES, settings)
    bill_month(settings, SEPTEMBER, NOW)
    bill_month(settings, OCTOBER, NOW)
    deliver(settings, cloud, books)
    books.execute("UPDATE workday SET hours = 4 WHERE work_date = '2026-10-01' AND " + of("HUDZ"))
    correct_invoice(settings, "HUDZ-0001", NOW)
    books.workday("KOVALCHUK", date(2026, 10, 31), "5.00")
    bill_month(settings, OCTOBER, NOW)
    close_period(settings.database_url, SEPTEMBER)
    close_period(settings.database_url, OCTOBER)
    books.workday("KOVALCHUK", date(2026, 9, 29), "3.00")
    books.workday("NGUYEN", date(2026, 11, 3), "8.00", project="BEACON")
    bill_month(settings, NOVEMBER, LATER)
    for period in (SEPTEMBER, OCTOBER, NOVEMBER):
        bill.export(settings, period)


def of(code):
    return f"employee_id = (SELECT id FROM employee WHERE code = '{code}')"


def deliver(settings, cloud, books):
    for invoice_id in cloud.to_render()[:4]:
        render_invoice(settings, invoice_id)
    for delivery_id in cloud.to_mail():
        email_invoice(settings, delivery_id)
    books.execute(
        "UPDATE delivery SET status = 'bounced', error = 'no such mailbox' WHERE id = ("
        "SELECT max(id) FROM delivery WHERE status = 'sent')"
    )


def copy_of_export(settings, folder):
    """A copy of the export bucket in a folder, as an analyst takes one."""
    for key in s3.keys(settings.export_bucket, "exports/"):
        file = folder / key
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(s3.get(settings.export_bucket, key))
    return sources.of_folder(str(folder))


def asker(export):
    """Gives the rows of an answer over the export that *export* gives."""

    def ask(question):
        with asking.answered(asking.text_of(question), export()) as connection:
            return connection.table(asking.ANSWER).fetchall()

    return ask


@dataclass(frozen=True)
class Quarter:
    """A quarter's books and a copy of its export, which no test changes."""

    books: Books
    export: sources.Source

    @property
    def ask(self):
        return asker(lambda: self.export)

    def written(self, question, form):
        """An answer as text."""
        out = Console(file=io.StringIO(), width=20)
        with asking.answered(asking.text_of(question), self.export) as connection:
            answers.write(connection, form, None, out)
        return out.file.getvalue()


@pytest.fixture(scope="module")
def quarter(server_url, clients, tmp_path_factory):
    with fresh_database(server_url) as url, psycopg.connect(url, autocommit=True) as connection:
        books = Books(connection)
        with empty_cloud() as cloud, of_role(url, roles.OPERATOR) as operator_url:
            settings = settings_of(operator_url, cloud)
            work_a_quarter(settings, cloud, books)
            export = copy_of_export(settings, tmp_path_factory.mktemp("quarter"))
        yield Quarter(books, export)


@pytest.fixture
def ask(settings, tmp_path):
    """The rows of an answer over what a test has exported."""
    return asker(lambda: copy_of_export(settings, tmp_path))


class TestEveryQuestion:
    def test_has_an_answer_of_the_ledger_to_compare_with(self):
        assert sorted(ANSWERS) == asking.questions()
        assert len(ANSWERS) >= 12

    def test_says_first_what_it_answers_and_what_a_row_is(self):
        for name in asking.questions():
            comment = [
                line.removeprefix("-- ")
                for line in asking.text_of(name).splitlines()
                if line.startswith("-- ")
            ]
            assert comment[0].endswith("?"), name
            assert comment[1].startswith("One row per "), name

    def test_is_answered_as_the_ledger_has_it(self, quarter):
        for name, query in ANSWERS.items():
            answer = quarter.ask(name)

            assert answer == quarter.books.rows(query), name
            assert answer, name

    def test_is_answered_without_floating_point(self, quarter):
        for name in asking.questions():
            with asking.answered(asking.text_of(name), quarter.export) as connection:
                types = connection.table(asking.ANSWER).types
            assert not {str(kind) for kind in types} & {"DOUBLE", "FLOAT"}, name

    def test_is_answered_by_an_empty_month_too(self, settings, ask):
        bill.export(settings, OCTOBER)

        for name in asking.questions():
            assert ask(name) == [], name


class TestTheAnswers:
    """Of the fixtures, whose figures data/fixtures/README.md works out; changes as in `quarter`."""

    def test_give_each_project_its_cost(self, quarter):
        costs = {(row[0], row[1], row[2]): row[4:] for row in quarter.ask("cost_by_project")}

        assert costs["2026-10", "UAH", "DNIPRO"] == (  # 86.50 and 70.50 h, less 4.00 at 780
            Decimal("153.00"),
            Decimal("122547.75"),
        )
        assert costs["2026-10", "UAH", "ATLAS"] == (Decimal("163.00"), Decimal("138550.00"))
        assert costs["2026-11", "UAH", "ATLAS"] == (Decimal("3.00"), Decimal("2550.00"))

    def test_show_what_a_department_s_cost_changed_by(self, quarter):
        [first, second, third] = [
            row[2:] for row in quarter.ask("department_trend") if row[:2] == ("ENG", "UAH")
        ]

        assert first == ("2026-09", Decimal("5.50"), Decimal("4675.00"), None)
        assert second[3] == Decimal("133875.00")  # 138550.00 - 4675.00
        assert third[3] == Decimal("-136000.00")  # 2550.00 - 138550.00

    def test_count_overtime_s_share(self, quarter):
        shares = {row[:2]: row[2:] for row in quarter.ask("overtime_share")}

        assert shares["2026-10", "PLN"] == (  # 2.50 of 147.50 + 152.25 h
            Decimal("299.75"),
            Decimal("2.50"),
            Decimal("32171.13"),
            Decimal("358.13"),
            Decimal("0.0083"),
            Decimal("0.0111"),
        )

    def test_average_what_an_hour_costs(self, quarter):
        rates = {row[:2]: row[5] for row in quarter.ask("effective_rate")}

        assert rates["2026-10", "PAPADOPOULOU"] == Decimal("33.8058")  # 4175.02 / 123.50
        assert rates["2026-10", "LEFEVRE"] == Decimal("41.2500")

    def test_tell_credit_notes_from_invoices(self, quarter):
        corrected = {row[:2]: row[2:] for row in quarter.ask("corrections_by_month")}

        assert corrected["2026-10", "UAH"] == (
            4,
            1,
            Decimal("414475.50"),  # 125667.75 + 161160.00 + 122547.75 + 5100.00
            Decimal("-125667.75"),
            Decimal("0.2500"),
        )

    def test_name_late_work_and_why_it_is_late(self, quarter):
        assert quarter.ask("late_workdays") == [
            ("2026-10", "KOVALCHUK", "later run", 1, Decimal("5.00")),
            ("2026-11", "KOVALCHUK", "earlier month", 1, Decimal("3.00")),
        ]

    def test_call_no_shard_of_a_month_a_later_run(self, settings, ask):
        load_as_operator(FIXTURES, settings)
        for shard in (Shard(1, 2), Shard(2, 2), None):
            bill_month(settings, OCTOBER, NOW, shard)

        assert ask("late_workdays") == []

    def test_call_late_what_the_shards_of_a_second_run_bill(self, settings, books, ask):
        load_as_operator(FIXTURES, settings)
        shards = (Shard(1, 2), Shard(2, 2), None)
        for shard in shards:
            bill_month(settings, OCTOBER, NOW, shard)
        books.workday("KOVALCHUK", date(2026, 10, 31), "5.00")
        for shard in shards:
            bill_month(settings, OCTOBER, NOW, shard)

        assert ask("late_workdays") == [
            ("2026-10", "KOVALCHUK", "later run", 1, Decimal("5.00")),
        ]

    def test_judge_a_month_in_shards_by_its_run_of_the_whole(self, settings, ask):
        load_as_operator(FIXTURES, settings)
        for shard in (Shard(1, 2), Shard(2, 2), None):
            bill_month(settings, OCTOBER, NOW, shard)

        [(_, rejected, *_)] = ask("hours_not_billed")

        assert rejected == 6

    def test_count_rejects_by_rule(self, quarter):
        october = [row for row in quarter.ask("rejects_by_rule") if row[0] == "2026-10"]

        assert october == [
            ("2026-10", "day_over_24", 2, 1, Decimal("24.50")),
            ("2026-10", "hours", 3, 3, Decimal("76.00")),
            ("2026-10", "kind", 1, 1, Decimal("6.00")),
        ]

    def test_name_who_is_without_an_invoice(self, quarter):
        missing = quarter.ask("not_arrived")

        assert ("bounced", "no such mailbox") in {row[5:7] for row in missing}
        assert {row[5] for row in missing} == {"bounced", "queued"}

    def test_rank_contractors_within_a_currency(self, quarter):
        eur = [
            row[2:]
            for row in quarter.ask("contractor_concentration")
            if row[:2] == ("2026-10", "EUR")
        ]

        assert eur == [
            (1, "LEFEVRE", Decimal("5671.88"), Decimal("0.3735"), Decimal("0.3735")),
            (2, "NGUYEN", Decimal("5340.32"), Decimal("0.3516"), Decimal("0.7251")),
            (3, "PAPADOPOULOU", Decimal("4175.02"), Decimal("0.2749"), Decimal("1.0000")),
        ]

    def test_total_each_currency_by_itself(self, quarter):
        totals = {row[:2]: row[2:] for row in quarter.ask("currency_totals")}

        assert totals["2026-10", "EUR"] == (
            3,
            Decimal("15187.22"),
            Decimal("1134.38"),
            Decimal("16321.60"),
        )

    def test_compare_with_the_month_before(self, quarter):
        eur = [row[1:] for row in quarter.ask("month_over_month") if row[0] == "EUR"]

        assert eur == [
            ("2026-10", 3, Decimal("15187.22"), None, None),
            (  # 8.00 h at 37.5550
                "2026-11",
                1,
                Decimal("300.44"),
                Decimal("-14886.78"),
                Decimal("-0.9802"),
            ),
        ]

    def test_count_the_hours_that_nobody_billed(self, quarter):
        october = {row[0]: row[1:] for row in quarter.ask("hours_not_billed")}["2026-10"]

        assert october == (
            6,
            Decimal("106.50"),
            29,
            Decimal("224.25"),
            Decimal("1018.95"),  # 1017.95 - 4.00 + 5.00
            Decimal("0.2451"),
        )

    def test_say_why_somebody_is_held(self, quarter):
        assert {row[1]: row[2] for row in quarter.ask("held_contractors")} == {
            "BAECKER": "no_agreement",
            "CONCEICAO": "no_rate",
            "MARCHETTI": "unprintable",
        }

    def test_sum_up_the_tax_return(self, quarter):
        standard = {row[:4]: row[4:] for row in quarter.ask("tax_by_category")}

        assert standard["2026-10", "PLN", "S", Decimal("0.230000")] == (
            2,
            Decimal("32171.13"),
            Decimal("7399.36"),
            Decimal("39570.49"),
        )

    def test_name_the_rate_that_was_raised(self, quarter):
        assert quarter.ask("rate_changes") == [
            (
                date(2026, 10, 16),
                "HUDZ",
                "UAH",
                "regular",
                Decimal("780.0000"),
                Decimal("825.5000"),
                Decimal("0.0583"),
            )
        ]


class TestWhatIsWritten:
    def test_as_csv_has_every_decimal(self, quarter):
        rows = list(csv.DictReader(io.StringIO(quarter.written("currency_totals", Form.CSV))))

        assert [row["total"] for row in rows if row["period"] == "2026-10"] == [
            "16321.60",
            "39570.49",
            "288807.75",
        ]

    def test_as_json_states_decimals_and_days_as_strings(self, quarter):
        [first, *_] = json.loads(quarter.written("payments_due", Form.JSON))

        assert first == {
            "due_on": "2026-11-01",
            "currency": "UAH",
            "documents": 1,
            "contractors": 1,
            "total": "-125667.75",
        }

    def test_as_a_table_is_whole_however_narrow_the_terminal(self, quarter):
        table = quarter.written("hours_not_billed", Form.TABLE)

        assert "106.50" in table.splitlines()[2]
        assert "0.2451" in table.splitlines()[2]
        assert table.endswith("3 rows\n")

    def test_as_parquet_keeps_its_types(self, quarter, tmp_path):
        file = tmp_path / "o'ut.parquet"
        with asking.answered(asking.text_of("currency_totals"), quarter.export) as connection:
            answers.write(connection, Form.PARQUET, file, Console())

        with duckdb.connect() as reader:
            described = reader.execute("DESCRIBE FROM read_parquet(?)", [str(file)]).fetchall()
        assert ("total", "DECIMAL(38,2)") in [row[:2] for row in described]

    def test_states_moments_in_utc(self, quarter):
        queued = quarter.written("SELECT min(queued_at) AS first FROM deliveries", Form.CSV)

        assert queued == "first\n2026-11-01 03:15:00+00\n"


class TestAMixture:
    """Files of two exports of one month side by side: as a reader of several may meet them."""

    @pytest.fixture
    def settings(self, operator_settings):
        """A quarter has months that a person closes."""
        return operator_settings

    def test_is_never_answered(self, settings, cloud, books, tmp_path, monkeypatch):
        monkeypatch.setattr(asking, "PAUSE_SECONDS", 0)
        work_a_quarter(settings, cloud, books)
        source = copy_of_export(settings, tmp_path)
        stale = Path(source.root) / "lines" / "period=2026-11" / "part-0.parquet"
        before = stale.read_bytes()
        books.workday("NGUYEN", date(2026, 11, 4), "8.00", project="BEACON")
        bill_month(settings, NOVEMBER, LATER)
        copy_of_export(settings, tmp_path)
        stale.write_bytes(before)

        with pytest.raises(asking.ExportBusy), asking.answered("SELECT 1 AS one", source):
            pass

    def test_of_months_is_none(self, quarter):
        assert quarter.ask("SELECT DISTINCT period FROM invoices ORDER BY 1") == [
            ("2026-09",),
            ("2026-10",),
            ("2026-11",),
        ]


class TestRefusals:
    @pytest.mark.parametrize(
        ("question", "reason"),
        [
            ("SELECT totl FROM invoices", 'Referenced column "totl" not found'),
            ("SELECT * FROM invoice", "Table with name invoice does not exist"),
            ("SELEC 1", "syntax error"),
            ("DROP VIEW invoices", "syntax error"),
            ("SELECT CAST('x' AS INTEGER) AS x", "Could not convert string 'x'"),
        ],
    )
    def test_of_a_query_are_one_sentence(self, quarter, question, reason):
        with (
            pytest.raises(asking.QueryRefused) as raised,
            asking.answered(question, quarter.export),
        ):
            pass

        assert reason in str(raised.value)
        assert "\n" not in str(raised.value)

    def test_of_a_word_name_the_questions(self):
        with pytest.raises(asking.NoSuchQuestion, match="currency_totals"):
            asking.text_of("curency_totals")

    def test_of_a_folder_without_an_export_say_what_to_run(self, tmp_path):
        with (
            pytest.raises(asking.NothingExported, match="jobs export PERIOD"),
            asking.answered("SELECT 1 AS one", sources.of_folder(str(tmp_path))),
        ):
            pass
