"""Numbers under concurrency: every series counts 1, 2, 3 …, whoever fails on the way."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from random import Random

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from chalicelib.store.connection import engine
from chalicelib.store.numbering import number, take_sequences
from tests.builders_ledger import at_once, unbroken
from tests.conftest import forget

INVOICE = text("""
    INSERT INTO invoice (number, series, sequence, kind, employee_id, run_id, period, currency,
        subtotal, tax_rate, tax_category, tax, total, issued_at, issued_on, due_on, locale,
        department_code,
        supplier_name, supplier_address, supplier_country, supplier_tax_id,
        buyer_name, buyer_address, buyer_country, buyer_tax_id, content_sha256, rounding_policy)
    SELECT :number, :series, :sequence, 'invoice', employee.id, 1, '2026-10-01', 'EUR',
        50, 0, 'O', 0, 50, now(), '2026-11-01', '2026-11-15', 'en', 'ENG',
        'Anna', '', 'PL', '', 'Northwind', '', 'IE', '', repeat('0', 64), 'half-away/line/1'
    FROM employee WHERE code = :series
    RETURNING id, employee_id
""")
LINE = text("""
    INSERT INTO invoice_line (invoice_id, position, project_code, project_name, kind, hours,
        unit_rate, amount)
    VALUES (:id, 1, 'ATLAS', 'Atlas', 'regular', 1, 50, 50)
""")
WORKDAY = text("""
    INSERT INTO invoice_workday (employee_id, work_date, project_id, kind, turn, invoice_id,
        position, workday_id, hours, unit_rate)
    VALUES (:employee_id, :day, 1, 'regular', 1, :id, 1, 1, 1, 50)
""")


class ChangedMind(Exception):
    """Rolls a transaction back."""


@dataclass(frozen=True, slots=True)
class Odds:
    """How often a transaction is rolled back, and how often its connection is lost."""

    rollback: float
    loss: float = 0


def issue(connection, series, sequence):
    key = {"series": series, "sequence": sequence, "number": number(series, sequence)}
    invoice = connection.execute(INVOICE, key).one()._asdict()
    connection.execute(LINE, invoice)
    connection.execute(WORKDAY, invoice | {"day": date(2000, 1, 1) + timedelta(sequence)})


def meet_a_mishap(connection, odds, random):
    if random.random() < odds.rollback:
        raise ChangedMind
    if random.random() < odds.loss:
        connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))


def issue_many(url, names, count, odds, seed):
    """Issue *count* invoices, several of different series at a time, starting over when lost."""
    random = Random(seed)
    while count > 0:
        chosen = random.sample(names, min(count, len(names), random.randint(1, 3)))
        try:
            with engine(url).begin() as connection:
                for series, sequence in take_sequences(connection, chosen).items():
                    issue(connection, series, sequence)
                meet_a_mishap(connection, odds, random)
        except ChangedMind:
            pass
        except OperationalError as error:
            if not error.connection_invalidated:
                raise  # a deadlock is no accident
        else:
            count -= len(chosen)


def hammer(books, database_url, *, workers, each, series, odds):
    names = [f"S{place}" for place in range(series)]
    books.project()
    books.add("billing_run", period=date(2026, 10, 1), status="running")
    for name in names:
        books.employee(name, rate=None)
    urls = [f"{database_url}&application_name=worker{place}" for place in range(workers)]
    try:
        at_once(
            *(partial(issue_many, url, names, each, odds, seed) for seed, url in enumerate(urls))
        )
    finally:
        for url in urls:
            forget(url)


class TestNumbers:
    def test_are_unbroken_under_concurrent_rollbacks(self, books, database_url):
        hammer(books, database_url, workers=8, each=25, series=5, odds=Odds(rollback=0.2))

        assert len(books.numbers()) == 8 * 25
        assert unbroken(books.numbers())

    def test_agree_with_what_is_kept_of_each_series(self, books, database_url):
        hammer(books, database_url, workers=2, each=10, series=2, odds=Odds(rollback=0.5))

        assert books.rows("SELECT * FROM invoice_series ORDER BY 1") == books.rows(
            "SELECT series, count(*) FROM invoice GROUP BY series ORDER BY 1"
        )

    @pytest.mark.prove
    def test_are_unbroken_over_10000_issues(self, books, database_url):
        hammer(
            books,
            database_url,
            workers=16,
            each=625,
            series=50,
            odds=Odds(rollback=0.1, loss=0.01),
        )

        assert len(books.numbers()) == 10_000
        assert unbroken(books.numbers())

    def test_are_given_back_by_a_rollback(self, books, database_url):
        with engine(database_url).connect() as connection:
            assert take_sequences(connection, ["ANNA"]) == {"ANNA": 1}
            connection.rollback()
            assert take_sequences(connection, ["ANNA", "BOHDAN"]) == {"ANNA": 1, "BOHDAN": 1}
            assert take_sequences(connection, ["BOHDAN"]) == {"BOHDAN": 2}

    def test_are_given_back_by_a_lost_connection(self, books, database_url):
        with suppress(OperationalError), engine(database_url).begin() as connection:
            take_sequences(connection, ["ANNA"])
            connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

        with engine(database_url).connect() as connection:
            assert take_sequences(connection, ["ANNA"]) == {"ANNA": 1}

    @pytest.mark.parametrize(
        ("sequence", "written"), [(1, "E-1-0001"), (9999, "E-1-9999"), (10000, "E-1-10000")]
    )
    def test_are_written_with_four_digits_or_more(self, sequence, written):
        assert number("E-1", sequence) == written
