"""
Invoices by the thousand: the ledger is what the reference biller makes, and so is the Parquet.

The month is drawn from a seed, with what tempts rounding: hours times rate and subtotal times tax
that end on half a cent or a step beside it, and overtime rates on half of their last decimal.
"""

from __future__ import annotations

import itertools
import random
import string
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

import duckdb
import pytest
from psycopg.errors import CheckViolation

from chalicelib.aws import s3, sqs
from chalicelib.billing.control import ControlTotals
from chalicelib.billing.period import Period
from chalicelib.export.parquet import export_key, export_period
from chalicelib.steps.bill_month import bill_month
from chalicelib.store import records
from chalicelib.store.connection import engine
from chalicelib.store.crediting import credit
from chalicelib.store.runs import add_run, finish_run
from tests.builders_ledger import EMPLOYEE
from tests.reference import biller
from tests.reference.biller import CENT, RATE_STEP, Employee, Rate, Workday

OCTOBER = Period.month(2026, 10)
NOW = datetime(2026, 11, 1, 3, 15, tzinfo=UTC)
FIRST_OF_YEAR = date(2026, 1, 1)
PROJECTS = ("ATLAS", "BEACON", "CEDAR", "DELTA")
CURRENCIES = [
    *("EUR", "UAH", "PLN", "USD", "GBP", "CHF", "SEK", "NOK", "DKK", "CZK"),
    *("HUF", "RON", "BGN", "TRY", "GEL", "MDL", "KZT", "CAD", "JPY", "INR"),
]
# Half, an eighth and the like of a subtotal end on half a cent often; a random rate never does.
HALVING_TAXES = [Decimal(text) for text in ("0.5", "0.05", "0.125", "0.025", "0.005", "0.000500")]
OTHER_TAXES = [Decimal(text) for text in ("0", "0.2", "0.23", "1", "0.000001", "0.999999")]
# Hours and a step of rates (in ten-thousandths): an odd multiple of it makes half a cent.
HALVING_HOURS = [("1.00", 50), ("0.50", 100), ("2.50", 20), ("12.50", 4), ("0.25", 200)]
MULTIPLIERS = [Decimal(text) for text in ("1.50", "1.25", "2.00", "1.05", "1.33")]


@dataclass(frozen=True)
class Month:
    """What a month's invoices are made of, each employee with a good row at least."""

    employees: list[Employee]
    rates: list[Rate]
    workdays: list[Workday]


def a_month(seed, invoices):
    chance = random.Random(seed)
    employees = [an_employee(chance, code) for code in itertools.islice(codes(), invoices)]
    rates, workdays = [], []
    for employee in employees:
        own_rates, own_days = a_persons_month(chance, employee.code)
        rates += own_rates
        workdays += own_days
    return Month(employees, rates, workdays)


def codes():
    for letters in itertools.product(string.ascii_uppercase, repeat=4):
        yield "".join(letters)


def an_employee(chance, code):
    tax = chance.choice(
        [
            chance.choice(HALVING_TAXES),
            chance.choice(HALVING_TAXES),
            chance.choice(OTHER_TAXES),
            Decimal(chance.randrange(1_000_001)).scaleb(-6),
        ]
    )
    return Employee(code, chance.choice(CURRENCIES), tax, FIRST_OF_YEAR)


def a_persons_month(chance, code):
    """One rate or a raise within the month; a few days, at most 24 hours each."""
    hours, step = chance.choice(HALVING_HOURS)
    starts = [FIRST_OF_YEAR] + [date(2026, 10, chance.randint(2, 6))] * chance.randint(0, 1)
    multiplier = chance.choice(MULTIPLIERS)
    rates = [Rate(code, start, a_rate(chance, step), multiplier) for start in starts]
    days = chance.sample(range(1, 9), chance.randint(1, 3))
    return rates, [
        Workday(
            code,
            date(2026, 10, day),
            chance.choice(PROJECTS),
            chance.choice(biller.KINDS),
            Decimal(hours)
            if chance.random() < 0.5
            else Decimal(chance.randint(1, 2400)).scaleb(-2),
        )
        for day in days
    ]


def a_rate(chance, step):
    """
    On half a cent or a ten-thousandth beside it; now and then a huge one.

    Twice the largest is the largest a rate may be.
    """
    units = (2 * chance.randint(0, 10_000) + 1) * step + chance.choice([0, 0, -1, 1])
    if chance.random() < 0.02:
        units = chance.randint(1, 499_999_999_999)
    return Decimal(units).scaleb(-4)


