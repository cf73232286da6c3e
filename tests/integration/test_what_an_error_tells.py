"""A row that the database refuses is quoted nowhere: not by the run, the API, a log or a screen."""

from __future__ import annotations

import json
import traceback

import pytest

from chalicelib.api import invoices, reader
from chalicelib.billing.errors import BillingError
from chalicelib.steps import bill_month, render_invoice
from chalicelib.store.connection import engine
from cloud.roles import READER

from .conftest import settings_of
from .test_api import ACCOUNTANT, Gateway
from .test_dead_letters import event

NAME, IBAN, STREET = "Ґалаґан Їжак", "UA213223130000026007233566001", "вул. Тиха 8"
ROW = (NAME, IBAN, STREET, "anna@contractors.example")


def refusing(state, said="NEW.supplier_name"):
    """A trigger that refuses every invoice with an SQLSTATE and, in its words, the row."""
    return f"""
        CREATE FUNCTION refuse_it() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            RAISE EXCEPTION 'no: %%', {said} USING ERRCODE = '{state}',
                DETAIL = NEW.supplier_address, HINT = NEW.supplier_iban;
        END $$;
        CREATE TRIGGER refuse_it BEFORE INSERT ON invoice FOR EACH ROW EXECUTE FUNCTION refuse_it()
    """


CAUSES = {
    "ALTER TABLE invoice ADD CONSTRAINT none_at_all CHECK (total < 0) NOT VALID": (
        "a row breaks a rule of the ledger (constraint none_at_all, table invoice)"
    ),
    "ALTER TABLE invoice ALTER COLUMN currency TYPE char(2) USING 'EU'": "does not fit its column",
    "ALTER TABLE invoice DROP COLUMN supplier_country CASCADE": "run: python -m jobs migrate",
    "CREATE UNIQUE INDEX one_each ON invoice (period)": "a row is there already (constraint one_e",
    refusing("P0001"): "a rule of the ledger refused a row (rule refuse_it); correct the data",
    refusing("23503"): "a row refers to one that does not exist",
    refusing("53100"): "its disk is full (rule refuse_it); make room",
    refusing("40P01"): "it was in a deadlock with another transaction (rule refuse_it); run",
    refusing("40001"): "another transaction changed the same rows (rule refuse_it); run it",
    refusing("57014"): "was cancelled, or took longer than statement_timeout",
    refusing("55P03"): "a lock was not free within lock_timeout",
    refusing("42501"): "the role may not do this",
    refusing("25006"): "it is read-only",
    refusing("XX000"): "it found an error of its own (rule refuse_it); look at its log",
}


@pytest.fixture
def month(books, environment):
    """Two contractors with a workday each, and a database that takes no invoice."""
    books.add("app_user", email=ACCOUNTANT, role="accountant")
    for code in ("ANNA", "BO"):
        books.employee(code, full_name=NAME, iban=IBAN, address=STREET)
        books.workday(code)


@pytest.fixture
def gateway(reader_url, cloud, monkeypatch):
    """The API, as its own role reads the ledger."""
    settings = settings_of(reader_url, cloud)
    for module in (reader, invoices):
        monkeypatch.setattr(module, "settings", lambda: settings)
    return Gateway()


def silent(text):
    return not [secret for secret in ROW if secret in text]


@pytest.mark.parametrize(("cause", "meaning"), CAUSES.items(), ids=CAUSES.values())
def test_a_month_that_the_database_refuses_is_told_in_one_sentence(
    month, books, gateway, run_job, caplog, cause, meaning
):
    books.execute(cause)

    code, output, errors = run_job("bill", "2026-10")

    assert (code, errors.count("\n")) == (2, 1)
    assert meaning in errors
    [failure] = books.column("SELECT failure FROM billing_run")
    assert meaning in failure
    assert silent(output + errors + failure + caplog.text)
    status, shown = gateway.runs()
    assert (status, shown["runs"][0]["failure"]) == (200, failure)


def test_what_leaves_the_lambda_has_nothing_of_the_row(month, books, caplog):
    books.execute(refusing("P0001"))

    with pytest.raises(BillingError) as left:
        bill_month.handle({"period": "2026-10"})

    logged = "".join(traceback.format_exception(left.value))
    assert "rule refuse_it" in logged
    assert silent(logged + caplog.text)


def test_what_a_failed_step_keeps_and_logs_has_nothing_of_the_row(month, books, caplog):
    bill_month.handle({"period": "2026-10"})
    [key, _] = books.column("SELECT id FROM invoice ORDER BY id")
    books.execute("""
        CREATE FUNCTION refuse_it() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            RAISE EXCEPTION 'no %%', (SELECT supplier_name || supplier_iban || supplier_address
                                     FROM invoice WHERE id = NEW.invoice_id);
        END $$;
        CREATE TRIGGER refuse_it BEFORE INSERT ON document FOR EACH ROW EXECUTE FUNCTION refuse_it()
    """)

    answer = render_invoice.handle(event("invoice_id", key))

    assert answer["batchItemFailures"]
    [reason] = books.column("SELECT reason FROM step_failure")
    assert "a rule of the ledger refused a row (rule refuse_it)" in reason
    assert "message message-0 failed: the database refused the request" in caplog.text
    assert silent(reason + caplog.text)
    assert not [m for m in caplog.messages if "\n" in m]


def test_an_answer_of_the_api_that_fails_logs_nothing_of_what_was_asked(
    month, gateway, caplog, books
):
    columns = books.column("""
        SELECT attname FROM pg_attribute
        WHERE attrelid = 'billing_run'::regclass AND attnum > 0 AND attname <> 'shards'
    """)
    books.execute(f"""
        ALTER TABLE billing_run RENAME TO runs_of_old;
        CREATE VIEW billing_run AS SELECT {", ".join(columns)},
            CAST((SELECT max(full_name) FROM employee) AS integer) AS shards FROM runs_of_old;
        GRANT SELECT ON billing_run TO {READER};
        INSERT INTO runs_of_old (period, status) VALUES ('2026-10-01', 'running')
    """)

    status, answer = gateway.runs()

    assert status == 500
    assert "a value does not fit its column" in caplog.text
    assert silent(caplog.text + json.dumps(answer, ensure_ascii=False))


def test_statements_show_no_values(month, books, settings):
    with (
        pytest.raises(Exception, match="hide_parameters=True") as refused,
        engine(settings.database_url).connect() as connection,
    ):
        connection.exec_driver_sql("SELECT 1 FROM nowhere WHERE name = %s", (NAME,))

    assert silent(str(refused.value))
