from datetime import date
from decimal import Decimal

import pytest

from chalicelib.billing import month, schemas
from chalicelib.billing.balance import Unbalanced
from chalicelib.billing.control import Count
from chalicelib.billing.month import draft_month
from tests import builders

ISSUED_ON = date(2026, 11, 1)


def draft(extract):
    return draft_month(extract, issued_on=ISSUED_ON, unprintable=lambda _: "")


class TestDraftMonth:
    def test_puts_every_workday_on_one_side(self):
        extract = builders.extract(
            workdays=builders.workdays(
                {}, {"hours": Decimal(0), "project_id": 2}, {"employee_id": 2}
            ),
            employees=builders.frame(
                schemas.Employee,
                {},
                {"employee_id": 2, "code": "E2", "self_billing_agreed_on": None},
            ),
            rates=builders.frame(schemas.Rate, {}, {"employee_id": 2}),
        )

        control = draft(extract).control

        assert control.extracted == Count(3, Decimal(16))
        assert control.billed == Count(1, Decimal(8))
        assert control.rejected == Count(1, Decimal(0))
        assert control.held == Count(1, Decimal(8))

    def test_of_nothing_is_nothing(self):
        drafted = draft(builders.extract(workdays=builders.empty(schemas.Workday)))

        assert drafted.invoices.is_empty()
        assert drafted.control.extracted == Count()

    def test_refuses_when_a_step_loses_a_row(self, monkeypatch):
        monkeypatch.setattr(month, "trace_lineage", lambda priced, _: builders.frame(
            schemas.BilledWorkday).head(0))  # fmt: skip

        with pytest.raises(Unbalanced):
            draft(builders.extract())

    def test_holds_no_float_in_any_frame(self):
        drafted = draft(builders.extract())

        for frame in (drafted.invoices, drafted.lines, drafted.lineage):
            assert not [dtype for dtype in frame.dtypes if dtype.is_float()]
