"""No float holds money or hours: not in a table, a frame, a Parquet column or a JSON number."""

from __future__ import annotations

import ast
import importlib
import json
import pkgutil
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import duckdb
import polars as pl
import pytest
import sqlalchemy
from chalice.app import Chalice

import chalicelib
from app import app
from chalicelib.api.reader import settings as read_settings
from chalicelib.aws import s3
from chalicelib.billing.period import Period
from chalicelib.billing.schemas import Frame, dtypes
from chalicelib.export.parquet import DATASETS, export_key
from chalicelib.steps import bill_month as bill_month_step
from chalicelib.steps.bill_month import bill_month
from chalicelib.steps.correct_invoice import correct_invoice
from chalicelib.steps.render_invoice import render_invoice
from chalicelib.store.tables import metadata
from tests.integration.test_api import ACCOUNTANT, claims

OCTOBER = Period.month(2026, 10)
NOW = datetime(2026, 11, 1, 3, 15, tzinfo=UTC)
FLOATS = (pl.Float32, pl.Float64)
# What counts something that has cents or hundredths, by the last word of its name.
EXACT = ("hours", "rate", "amount", "subtotal", "tax", "total", "multiplier", "difference")
# Everything that computes; drawing has coordinates, and they may be floats.
COMPUTING = ("billing", "store", "steps", "api", "export", "aws/sqs.py")


def is_exact(name):
    return name.split("_")[-1] in EXACT


def every_module():
    """Everything in chalicelib, imported."""
    found = pkgutil.walk_packages(chalicelib.__path__, "chalicelib.")
    return [importlib.import_module(module.name) for module in found]


def every_frame():
    every_module()
    frames, new = set(), {Frame}
    while new:
        frames |= new
        new = {model for known in new for model in known.__subclasses__()} - frames
    return sorted(frames, key=lambda model: model.__qualname__)


@pytest.fixture
def ledger(settings, books, cloud):
    """A month with an overtime, a reject, a held employee, a correction and a document."""
    books.employee("ANNA", tax_rate="0.123457")
    books.employee("BORYS", self_billing_agreed_on=None)
    changed = books.workday("ANNA", 1, "7.25")
    books.workday("ANNA", 2, "1.05", kind="overtime")
    books.workday("ANNA", 3, "24.01")
    books.workday("BORYS", 1)
    books.add("app_user", email=ACCOUNTANT, role="accountant")
    bill_month(settings, OCTOBER, NOW)
    books.execute("UPDATE workday SET hours = 6.75 WHERE id = %s", changed)
    correct_invoice(settings, "ANNA-0001", NOW)
    render_invoice(settings, cloud.to_render()[0])
    return books


@pytest.fixture
def answers(ledger, settings, reader_url, monkeypatch):
    """What every GET route answers an accountant, as text, by route."""
    readers = replace(settings, database_url=reader_url)
    for module in every_module():
        if vars(module).get("settings") is read_settings:
            monkeypatch.setattr(module, "settings", lambda: readers)
    return {
        (route, number): ask(route, number)
        for route, methods in app.routes.items()
        if "GET" in methods
        for number in (ledger.numbers() if "{number}" in route else [""])
    }


def ask(route, number):
    values = {"number": number, "period": str(OCTOBER)}
    event = {
        "resource": route,
        "path": route.format(**values),
        "httpMethod": "GET",
        "headers": {},
        "multiValueHeaders": {},
        "multiValueQueryStringParameters": None,
        "pathParameters": values,
        "stageVariables": None,
        "requestContext": {
            "resourcePath": route,
            "httpMethod": "GET",
            "identity": {"sourceIp": "127.0.0.1"},
            "authorizer": {"claims": claims(ACCOUNTANT)},
        },
        "body": None,
        "isBase64Encoded": False,
    }
    return app(event, None)["body"]


