"""The Parquet an analyst reads: the ledger, exactly, in types that cannot lose a cent."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import NamedTemporaryFile

import duckdb
import pytest
from pandera.errors import SchemaErrors

from chalicelib.aws import s3
from chalicelib.billing.period import Period
from chalicelib.export import parquet
from chalicelib.export.contract import contract
from chalicelib.export.parquet import (
    DATASETS,
    SCHEMA_KEY,
    STAMP,
    Dataset,
    export_key,
    export_period,
)
from chalicelib.steps.bill_month import bill_month
from chalicelib.steps.correct_invoice import correct_invoice
from chalicelib.steps.email_invoice import email_invoice
from chalicelib.steps.render_invoice import render_invoice
from chalicelib.store.connection import engine
from chalicelib.store.extraction import OtherColumns
from jobs.export.page import page

from .by_hand import credit_of, draft, issue
from .conftest import load_as_operator

FIXTURES = Path(__file__).parents[2] / "data" / "fixtures"
OCTOBER = Period.month(2026, 10)
NOW = datetime(2026, 11, 1, 3, 15, tzinfo=UTC)

TEXTS = {"VARCHAR", "DATE", "INTEGER", "BIGINT", "TIMESTAMP WITH TIME ZONE"}


@pytest.fixture
def analyst(settings, tmp_path):
    """Run SQL over the exported files, ``{dataset}`` standing for each."""

    def ask(query):
        paths = {}
        for name in DATASETS:
            body = s3.get(settings.export_bucket, export_key(name, OCTOBER))
            folder = tmp_path / name / "period=2026-10"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "part-0.parquet").write_bytes(body)
            paths[name] = f"read_parquet('{tmp_path / name}/*/*.parquet', hive_partitioning = true)"
        with duckdb.connect() as connection:
            return connection.sql(query.format(**paths)).fetchall()

    return ask


def export(settings):
    with engine(settings.database_url).connect() as connection:
        return export_period(connection, settings.export_bucket, OCTOBER)


@pytest.fixture
def billed(settings, cloud):
    """The fixtures' month, one of its invoices delivered, exported again."""
    load_as_operator(FIXTURES, settings)
    bill_month(settings, OCTOBER, NOW)
    render_invoice(settings, cloud.to_render()[0])
    email_invoice(settings, *cloud.to_mail())
    export(settings)


