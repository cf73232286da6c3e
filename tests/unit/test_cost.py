"""The table of costs: the arithmetic, and that the page shows what it gives."""

from dataclasses import replace
from decimal import Decimal

import pytest
import yaml

from benchmarks import cost
from cloud.project import PROJECT

PRICES, WORK = cost.Prices(), cost.Work()
MILLION = cost.SIZES[-1]


class TestTheTable:
    def test_is_what_the_page_shows(self):
        assert cost.as_markdown() in (PROJECT / "docs" / "cost.md").read_text()

    def test_follows_the_prices(self):
        dearer = replace(PRICES, ses_thousand=Decimal("0.20"))

        assert cost.emails(MILLION, dearer, WORK) - cost.emails(MILLION, PRICES, WORK) == 100

    def test_charges_a_small_function_for_its_share_of_a_processor(self):
        """A second of processor at 512 MiB lasts 3.46 s, which is 1.73 GB-s."""
        busy = replace(WORK, delivery_cpu_seconds=WORK.delivery_cpu_seconds + 1)
        more = cost.functions(MILLION, PRICES, busy) - cost.functions(MILLION, PRICES, WORK)

        assert more / MILLION.invoices / PRICES.lambda_gb_second == pytest.approx(
            Decimal("1.7275"), abs=Decimal("0.0001")
        )


class TestTheTemplate:
    def test_has_the_alarms_that_are_paid_for(self):
        class Loader(yaml.SafeLoader):
            """Takes the short forms of CloudFormation's functions for what they hold."""

        Loader.add_multi_constructor("!", lambda *_: None)
        template = yaml.load((PROJECT / ".chalice" / "resources.yaml").read_text(), Loader)
        alarms = [
            one
            for one in template["Resources"].values()
            if one.get("Type") == "AWS::CloudWatch::Alarm" and "Condition" not in one
        ]

        assert len(alarms) == cost.ALARMS
