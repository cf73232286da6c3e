"""The guards that the migrations make are on file, and whichever is gone or changed is named."""

import polars as pl
import pytest

from chalicelib.billing.issued import Finding
from chalicelib.billing.verification import compare_guards
from jobs.guards import expected_guards, guards_of


def found(database_url):
    differences = compare_guards(expected_guards(), guards_of(database_url))
    return [str(Finding(**row)) for row in differences.iter_rows(named=True)]


NOTHING = "CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"


class TestGuards:
    def test_are_on_file_as_the_migrations_make_them(self, database_url):
        missing = guards_of(database_url).join(
            expected_guards(), on=["number", "state", "definition"], how="anti"
        )

        assert missing["number"].to_list() == [], "run: .venv/bin/python -m jobs.guards"
        assert expected_guards().height == guards_of(database_url).height, "as above"

    def test_of_a_migrated_database_are_in_place(self, database_url):
        assert found(database_url) == []

    @pytest.mark.parametrize(
        ("statement", "sentence"),
        [
            (
                "DROP TRIGGER invoice_adds_up ON invoice",
                "trigger invoice_adds_up on invoice: guard should be in place, found none.",
            ),
            (
                "ALTER TABLE invoice DISABLE TRIGGER invoice_never_changes",
                (
                    "trigger invoice_never_changes on invoice:"
                    " state should be always on, found switched off."
                ),
            ),
            (
                "ALTER TABLE invoice ENABLE TRIGGER invoice_never_changes",
                "trigger invoice_never_changes on invoice: state should be always on, found on.",
            ),
            (
                "ALTER TABLE invoice DROP CONSTRAINT invoice_total_is_subtotal_and_tax",
                (
                    "constraint invoice_total_is_subtotal_and_tax on invoice:"
                    " guard should be in place, found none."
                ),
            ),
            (
                (
                    "ALTER TABLE invoice_workday DROP CONSTRAINT invoice_workday_follows_its_turn,"
                    " ADD CONSTRAINT invoice_workday_follows_its_turn"
                    " FOREIGN KEY (employee_id, work_date, project_id, kind, previous_turn)"
                    " REFERENCES invoice_workday (employee_id, work_date, project_id, kind, turn)"
                    " NOT VALID"
                ),
                (
                    "constraint invoice_workday_follows_its_turn on invoice_workday:"
                    " state should be valid, found not valid."
                ),
            ),
            (
                "ALTER TABLE delivery DISABLE TRIGGER ALL",
                (
                    "constraint delivery_invoice_id_fkey on delivery:"
                    " state should be valid, found switched off."
                ),
            ),
            (
                "DROP INDEX delivery_one_on_its_way",
                (
                    "unique index delivery_one_on_its_way on delivery:"
                    " guard should be in place, found none."
                ),
            ),
            (
                "ALTER TABLE invoice ALTER total DROP NOT NULL",
                "column invoice.total: guard should be in place, found none.",
            ),
            (
                "ALTER FUNCTION refuse_change() SECURITY DEFINER RESET search_path",
                "function refuse_change(): state should be",
            ),
            (
                (
                    "CREATE OR REPLACE FUNCTION check_lineage() RETURNS trigger LANGUAGE plpgsql"
                    " AS 'BEGIN RETURN NULL; END'"
                ),
                "function check_lineage(): definition should be",
            ),
            (
                (
                    f"{NOTHING}; CREATE OR REPLACE TRIGGER delivery_never_vanishes"
                    " BEFORE DELETE OR TRUNCATE ON delivery"
                    " FOR EACH STATEMENT EXECUTE FUNCTION nothing()"
                ),
                "trigger delivery_never_vanishes on delivery: definition should be",
            ),
            (
                (
                    f"{NOTHING}; CREATE TRIGGER quiet BEFORE INSERT ON invoice_line"
                    " FOR EACH ROW EXECUTE FUNCTION nothing()"
                ),
                "trigger quiet on invoice_line: it should not be there, found on.",
            ),
            (
                "CREATE RULE quiet AS ON INSERT TO document DO INSTEAD NOTHING",
                "rule quiet on document: it should not be there, found on.",
            ),
            (
                "ALTER TABLE invoice ENABLE ROW LEVEL SECURITY",
                "rows of invoice: state should be all seen, found hidden by policies.",
            ),
            (
                "CREATE TABLE beside () INHERITS (invoice_line)",
                "child public.beside of invoice_line: it should not be there",
            ),
            (
                "CREATE OR REPLACE VIEW live_workday AS SELECT * FROM invoice_workday",
                "view live_workday: definition should be",
            ),
        ],
    )
    def test_that_are_gone_or_changed_are_named(self, books, database_url, statement, sentence):
        books.execute(statement)

        assert any(named.startswith(sentence) for named in found(database_url))

    def test_are_not_hidden_by_a_schema_that_is_searched_first(self, books, database_url):
        database = books.value("SELECT current_database()")
        books.execute(f"ALTER DATABASE {database} SET search_path = elsewhere, public")
        books.execute("CREATE SCHEMA elsewhere CREATE TABLE invoice (id bigint)")

        assert found(database_url) == []

    def test_that_only_refuse_more_are_nobody_s_business(self, books, database_url):
        books.execute("ALTER TABLE invoice ADD CHECK (total < 1000000)")
        books.execute("CREATE INDEX quick ON workday (note)")

        assert found(database_url) == []

    def test_of_another_version_are_compared_by_what_every_version_words_alike(self, database_url):
        server = pl.col("number") == "server"
        constraint = pl.col("number").str.starts_with("constraint")
        other = guards_of(database_url).with_columns(
            state=pl.when(server).then(pl.lit("PostgreSQL 16")).otherwise("state"),
            definition=pl.when(constraint).then(pl.lit("else")).otherwise("definition"),
        )
        changed = other.with_columns(
            definition=pl.when(pl.col("number") == "function check_lineage()")
            .then(pl.lit("else"))
            .otherwise("definition")
        )

        assert compare_guards(expected_guards(), other).height == 0
        assert compare_guards(expected_guards(), changed)["what"].to_list() == ["definition"]