class TestTheExport:
    @pytest.mark.parametrize("name", DATASETS)
    def test_holds_no_floating_point(self, billed, analyst, name):
        types = {column: kind for column, kind, *_ in analyst(f"DESCRIBE SELECT * FROM {{{name}}}")}

        assert {kind for kind in types.values() if not kind.startswith("DECIMAL")} <= TEXTS
        for column in ("subtotal", "tax", "total", "amount"):
            assert types.get(column, "DECIMAL(14,2)") == "DECIMAL(14,2)"
        for column, kind in types.items():
            if column.endswith(("hours", "rate")):
                assert kind.startswith("DECIMAL")
            if column in {"work_date", "issued_on", "due_on"}:
                assert kind == "DATE"

    def test_adds_up_to_the_ledger_by_currency(self, billed, analyst, books):
        exported = analyst(
            "SELECT currency, count(*), sum(subtotal), sum(tax), sum(total)"
            " FROM {invoices} GROUP BY currency ORDER BY currency"
        )

        assert exported == books.rows(
            "SELECT currency, count(*), sum(subtotal), sum(tax), sum(total)"
            " FROM invoice GROUP BY currency ORDER BY currency"
        )
        assert [row[4] for row in exported] == [
            Decimal("16321.60"),
            Decimal("39570.49"),
            Decimal("286827.75"),
        ]

    def test_is_the_invoices_of_the_ledger(self, billed, analyst, books):
        assert analyst("""
            SELECT number, kind, credits_number, employee, supplier_name, department, currency,
                   subtotal, tax_rate, tax, total, issued_on, due_on, run_id, content_sha256,
                   tax_category, supplier_country, locale
            FROM {invoices}
        """) == books.rows("""
            SELECT number, kind, NULL, series, supplier_name, department_code, currency,
                   subtotal, tax_rate, tax, total, issued_on, due_on, run_id, content_sha256,
                   tax_category, supplier_country, locale
            FROM invoice ORDER BY number COLLATE "C"
        """)

    def test_is_the_lines_of_the_ledger(self, billed, analyst, books):
        assert analyst("""
            SELECT number, position, employee, department, project, project_name, kind, hours,
                   unit_rate, amount, currency
            FROM {lines}
        """) == books.rows("""
            SELECT number, position, series, department_code, project_code, project_name, line.kind,
                   hours, unit_rate, amount, currency
            FROM invoice_line AS line JOIN invoice ON invoice.id = invoice_id
            ORDER BY number COLLATE "C", position
        """)

    def test_is_the_workdays_of_the_ledger(self, billed, analyst, books):
        assert analyst("""
            SELECT number, position, employee, work_date, project, kind, hours, unit_rate, turn,
                   workday_id
            FROM {workdays}
        """) == books.rows("""
            SELECT number, position, series, work_date, project.code, day.kind, hours, unit_rate,
                   turn, workday_id
            FROM invoice_workday AS day
            JOIN invoice ON invoice.id = invoice_id JOIN project ON project.id = day.project_id
            ORDER BY number COLLATE "C", position, work_date
        """)

    def test_is_the_rejects_of_the_newest_run(self, billed, analyst, books):
        rejects = analyst("SELECT employee, work_date, project, rule, value FROM {rejects}")

        assert [(row[0], row[1].isoformat(), *row[2:]) for row in rejects] == books.rejects()
        assert len(rejects) == 6

    def test_is_the_deliveries_as_they_stand(self, billed, analyst, books):
        assert analyst("""
            SELECT delivery_id, number, recipient, status, attempts, message_id, error,
                   epoch_us(queued_at), epoch_us(sent_at)
            FROM {deliveries}
        """) == books.rows("""
            SELECT delivery.id, number, recipient, status, attempts, message_id, error,
                   (extract(epoch FROM queued_at) * 1000000)::bigint,
                   (extract(epoch FROM sent_at) * 1000000)::bigint
            FROM delivery JOIN invoice ON invoice.id = invoice_id ORDER BY delivery.id
        """)
        assert analyst("SELECT status, count(*) FROM {deliveries} GROUP BY ALL ORDER BY 1") == [
            ("queued", 6),
            ("sent", 1),
        ]

    def test_negates_a_credit_note(self, settings, books, analyst):
        billed = draft(books)
        issue(books, credit_of(billed, issue(books, billed)))
        export(settings)

        assert analyst("SELECT sum(total), sum(subtotal), sum(tax) FROM {invoices}") == [(0, 0, 0)]
        assert analyst("SELECT sum(amount), sum(hours) FROM {lines}") == [(0, 0)]
        assert analyst("SELECT sum(hours) FROM {workdays}") == [(0,)]
        assert analyst("SELECT credits_number FROM {invoices}") == [
            (None,),
            (f"{billed.code}-0001",),
        ]

    def test_is_the_runs_that_completed(self, billed, settings, analyst, books):
        books.add("billing_run", period=OCTOBER.start, status="running")
        books.execute(
            "UPDATE billing_run SET status = 'failed', failure = 'no reason', finished_at = now()"
            " WHERE status = 'running'"
        )
        export(settings)

        assert analyst("SELECT * EXCLUDE (period) FROM {runs}") == books.rows("""
            SELECT id, 'month', NULL, extracted_rows, extracted_hours, billed_rows, billed_hours,
                   rejected_rows, rejected_hours, held_rows, held_hours, actor, claimed
            FROM billing_run WHERE status = 'issued'
        """)

    def test_is_the_helds_of_the_newest_run(self, billed, analyst, books):
        helds = analyst("SELECT employee, reason, detail FROM {helds}")

        assert {row[0]: row[1] for row in helds} == books.helds()
        assert ("CONCEICAO", "no_rate", "no rate on 2026-10-02") in helds

    def test_tells_corrections_from_months(self, billed, settings, analyst, books):
        books.execute("UPDATE workday SET hours = 7 WHERE work_date = '2026-10-01'")
        correct_invoice(settings, "HUDZ-0001", NOW)

        assert analyst("SELECT kind, corrects_number FROM {runs} ORDER BY run_id") == [
            ("month", None),
            ("correction", "HUDZ-0001"),
        ]

    def test_states_why_a_tax_rate_is_what_it_is(self, billed, analyst):
        categories = dict(analyst("SELECT employee, tax_category FROM {invoices}"))

        assert categories["HUDZ"] == "E"
        assert categories["KOVALCHUK"] == "S"

    def test_of_an_empty_month_has_its_columns_and_no_rows(self, settings, analyst):
        assert set(export(settings).values()) == {0}

        for name, dataset in DATASETS.items():
            described = analyst(f"DESCRIBE SELECT * EXCLUDE (period) FROM {{{name}}}")
            assert [column for column, *_ in described] == list(dataset.schema)
            assert analyst(f"SELECT count(*) FROM {{{name}}}") == [(0,)]

    def test_holds_one_month(self, settings, books, analyst):
        books.employee()
        for day in (date(2026, 9, 30), date(2026, 10, 1)):
            books.workday(day=day)
            bill_month(settings, Period.month(day.year, day.month), NOW)

        assert analyst("SELECT number FROM {invoices}") == [("ANNA-0002",)]
        assert analyst("SELECT work_date FROM {workdays}") == [(date(2026, 10, 1),)]
        assert s3.keys(settings.export_bucket, "exports/invoices/") == [
            "exports/invoices/period=2026-09/part-0.parquet",
            "exports/invoices/period=2026-10/part-0.parquet",
        ]

    def test_writes_the_same_bytes_again(self, settings, billed):
        key = export_key("invoices", OCTOBER)
        before = s3.get(settings.export_bucket, key)

        export(settings)

        assert s3.get(settings.export_bucket, key) == before

    @pytest.mark.parametrize("name", ["", ' "quoted", \n two lines ', "NULL", "007"])
    def test_copies_any_text_as_it_stands(self, settings, books, analyst, name):
        books.employee(full_name=name)
        books.workday()

        bill_month(settings, OCTOBER, NOW)

        assert analyst("SELECT supplier_name FROM {invoices}") == [(name,)]


