"""The database's URL out of a secret, and a password that was changed since."""

import boto3
import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from chalicelib.billing.errors import BillingError
from chalicelib.steps.reasons import in_one_sentence
from chalicelib.store import secret
from chalicelib.store.connection import DatabaseUnreachable, check_reachable, engine
from chalicelib.store.secret import SecretUnreadable

from .conftest import REGION

NOWHERE = "postgresql://127.0.0.1:1/none"


@pytest.fixture(autouse=True)
def here(cloud, monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    yield
    secret._kept.cache_clear()


@pytest.fixture
def keep(here):
    """Puts a text into a secret; gives its ARN."""
    secrets = boto3.client("secretsmanager")
    arn = secrets.create_secret(Name="selfbill/database", SecretString=" ")["ARN"]

    def put(value):
        secrets.put_secret_value(SecretId=arn, SecretString=value)
        return arn

    return put


class TestTheDatabasesUrl:
    def test_may_be_the_arn_of_the_secret_that_holds_it(self, keep, database_url):
        arn = keep(database_url)

        with engine(arn).connect() as connection:
            assert connection.execute(text("SELECT 1")).scalar_one() == 1

    def test_stays_out_of_the_reason_why_a_step_failed(self, keep):
        arn = keep("postgresql://selfbill:s3cret@db.example/ledger")

        assert in_one_sentence(BillingError("no s3cret here"), arn) == "no *** here"

    def test_is_read_again_when_the_database_refuses_the_old_one(self, keep, database_url):
        arn = keep(NOWHERE)
        assert secret.libpq_url(arn) == NOWHERE

        keep(database_url)

        check_reachable(arn)

    def test_is_not_tried_for_ever(self, keep):
        with pytest.raises(DatabaseUnreachable):
            check_reachable(keep(NOWHERE))

    def test_is_read_once_as_long_as_it_works(self, keep, database_url):
        arn = keep(database_url)
        check_reachable(arn)

        keep(NOWHERE)

        engine(arn).dispose()
        check_reachable(arn)

    def test_is_missed_by_name(self, keep):
        with pytest.raises(SecretUnreadable, match="no text"):
            check_reachable(keep("  "))

    def test_names_a_secret_that_nobody_may_read(self):
        unknown = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:other"

        with pytest.raises(SecretUnreadable, match="ResourceNotFoundException"):
            check_reachable(unknown)

    def test_stays_as_it_is_without_a_secret(self):
        with pytest.raises(OperationalError), engine(NOWHERE).connect():
            pass
        assert not secret.has_changed(NOWHERE)
