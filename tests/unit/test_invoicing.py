from datetime import date
from decimal import Decimal

from chalicelib.billing import schemas
from chalicelib.billing.invoicing import (
    draft_invoices,
    draft_lines,
    price_workdays,
    trace_lineage,
)
from tests import builders


class TestRateWorkdays:
    def test_takes_the_newest_rate_by_the_day(self):
        workdays = builders.workdays(
            {"work_date": date(2026, 10, 15)},
            {"work_date": date(2026, 10, 16)},
            {"work_date": date(2026, 10, 17)},
        )
        rates = builders.frame(
            schemas.Rate, {}, {"valid_from": date(2026, 10, 16), "hourly_rate": Decimal(55)}
        )

        priced = price_workdays(workdays, rates)

        schemas.PricedWorkday.validate(priced, lazy=True)
        assert priced["unit_rate"].to_list() == [Decimal(50), Decimal(55), Decimal(55)]

    def test_leaves_days_before_any_rate_and_other_employees_without(self):
        workdays = builders.workdays({"work_date": date(2025, 12, 31)}, {"employee_id": 2})

        priced = price_workdays(workdays, builders.frame(schemas.Rate))

        assert priced["unit_rate"].to_list() == [None, None]

    def test_multiplies_overtime_and_rounds_once_to_four_decimals(self):
        rate = {"hourly_rate": Decimal("33.3333"), "overtime_multiplier": Decimal("1.25")}

        [priced] = price_workdays(
            builders.workdays({"kind": "overtime"}), builders.frame(schemas.Rate, rate)
        ).to_dicts()

        assert priced["unit_rate"] == Decimal("41.6666")  # 41.666625


class TestDraftLines:
    def test_makes_one_line_per_project_kind_and_rate_in_that_order(self):
        priced = builders.frame(
            schemas.PricedWorkday,
            {"project_id": 2},
            {"unit_rate": Decimal(55), "workday_id": 2},
            {"kind": "overtime", "unit_rate": Decimal(45), "workday_id": 3},
            {"workday_id": 4},
            {"workday_id": 5, "hours": Decimal("0.25")},
        )
        projects = builders.frame(
            schemas.Project, {"project_code": "P9"}, {"project_id": 2, "project_code": "P10"}
        )

        lines = draft_lines(priced, projects)

        schemas.Line.validate(lines, lazy=True)
        columns = ("position", "project_code", "kind", "unit_rate", "hours")
        assert lines.select(columns).rows() == [
            (1, "P10", "regular", Decimal(50), Decimal(8)),
            (2, "P9", "regular", Decimal(50), Decimal("8.25")),
            (3, "P9", "regular", Decimal(55), Decimal(8)),
            (4, "P9", "overtime", Decimal(45), Decimal(8)),
        ]

    def test_rounds_the_sum_of_hours_once_and_not_every_day(self):
        days = ({"workday_id": n, "hours": Decimal("0.10")} for n in (1, 2, 3))
        priced = builders.frame(
            schemas.PricedWorkday, *(day | {"unit_rate": Decimal("0.05")} for day in days)
        )

        [line] = draft_lines(priced, builders.frame(schemas.Project)).to_dicts()

        assert line["amount"] == Decimal("0.02")  # 0.015; by day it would be 3 x 0.01


class TestDraftInvoices:
    def test_rounds_tax_once_per_invoice_and_not_every_line(self):
        """Three lines of 0.02 at 20 % owe 0.01 of tax, not 3 x 0.00."""
        lines = builders.frame(
            schemas.Line, *({"position": n, "amount": Decimal("0.02")} for n in (1, 2, 3))
        )
        employee = builders.frame(schemas.Employee, {"tax_rate": Decimal("0.2")})

        [invoice] = draft_invoices(lines, employee).to_dicts()

        assert (invoice["subtotal"], invoice["tax"], invoice["total"]) == (
            Decimal("0.06"),
            Decimal("0.01"),
            Decimal("0.07"),
        )

    def test_come_by_employee_code_each_in_their_currency(self):
        lines = builders.frame(schemas.Line, {"employee_id": 1}, {"employee_id": 2})
        employees = builders.frame(
            schemas.Employee,
            {"employee_id": 1, "code": "B", "currency": "UAH"},
            {"employee_id": 2, "code": "A", "currency": "PLN"},
        )

        invoices = draft_invoices(lines, employees)

        schemas.DraftInvoice.validate(invoices, lazy=True)
        assert invoices["currency"].to_list() == ["PLN", "UAH"]


class TestTraceLineage:
    def test_names_the_line_of_every_workday(self):
        priced = builders.frame(
            schemas.PricedWorkday,
            {},
            {"workday_id": 2, "kind": "overtime"},
            {"workday_id": 3, "turn": 3},
        )
        lines = draft_lines(priced, builders.frame(schemas.Project))

        lineage = trace_lineage(priced, lines)

        schemas.BilledWorkday.validate(lineage, lazy=True)
        assert lineage.select("workday_id", "position", "turn").rows() == [
            (1, 1, 1),
            (2, 2, 1),
            (3, 1, 3),
        ]