def record(books, month):
    """As other systems would, by COPY."""
    for project in PROJECTS:
        books.project(project)
    department = books.add("department", code="ENG", name="Engineering")
    copy(
        books,
        "employee",
        ["code", "department_id", "currency", "tax_rate", "full_name", *PLAIN],
        (
            (
                one.code,
                department,
                one.currency,
                one.tax_rate,
                one.code.title(),
                *(EMPLOYEE[name] for name in PLAIN),
            )
            for one in month.employees
        ),
    )
    employees = dict(books.rows("SELECT code, id FROM employee"))
    projects = dict(books.rows("SELECT code, id FROM project"))
    copy(
        books,
        "rate",
        ["employee_id", "valid_from", "hourly_rate", "overtime_multiplier"],
        (
            (employees[rate.employee], rate.valid_from, rate.hourly_rate, rate.overtime_multiplier)
            for rate in month.rates
        ),
    )
    copy(
        books,
        "workday",
        ["employee_id", "work_date", "project_id", "kind", "hours"],
        (
            (employees[day.employee], day.work_date, projects[day.project], day.kind, day.hours)
            for day in month.workdays
        ),
    )
    books.execute("ANALYZE")


PLAIN = ("tax_id", "address", "country", "self_billing_agreed_on")


def copy(books, table, columns, rows):
    with (
        books.connection.cursor() as cursor,
        cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as stream,
    ):
        for row in rows:
            stream.write_row(row)


@dataclass(frozen=True)
class Documents:
    """The same two questions, asked of the ledger, of the Parquet or of the reference."""

    invoices: list[tuple]
    lines: list[tuple]


def of_reference(made):
    numbered = [(f"{invoice.employee}-0001", invoice) for invoice in made.invoices]
    return Documents(
        [
            (
                number,
                invoice.currency,
                invoice.subtotal,
                invoice.tax_rate,
                invoice.tax,
                invoice.total,
            )
            for number, invoice in numbered
        ],
        [
            (number, place, line.project, line.kind, line.hours, line.unit_rate, line.amount)
            for number, invoice in numbered
            for place, line in enumerate(invoice.lines, start=1)
        ],
    )


def of_ledger(books):
    return Documents(
        books.rows(
            "SELECT number, currency, subtotal, tax_rate, tax, total FROM invoice"
            ' ORDER BY number COLLATE "C"'
        ),
        books.rows(
            "SELECT number, position, project_code, line.kind, hours, unit_rate, amount"
            " FROM invoice_line AS line JOIN invoice ON invoice.id = invoice_id"
            ' ORDER BY number COLLATE "C", position'
        ),
    )


def of_parquet(settings, folder):
    for name in ("invoices", "lines"):
        body = s3.get(settings.export_bucket, export_key(name, OCTOBER))
        (folder / f"{name}.parquet").write_bytes(body)
    with duckdb.connect() as analyst:
        return Documents(
            analyst.sql(
                "SELECT number, currency, subtotal, tax_rate, tax, total"
                f" FROM read_parquet('{folder}/invoices.parquet') ORDER BY number"
            ).fetchall(),
            analyst.sql(
                "SELECT number, position, project, kind, hours, unit_rate, amount"
                f" FROM read_parquet('{folder}/lines.parquet') ORDER BY number, position"
            ).fetchall(),
        )


def credit_every(settings, books, nth):
    """The credit notes of every *nth* invoice, a correction each; returns how many."""
    numbers = books.column('SELECT number FROM invoice ORDER BY number COLLATE "C"')[::nth]
    with engine(settings.database_url).connect() as connection:
        for number in numbers:
            with connection.begin():
                original = records.invoice_by_number(connection, number)
                run_id = add_run(connection, OCTOBER, corrects=original.id)
                credit(
                    connection,
                    original,
                    run_id=run_id,
                    period=OCTOBER,
                    issued_at=NOW,
                    issued_on=NOW.date(),
                )
                finish_run(connection, run_id, ControlTotals())
        export_period(connection, settings.export_bucket, OCTOBER)
    return len(numbers)


def negated(documents, numbers):
    """What the credit notes of the invoices with these *numbers* are to be."""
    return Documents(
        [
            (number.replace("-0001", "-0002"), currency, -subtotal, rate, -tax, -total)
            for number, currency, subtotal, rate, tax, total in documents.invoices
            if number in numbers
        ],
        [
            (number.replace("-0001", "-0002"), place, project, kind, -hours, rate, -amount)
            for number, place, project, kind, hours, rate, amount in documents.lines
            if number in numbers
        ],
    )


