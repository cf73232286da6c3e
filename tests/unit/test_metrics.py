"""What CloudWatch makes figures of."""

import json
from datetime import UTC, datetime

import pytest

from chalicelib.aws import metrics
from chalicelib.billing.period import InvalidPeriod
from chalicelib.steps import bill_month

from .test_settings import COMPLETE

NOW = datetime(2026, 11, 1, 3, 15, tzinfo=UTC)


class TestEmbedded:
    def test_is_the_form_that_cloudwatch_reads(self):
        written = metrics.embedded({"RunFailed": 0, "Invoices": 7}, "bill", NOW)

        assert written == {
            "_aws": {
                "Timestamp": 1793502900000,
                "CloudWatchMetrics": [
                    {
                        "Namespace": "Selfbill",
                        "Dimensions": [["Function"]],
                        "Metrics": [{"Name": "RunFailed"}, {"Name": "Invoices"}],
                    }
                ],
            },
            "Function": "bill",
            "RunFailed": 0,
            "Invoices": 7,
        }


class TestEmit:
    def test_writes_one_line_for_the_function_that_runs(self, capsys, monkeypatch):
        monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "stack-Sweep-1")

        metrics.emit({"Undelivered": 2}, NOW)

        [line] = capsys.readouterr().out.splitlines()
        assert json.loads(line)["Function"] == "stack-Sweep-1"


class TestARunThatFails:
    def test_says_so_and_still_fails(self, capsys, monkeypatch):
        for name, value in COMPLETE.items():
            monkeypatch.setenv(name, value)

        with pytest.raises(InvalidPeriod):
            bill_month.handle({"period": "October"})

        figures = json.loads(capsys.readouterr().out)
        assert (figures["RunFailed"], figures["RunBalanced"]) == (1, 0)
