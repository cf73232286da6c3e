"""What is kept of an error: one sentence, without a secret and without a row."""

import traceback

import psycopg
import pytest
from botocore.exceptions import ClientError
from sqlalchemy.exc import OperationalError

from chalicelib.billing.errors import BillingError
from chalicelib.steps.reasons import StepFailed, in_one_sentence, telling

URL = "postgresql://billing:s3cr%2Ft@db.example:5432/selfbill"


def raised(error):
    try:
        raise error
    except type(error) as caught:
        return caught


class TestAReason:
    def test_is_our_own_sentence_as_it_is(self):
        error = BillingError("no invoice has the id 7; check DATABASE_URL")

        assert in_one_sentence(error, URL) == "no invoice has the id 7; check DATABASE_URL"

    def test_of_an_error_of_others_is_its_kind_and_place(self):
        said = in_one_sentence(raised(ValueError("Anna Nowak is not a number")), URL)

        assert said.startswith("unexpected ValueError in unit/test_reasons.py line ")
        assert "Anna" not in said

    @pytest.mark.parametrize("error", [BillingError(), KeyError(), ValueError("\n")])
    def test_is_never_empty(self, error):
        assert type(error).__name__ in in_one_sentence(error, URL)

    def test_is_of_the_driver_without_the_statement_and_its_values(self):
        below = psycopg.errors.LockNotAvailable("lock timeout\nCONTEXT: while updating tuple")
        error = OperationalError("UPDATE delivery", {"recipient": "a@b.example"}, below)

        assert in_one_sentence(error, URL) == (
            "the database refused the request: a lock was not free within lock_timeout;"
            " run it again"
        )

    def test_keeps_what_aws_says(self):
        answer = {"Error": {"Code": "NoSuchBucket", "Message": "no such bucket"}}

        said = in_one_sentence(ClientError(answer, "PutObject"), URL)

        assert said.startswith("An error occurred (NoSuchBucket)")

    def test_keeps_what_the_operating_system_says_without_the_file(self):
        error = OSError(28, "No space left on device", "Anna Nowak.pdf")

        assert in_one_sentence(error, URL) == "OSError: No space left on device"

    @pytest.mark.parametrize(
        "said",
        [
            f'missing "=" after "{URL}" in connection info string',
            "password s3cr/t was refused",
            "password s3cr%2Ft was refused",
            "cannot reach https://user:hunter2@mail.example/x",
        ],
    )
    def test_hides_credentials(self, said):
        reason = in_one_sentence(BillingError(said), URL)

        assert not [secret for secret in ("s3cr", "hunter2") if secret in reason]
        assert "***" in reason

    def test_hides_those_of_the_environment_unless_told_another_url(self, monkeypatch):
        monkeypatch.setenv("DATABASE_URL", URL)

        assert in_one_sentence(BillingError("password s3cr/t")) == "password ***"

    def test_can_be_stored_by_postgres_and_forges_no_line_of_a_log(self):
        assert in_one_sentence(BillingError("a\0b\x1b[2J\u202ec\r"), URL) == (
            r"a\x00b\x1b[2J\u202ec"
        )

    def test_of_a_url_nobody_can_read_is_still_given(self):
        assert in_one_sentence(BillingError("no"), "not a url") == "no"


class TestWhatLeavesALambda:
    def test_is_one_sentence_with_the_way_there_and_nothing_else(self):
        with pytest.raises(StepFailed) as left, telling():
            raise ValueError("Anna Nowak")

        logged = "".join(traceback.format_exception(left.value))
        assert "unexpected ValueError" in logged
        assert "test_reasons.py" in logged
        assert 'ValueError("Anna Nowak")' in logged  # the line of code; its values are not
        assert "ValueError: Anna Nowak" not in logged

    def test_is_our_error_without_what_it_was_raised_from(self):
        def step():
            raise BillingError("try again") from raised(KeyError("Anna Nowak"))

        with pytest.raises(BillingError, match="try again") as left, telling():
            step()

        assert "KeyError:" not in "".join(traceback.format_exception(left.value))