def only_credits(documents):
    return Documents(
        [row for row in documents.invoices if row[0].endswith("-0002")],
        [row for row in documents.lines if row[0].endswith("-0002")],
    )


def on_the_border(products, step):
    """What part of exact *products* lies just between two multiples of *step*."""
    halves = [product for product in products if product % step == step / 2]
    return len(halves) / len(products)


def check_that_it_tempts(month, made):
    """The month is worth proving: many products lie where a rounding can go wrong."""
    amounts = [line.hours * line.unit_rate for invoice in made.invoices for line in invoice.lines]
    taxes = [invoice.subtotal * invoice.tax_rate for invoice in made.invoices]
    overtimes = [rate.hourly_rate * rate.overtime_multiplier for rate in month.rates]
    assert on_the_border(amounts, CENT) > 0.05
    assert on_the_border(taxes, CENT) > 0.03
    assert on_the_border(overtimes, RATE_STEP) > 0.03
    assert len({invoice.currency for invoice in made.invoices}) == len(CURRENCIES)
    assert max(len(invoice.lines) for invoice in made.invoices) >= 3


def prove(settings, books, folder, *, seed, invoices, nth):
    month = a_month(seed, invoices)
    made = biller.bill(
        "2026-10",
        NOW.date(),
        employees=month.employees,
        rates=month.rates,
        workdays=month.workdays,
    )
    check_that_it_tempts(month, made)
    record(books, month)

    outcome = bill_month(settings, OCTOBER, NOW)

    assert outcome.invoices == len(made.invoices) == invoices
    for side in ("extracted", "billed", "rejected", "held"):
        counted, expected = getattr(outcome.control, side), getattr(made.control, side)
        assert (counted.rows, counted.hours) == (expected.rows, expected.hours)
    expected = of_reference(made)
    assert of_ledger(books) == expected
    assert of_parquet(settings, folder) == expected

    credited = credit_every(settings, books, nth)

    numbers = {number for number, *_ in expected.invoices[::nth]}
    notes = only_credits(of_ledger(books))
    assert len(notes.invoices) == credited == len(numbers)
    assert notes == negated(expected, numbers)
    assert only_credits(of_parquet(settings, folder)) == notes


class TestTheMoney:
    @pytest.mark.parametrize("seed", [20261001])
    def test_is_the_reference_s_to_the_cent(self, fresh_ledger, tmp_path, seed):
        with fresh_ledger() as (books, settings):
            prove(settings, books, tmp_path, seed=seed, invoices=500, nth=4)

    @pytest.mark.prove
    @pytest.mark.parametrize("seed", [20261002])
    def test_is_so_a_hundred_thousand_times(self, fresh_ledger, tmp_path, seed, monkeypatch):
        """
        One run of a hundred thousand invoices.

        Its messages are counted and not sent: moto's SQS looks through the whole queue at each
        call, which would take longer than all the rest.
        """
        published = defaultdict(set)
        monkeypatch.setattr(sqs, "publish", lambda queue, key, ids: published[key].update(ids))
        with fresh_ledger() as (books, settings):
            prove(settings, books, tmp_path, seed=seed, invoices=100_000, nth=20)
            assert len(published["invoice_id"]) == 100_000


class TestARateWhoseOvertimeIsTooLarge:
    """The columns allow 99,999,999.9999 an hour and a multiplier of 99.99, not their product."""

    @pytest.mark.parametrize(
        ("rate", "multiplier"),
        [
            ("50000000.0000", "15.00"),
            pytest.param(
                "93457943.9252",
                "1.07",  # 99,999,999.999964, which is a hundred million once it is rounded
            ),
        ],
    )
    def test_is_refused_as_it_would_stop_everybody_s_run(self, books, rate, multiplier):
        books.employee("ANNA", rate=None)

        with pytest.raises(CheckViolation):
            books.rate("ANNA", rate, multiplier=multiplier)

    def test_is_billed_if_it_just_fits(self, books, settings):
        books.employee("ANNA", rate=None, tax_rate="1")
        books.rate("ANNA", "49999999.9999", multiplier="2.00")
        books.workday("ANNA", 1, "24.00", kind="overtime")

        bill_month(settings, OCTOBER, NOW)

        assert books.rows("SELECT subtotal::text, total::text FROM invoice") == [
            ("2400000000.00", "4800000000.00")  # 24 x 99,999,999.9998 is 2,399,999,999.9952
        ]
