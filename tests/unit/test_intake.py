from datetime import date
from decimal import Decimal

import polars as pl
import pytest

from chalicelib.billing import schemas
from chalicelib.billing.intake import judge
from tests import builders

NOTHING_BILLED = builders.empty(schemas.BilledDay)


def rules(workdays, billed_days=NOTHING_BILLED):
    rejected = judge(workdays, billed_days).rejected
    schemas.Rejected.validate(rejected, lazy=True)
    return dict(rejected.select("workday_id", "rule").iter_rows())


class TestJudge:
    @pytest.mark.parametrize("hours", ["0.01", "8", "24"])
    def test_accepts_hours_that_fit_a_day(self, hours):
        workdays = builders.workdays({"hours": Decimal(hours)})

        assert judge(workdays, NOTHING_BILLED).good.equals(workdays)

    @pytest.mark.parametrize("hours", ["0", "-0.01", "24.01", "69.33"])
    def test_rejects_hours_that_do_not(self, hours):
        assert rules(builders.workdays({"hours": Decimal(hours)})) == {1: "hours"}

    def test_rejects_an_unknown_kind(self):
        assert rules(builders.workdays({"kind": "standby"})) == {1: "kind"}

    def test_rejects_every_row_of_a_day_over_24_hours(self):
        workdays = builders.workdays(
            {"hours": Decimal(20)},
            {"hours": Decimal("4.01"), "project_id": 2},
            {"hours": Decimal(8), "work_date": date(2026, 10, 2)},
        )

        assert rules(workdays) == {1: "day_over_24", 2: "day_over_24"}

    def test_counts_what_was_billed_before_into_the_day(self):
        workdays = builders.workdays({"hours": Decimal("16.01")})

        assert rules(workdays, builders.frame(schemas.BilledDay)) == {1: "day_over_24"}

    def test_counts_only_positive_hours_into_the_day(self):
        workdays = builders.workdays(
            {"hours": Decimal(24)}, {"hours": Decimal(-5), "project_id": 2}
        )

        assert rules(workdays) == {2: "hours"}

    def test_keeps_another_employee_s_day_apart(self):
        workdays = builders.workdays(
            {"hours": Decimal(20)}, {"hours": Decimal(20), "employee_id": 2}
        )

        assert rules(workdays) == {}

    def test_names_the_first_rule_broken_and_its_value(self):
        workdays = builders.workdays({"hours": Decimal(30), "kind": "standby"})

        [rejected] = judge(workdays, NOTHING_BILLED).rejected.to_dicts()

        assert (rejected["rule"], rejected["value"]) == ("hours", "30.00")

    def test_states_the_hours_of_a_day_that_has_too_many(self):
        workdays = builders.workdays({"hours": Decimal(20)}, {"hours": Decimal(5), "project_id": 2})

        rejected = judge(workdays, NOTHING_BILLED).rejected

        assert rejected["value"].to_list() == ["25.00", "25.00"]

    def test_takes_an_empty_month(self):
        good, rejected = judge(builders.empty(schemas.Workday), NOTHING_BILLED)

        assert good.is_empty()
        assert rejected.is_empty()

    def test_does_not_pass_a_frame_of_another_shape_as_rejects(self):
        workdays = builders.workdays().with_columns(employee_id=pl.lit(None, pl.Int64))

        with pytest.raises(TypeError, match="not of the schema"):
            judge(workdays, NOTHING_BILLED)