def fields(value, name=""):
    """Every name in a JSON value with what stands behind it."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from fields(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from fields(inner, name)
    else:
        yield name, value


class TestTheDatabase:
    def test_has_no_floating_column(self, books):
        columns = books.rows(
            "SELECT table_name, column_name, data_type FROM information_schema.columns"
            " WHERE table_schema = 'public'"
        )

        assert len(columns) > 100
        assert [column for column in columns if column[2] in ("real", "double precision")] == []

    def test_gives_every_amount_its_scale(self, books):
        """A numeric without one would take any fraction of a cent."""
        columns = books.rows(
            "SELECT column_name, data_type, numeric_scale FROM information_schema.columns"
            " WHERE table_schema = 'public'"
        )

        exact = [column for column in columns if is_exact(column[0])]
        assert len(exact) > 15
        assert {kind for _, kind, _ in exact} == {"numeric"}
        assert {scale for *_, scale in exact} <= {2, 4, 6}

    def test_hands_its_numbers_over_as_decimals(self):
        numbers = [
            column.type
            for table in metadata.tables.values()
            for column in table.columns
            if isinstance(column.type, sqlalchemy.Numeric)
        ]

        assert len(numbers) > 15
        assert not [kind for kind in numbers if isinstance(kind, sqlalchemy.Float)]
        assert all(kind.asdecimal for kind in numbers)


class TestTheFrames:
    @pytest.mark.parametrize("model", every_frame(), ids=lambda model: model.__qualname__)
    def test_have_no_floating_column(self, model):
        for name, dtype in dtypes(model).items():
            assert dtype not in FLOATS, name
            assert not is_exact(name) or isinstance(dtype, pl.Decimal), name

    @pytest.mark.parametrize("dataset", DATASETS)
    def test_of_the_exports_have_none_either(self, dataset):
        for name, dtype in DATASETS[dataset].schema.items():
            assert dtype not in FLOATS, name
            assert not is_exact(name) or isinstance(dtype, pl.Decimal), name

    def test_come_out_of_a_run_as_their_schemas_say(self, ledger, settings, monkeypatch):
        """Pandera is not asked on the way: whatever a frame becomes, no column is a float."""
        drafted = []
        issue = bill_month_step.issue

        def noting(connection, draft, extract, common):
            drafted.append((draft, extract))
            issue(connection, draft, extract, common)

        monkeypatch.setattr(bill_month_step, "issue", noting)
        ledger.workday("ANNA", 9)
        bill_month(settings, OCTOBER, NOW)

        [(draft, extract)] = drafted
        frames = [
            getattr(part, name)
            for part in (draft, extract)
            for name in part.__slots__
            if name != "control"
        ]
        assert len(frames) == 10
        assert not [kind for frame in frames for kind in frame.dtypes if kind in FLOATS]


class TestTheParquet:
    @pytest.mark.parametrize("dataset", DATASETS)
    def test_stores_integers_and_texts(self, ledger, settings, dataset, tmp_path):
        body = s3.get(settings.export_bucket, export_key(dataset, OCTOBER))
        file = tmp_path / "part-0.parquet"
        file.write_bytes(body)

        with duckdb.connect() as connection:
            physical = connection.execute(
                "SELECT name, type, logical_type FROM parquet_schema(?) WHERE type IS NOT NULL",
                [str(file)],
            ).fetchall()
            [(rows,)] = connection.execute(
                "SELECT count(*) FROM read_parquet(?)", [str(file)]
            ).fetchall()

        assert rows == pl.read_parquet(BytesIO(body)).height > 0
        assert {kind for _, kind, _ in physical} <= {
            "INT32",
            "INT64",
            "FIXED_LEN_BYTE_ARRAY",
            "BYTE_ARRAY",
        }
        for name, _, logical in physical:
            assert not is_exact(name) or "Decimal" in str(logical), name


class TestTheAnswers:
    def test_hold_no_float(self, answers):
        def refuse(number):
            raise AssertionError(f"{number} is not exact")

        assert isinstance(app, Chalice)
        assert {route for route, _ in answers} >= {"/invoices", "/invoices/{number}"}
        for body in answers.values():
            json.loads(body, parse_float=refuse)

    def test_state_money_and_hours_as_texts(self, answers):
        stated = [
            (name, value)
            for body in answers.values()
            for name, value in fields(json.loads(body))
            if is_exact(name)
        ]

        assert {name for name, _ in stated} >= {"hours", "unit_rate", "amount", "tax", "total"}
        assert ("subtotal", "-441.25") in stated
        for name, value in stated:
            assert isinstance(value, str), name
            assert Decimal(value).as_tuple().exponent in {-2, -4, -6}, name

    def test_of_the_lambda_hold_none(self, ledger, settings, monkeypatch):
        monkeypatch.setattr(bill_month_step.Settings, "from_environment", lambda _: settings)

        answer = bill_month_step.handle({"period": str(OCTOBER)})

        assert not [value for _, value in fields(answer) if isinstance(value, float)]
        assert answer["control"]["held"]["hours"] == "8.00"


class TestTheProgram:
    def test_writes_no_fraction_but_as_a_decimal(self):
        """``0.1`` in the source is not a tenth."""
        root = Path(chalicelib.__file__).parent
        sources = [
            source
            for part in COMPUTING
            for source in ((root / part).rglob("*.py") if (root / part).is_dir() else [root / part])
        ]

        floats = [
            f"{source.name}:{node.lineno}"
            for source in sources
            for node in ast.walk(ast.parse(source.read_text()))
            if (isinstance(node, ast.Constant) and isinstance(node.value, float))
            or (isinstance(node, ast.Name) and node.id == "float")
            or (isinstance(node, ast.Attribute) and node.attr in ("Float32", "Float64"))
        ]
        assert len(sources) > 30
        assert floats == []
