"""What nobody expected of a service, as the one sentence that the command line ends with."""

import psycopg
import pytest
from botocore.exceptions import EndpointConnectionError
from sqlalchemy.exc import OperationalError

from jobs.cli.main import _refusal


class TestARefusal:
    @pytest.mark.parametrize(
        ("error", "sentence"),
        [
            (
                psycopg.errors.UndefinedTable('relation "run_status" does not exist\nLINE 1: …'),
                'relation "run_status" does not exist',
            ),
            (
                OperationalError("SELECT 1", {}, psycopg.OperationalError("the server is gone")),
                "the server is gone",
            ),
            (EndpointConnectionError(endpoint_url="http://127.0.0.1:1"), "http://127.0.0.1:1"),
            (OSError(28, "No space left on device", "cloud.json"), "make room on the disk"),
        ],
    )
    def test_is_one_sentence(self, error, sentence):
        refusal = _refusal(error)

        assert sentence in refusal
        assert "\n" not in refusal

    def test_of_a_defect_is_none(self):
        assert _refusal(KeyError("number")) is None
