"""The API's listings in an archive of years: by index, complete, and without repeats."""

from __future__ import annotations

import psycopg
import pytest
from sqlalchemy import select, true
from sqlalchemy.dialects.postgresql import psycopg as dialect

from benchmarks.archive import archive_of
from benchmarks.listing import PAGES
from chalicelib.store import queries
from chalicelib.store.connection import engine
from chalicelib.store.queries import Filters
from chalicelib.store.tables import delivery, invoice, invoice_line
from cloud import roles
from tests.conftest import as_role, create_database, in_database, of_role

INVOICES = 20_000
LARGE = ("invoice", "invoice_line", "delivery", "document")


@pytest.fixture(scope="module")
def archive(server_url):
    """The URL of a database with `INVOICES` invoices of years."""
    with psycopg.connect(server_url, autocommit=True) as server:
        create_database(server, "archive")
        url = in_database(server_url, "archive")
        with psycopg.connect(url, autocommit=True) as connection:
            archive_of(INVOICES)(connection)
            connection.execute("VACUUM ANALYZE")
        with of_role(url, roles.READER) as reader_url:
            yield reader_url
        server.execute("DROP DATABASE archive WITH (FORCE)")


def plan_of(connection, query):
    compiled = query.compile(dialect=dialect.dialect(), compile_kwargs={"literal_binds": True})
    rows = connection.exec_driver_sql("EXPLAIN " + str(compiled).replace("%", "%%"))
    return "\n".join(line for (line,) in rows)


def walk(connection, filters, limit):
    """The ids on every page, one after the other."""
    before = None
    while True:
        page = queries.page(filters, true(), before_id=before, limit=limit)
        ids = [row["id"] for row in connection.execute(page).mappings()]
        if not ids:
            return
        yield from ids
        before = ids[-1]


class TestEveryListing:
    @pytest.mark.parametrize("before_id", [None, INVOICES // 2])
    @pytest.mark.parametrize(
        "filters",
        [*dict.fromkeys(filters for filters, _ in PAGES.values()), Filters(employee="NOBODY")],
        ids=str,
    )
    def test_is_found_by_an_index(self, archive, filters, before_id):
        query = queries.page(filters, true(), before_id=before_id, limit=51)
        with engine(archive).connect() as connection:
            plan = plan_of(connection, query)

        assert not [table for table in LARGE if f"Seq Scan on {table} " in plan + " "], plan

    def test_of_a_contractor_is_found_by_an_index(self, archive):
        own = queries.of_address("person7@example.com")
        with engine(archive).connect() as connection:
            plan = plan_of(connection, queries.page(Filters(), own, before_id=None, limit=51))

        assert "invoice_by_employee" in plan
        assert "Seq Scan on invoice" not in plan

    @pytest.mark.parametrize(
        ("filters", "chosen"),
        [
            (
                Filters(project="RARE"),
                select(invoice_line.c.invoice_id).where(invoice_line.c.project_code == "RARE"),
            ),
            (
                Filters(delivery="bounced"),
                select(delivery.c.invoice_id).where(delivery.c.status == "bounced"),
            ),
            (
                Filters(department="D1", kind="credit_note"),
                select(invoice.c.id).where(
                    invoice.c.department_code == "D1", invoice.c.kind == "credit_note"
                ),
            ),
        ],
        ids=["project", "delivery", "department and kind"],
    )
    def test_is_complete_and_without_repeats(self, archive, filters, chosen):
        with engine(archive).connect() as connection:
            listed = list(walk(connection, filters, limit=7))
            expected = sorted(connection.execute(chosen).scalars(), reverse=True)

        assert listed == expected != []

    def test_is_complete_while_invoices_are_issued(self, archive):
        """Newer invoices neither push a row onto the next page nor pull one off it."""
        filters = Filters(department="D3")
        with engine(archive).connect() as connection:
            before = list(walk(connection, filters, limit=100))
            pages = walk(connection, filters, limit=100)
            seen = [next(pages)]
            with psycopg.connect(as_role(archive, "postgres"), autocommit=True) as issuing:
                issuing.execute("ALTER TABLE invoice DISABLE TRIGGER ALL")
                issuing.execute(NEWER)
                issuing.execute("ALTER TABLE invoice ENABLE TRIGGER ALL")
            seen += pages
            issued = next(walk(connection, filters, limit=1))

        assert seen == before
        assert issued > before[0]


NEWER = """
    INSERT INTO invoice (number, series, sequence, kind, employee_id, run_id, period, currency,
        subtotal, tax_rate, tax_category, tax, total, issued_at, issued_on, due_on, locale,
        department_code, supplier_name, supplier_address, supplier_country, supplier_tax_id,
        buyer_name, buyer_address, buyer_country, buyer_tax_id, content_sha256, rounding_policy,
        id)
    SELECT series || '-' || 5000 + row_number() OVER (), series, 5000 + row_number() OVER (),
        'invoice',
        employee_id, run_id, period, currency, 100, tax_rate, tax_category, 20, 120, issued_at,
        issued_on, due_on, locale, department_code, supplier_name, supplier_address,
        supplier_country, supplier_tax_id, buyer_name, buyer_address, buyer_country, buyer_tax_id,
        content_sha256, rounding_policy, id + 1000000
    FROM invoice WHERE department_code = 'D3' ORDER BY id DESC LIMIT 200
"""
