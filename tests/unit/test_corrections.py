from datetime import date
from decimal import Decimal

from chalicelib.billing import schemas
from chalicelib.billing.corrections import find_drift
from tests import builders

RATES = builders.frame(schemas.Rate)
DAY = {
    "invoice_id": 7,
    "workday_id": 1,
    "employee_id": 1,
    "work_date": date(2026, 10, 5),
    "project_id": 1,
    "kind": "regular",
    "hours": Decimal(8),
}


def billed(*rows):
    return builders.frame(
        schemas.LiveWorkday, *(DAY | {"unit_rate": Decimal(50)} | r for r in rows)
    )


def current(*rows):
    if not rows:
        return builders.empty(schemas.CurrentWorkday)
    return builders.frame(schemas.CurrentWorkday, *(DAY | row for row in rows))


def drift(then, now, rates=RATES):
    found = find_drift(then, now, rates)
    schemas.Drift.validate(found, lazy=True)
    columns = ("work_date", "billed_hours", "current_hours", "billed_rate", "current_rate")
    return found.select(columns).rows()


class TestFindDrift:
    def test_finds_none_where_all_is_as_billed(self):
        assert drift(billed({}), current({})) == []

    def test_finds_none_where_a_workday_was_entered_again_as_it_was(self):
        assert drift(billed({}), current({"workday_id": 99})) == []

    def test_sees_changed_hours(self):
        [(_, then, now, *_rates)] = drift(billed({}), current({"hours": Decimal(4)}))

        assert (then, now) == (Decimal(8), Decimal(4))

    def test_sees_a_deleted_workday(self):
        [(day, then, now, *_rates)] = drift(billed({}), current())

        assert (day, then, now) == (DAY["work_date"], Decimal(8), None)

    def test_sees_a_moved_workday_go_and_come(self):
        elsewhere = date(2026, 10, 6)

        gone, come = drift(billed({}), current({"work_date": elsewhere}))

        assert gone[:3] == (DAY["work_date"], Decimal(8), None)
        assert come[:3] == (elsewhere, None, Decimal(8))

    def test_sees_a_rate_that_was_changed_afterwards(self):
        rates = builders.frame(
            schemas.Rate, {}, {"valid_from": date(2026, 10, 5), "hourly_rate": Decimal(55)}
        )

        [(*_, then, now)] = drift(billed({}), current({}), rates)

        assert (then, now) == (Decimal(50), Decimal(55))

    def test_sees_a_rate_that_is_gone(self):
        [(*_, now)] = drift(billed({}), current({}), builders.empty(schemas.Rate))

        assert now is None

    def test_compares_overtime_with_its_own_rate(self):
        overtime = {"kind": "overtime"}

        assert drift(billed(overtime | {"unit_rate": Decimal(75)}), current(overtime)) == []
        assert len(drift(billed(overtime), current(overtime))) == 1

    def test_keeps_invoices_apart(self):
        other = {"invoice_id": 8, "employee_id": 2}
        rates = builders.frame(schemas.Rate, {}, {"employee_id": 2})

        found = find_drift(billed({}, other), current({}, other | {"hours": Decimal(1)}), rates)

        assert found["invoice_id"].to_list() == [8]
