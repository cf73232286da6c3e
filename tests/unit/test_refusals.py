"""What a database refuses, in one sentence that says what to do and nothing of the row."""

import psycopg
import pytest
from sqlalchemy.exc import InvalidRequestError, OperationalError

from chalicelib.store.refusals import DatabaseRefused, told

ROW = 'COPY invoice, line 1: "Anna Nowak,PL61109010140000071219812874"'


def of_state(state):
    return psycopg.errors.lookup(state)(f"no\nDETAIL: {ROW}\nCONTEXT: {ROW}")


class TestARefusal:
    @pytest.mark.parametrize(
        ("sqlstate", "sentence"),
        [
            ("08006", "the connection was lost; run it again"),
            ("22P02", "a value does not fit its column; correct the data"),
            ("23505", "a row is there already; run it again"),
            ("23514", "a row breaks a rule of the ledger; correct the data"),
            ("25006", "it is read-only; point DATABASE_URL to the primary"),
            ("40001", "another transaction changed the same rows; run it again"),
            ("40P01", "it was in a deadlock with another transaction; run it again"),
            ("42501", "the role may not do this; name a role in DATABASE_URL"),
            ("42P01", "a table is missing; its schema is out of date; run: python -m jobs migrate"),
            ("42703", "its schema is out of date; run: python -m jobs migrate"),
            ("53100", "its disk is full; make room on its disk"),
            ("55P03", "a lock was not free within lock_timeout; run it again"),
            ("57014", "the statement was cancelled, or took longer than statement_timeout"),
            ("57P01", "it was shut down or is starting; run it again once it is up"),
            ("42601", "SyntaxError (SQLSTATE 42601); look at its log"),
        ],
    )
    def test_says_what_the_sqlstate_means_and_what_to_do(self, sqlstate, sentence):
        said = str(DatabaseRefused(of_state(sqlstate)))

        assert said.startswith("the database refused the request: ")
        assert sentence in said
        assert not [word for word in ("Anna", "PL61", "\n", "COPY") if word in said]

    def test_is_the_same_whether_sqlalchemy_wrapped_it_or_not(self):
        below = of_state("40P01")
        wrapped = OperationalError("UPDATE invoice", {"name": "Anna Nowak"}, below)

        assert str(DatabaseRefused(wrapped)) == str(DatabaseRefused(below))
        assert DatabaseRefused(wrapped).sqlstate == "40P01"

    @pytest.mark.parametrize(
        ("error", "meaning"),
        [
            (psycopg.OperationalError("the server is gone"), "the connection was lost"),
            (psycopg.DataError("NUL in Anna\0Nowak"), "could not be read; report this"),
            (InvalidRequestError("Anna Nowak"), "InvalidRequestError in the connection to it"),
        ],
    )
    def test_without_a_sqlstate_says_what_kind_it_is(self, error, meaning):
        said = str(DatabaseRefused(error))

        assert meaning in said
        assert "Anna" not in said

    def test_of_an_error_of_ours_is_none(self):
        with pytest.raises(KeyError), told():
            raise KeyError("number")