class TestTheContract:
    def test_lies_beside_the_data(self, billed, settings):
        stored = s3.get(settings.export_bucket, SCHEMA_KEY)

        assert json.loads(stored) == contract()
        assert {
            name: len(dataset["columns"]) for name, dataset in contract()["datasets"].items()
        } == {name: len(dataset.schema) for name, dataset in DATASETS.items()}

    @pytest.mark.parametrize("name", DATASETS)
    def test_is_what_an_analyst_sees(self, billed, analyst, name):
        columns = contract()["datasets"][name]["columns"]
        described = analyst(f"DESCRIBE SELECT * EXCLUDE (period) FROM {{{name}}}")

        assert [row[:2] for row in described] == [(c["name"], c["type"]) for c in columns]
        for column in columns:
            nulls = analyst(f"SELECT count(*) FROM {{{name}}} WHERE {column['name']} IS NULL")
            assert column["nullable"] or nulls == [(0,)], column["name"]

    @pytest.mark.parametrize("name", DATASETS)
    def test_states_the_order_of_the_rows(self, billed, analyst, name):
        order = contract()["datasets"][name]["sorted_by"]
        rows = analyst(f"SELECT {', '.join(order)} FROM {{{name}}}")

        assert rows == sorted(rows)
        if name != "workdays":
            assert len(set(rows)) == len(rows)

    def test_gives_every_number_of_money_and_hours_a_unit(self):
        for dataset in contract()["datasets"].values():
            for column in dataset["columns"]:
                assert column["unit"] or not column["type"].startswith(("DECIMAL", "TIME"))

    def test_is_the_page_that_documents_it(self):
        written = (Path(__file__).parents[2] / "docs" / "export.md").read_text()

        assert written == page(), "python -m jobs.export.page > docs/export.md"

    def test_is_kept_by_every_export_or_nothing_is_written(self, billed, settings, monkeypatch):
        """What the ledger cannot hold is made by the query here: a number that is null."""
        queries = DATASETS["invoices"].query.replace("SELECT number,", "SELECT NULL AS number,")
        broken = {**DATASETS, "invoices": Dataset(queries, DATASETS["invoices"].model)}
        before = s3.get(settings.export_bucket, export_key("invoices", OCTOBER))
        monkeypatch.setattr(parquet, "DATASETS", broken)

        with pytest.raises(SchemaErrors):
            export(settings)

        assert s3.get(settings.export_bucket, export_key("invoices", OCTOBER)) == before

    def test_is_never_filled_by_the_columns_of_another_order(self, billed, settings, monkeypatch):
        """Two columns of text swapped would pass every check of types."""
        swapped = DATASETS["invoices"].query.replace("SELECT number, kind,", "SELECT kind, number,")
        broken = {**DATASETS, "invoices": Dataset(swapped, DATASETS["invoices"].model)}
        monkeypatch.setattr(parquet, "DATASETS", broken)

        with pytest.raises(OtherColumns, match="the query gives kind, number, "):
            export(settings)


class TestTheStamp:
    def stamps(self, settings):
        with duckdb.connect() as connection:
            found = set()
            for name in DATASETS:
                body = s3.get(settings.export_bucket, export_key(name, OCTOBER))
                with NamedTemporaryFile(suffix=".parquet") as file:
                    file.write(body)
                    file.flush()
                    found |= set(
                        connection.execute(
                            "SELECT decode(value) FROM parquet_kv_metadata(?)"
                            " WHERE key = CAST(? AS BLOB)",
                            [file.name, STAMP],
                        ).fetchall()
                    )
        return found

    def test_is_the_same_in_every_file_of_one_export(self, billed, settings):
        [[stamp]] = self.stamps(settings)

        assert len(stamp) == 64

    def test_changes_with_the_ledger_and_with_nothing_else(self, billed, settings, books):
        before = self.stamps(settings)

        export(settings)
        assert self.stamps(settings) == before

        books.execute("UPDATE delivery SET status = 'delivered' WHERE status = 'sent'")
        export(settings)
        assert self.stamps(settings) != before
