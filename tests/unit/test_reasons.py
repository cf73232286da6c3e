"""What is kept of an error: one sentence, and never a secret."""

import psycopg
import pytest
from botocore.exceptions import ClientError
from sqlalchemy.exc import OperationalError

from chalicelib.billing.errors import BillingError
from chalicelib.steps.reasons import in_one_sentence

URL = "postgresql://billing:s3cr%2Ft@db.example:5432/selfbill"


class TestAReason:
    def test_is_our_own_sentence_as_it_is(self):
        error = BillingError("no invoice has the id 7; check DATABASE_URL")

        assert in_one_sentence(error, URL) == "no invoice has the id 7; check DATABASE_URL"

    def test_names_an_error_of_others_and_what_it_says_first(self):
        error = ValueError("broken\nTraceback (most recent call last):\n  ...")

        assert in_one_sentence(error, URL) == "ValueError: broken"

    @pytest.mark.parametrize("error", [BillingError(), KeyError(), ValueError("\n")])
    def test_is_never_empty(self, error):
        assert in_one_sentence(error, URL) == type(error).__name__

    def test_is_of_the_driver_without_the_statement(self):
        below = psycopg.errors.LockNotAvailable("lock timeout\nCONTEXT: while updating tuple")
        error = OperationalError("UPDATE delivery", {"recipient": "a@b.example"}, below)

        assert in_one_sentence(error, URL) == "LockNotAvailable: lock timeout"

    def test_keeps_what_aws_says(self):
        answer = {"Error": {"Code": "NoSuchBucket", "Message": "no such bucket"}}

        said = in_one_sentence(ClientError(answer, "PutObject"), URL)

        assert said.startswith("An error occurred (NoSuchBucket)")

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
        reason = in_one_sentence(RuntimeError(said), URL)

        assert not [secret for secret in ("s3cr", "hunter2") if secret in reason]
        assert "***" in reason

    def test_can_be_stored_by_postgres(self):
        assert in_one_sentence(ValueError("a\0b"), URL) == "ValueError: ab"
