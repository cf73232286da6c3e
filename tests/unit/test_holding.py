from datetime import date
from decimal import Decimal

import polars as pl
import pytest

from chalicelib.billing import schemas
from chalicelib.billing.holding import hold
from tests import builders

ISSUED_ON = date(2026, 11, 1)


def reasons(*, priced=None, employee=None, project=None, unprintable=lambda _: ""):
    held = hold(
        priced if priced is not None else builders.frame(schemas.PricedWorkday),
        builders.frame(schemas.Employee, employee or {}),
        builders.frame(schemas.Project, project or {}),
        issued_on=ISSUED_ON,
        unprintable=unprintable,
    )
    schemas.Held.validate(held, lazy=True)
    return dict(held.select("reason", "detail").iter_rows())


def flowers(text: str) -> str:
    return "".join(letter for letter in text if letter == "🌻")


class TestHold:
    def test_lets_an_employee_in_order_pass(self):
        assert reasons() == {}

    def test_wants_an_agreement(self):
        employee = {"self_billing_agreed_on": None}

        assert reasons(employee=employee) == {"no_agreement": "none on record"}

    @pytest.mark.parametrize(
        ("agreed_on", "held"), [(date(2026, 10, 31), False), (ISSUED_ON, True)]
    )
    def test_wants_the_agreement_before_the_issue(self, agreed_on, held):
        found = reasons(employee={"self_billing_agreed_on": agreed_on})

        assert ("no_agreement" in found) is held

    def test_wants_a_rate_on_every_day_worked_and_names_the_first_without(self):
        priced = builders.frame(
            schemas.PricedWorkday,
            {"work_date": date(2026, 10, 3), "unit_rate": None},
            {"work_date": date(2026, 10, 2), "unit_rate": None, "workday_id": 2},
            {"work_date": date(2026, 10, 5), "workday_id": 3},
        )

        assert reasons(priced=priced) == {"no_rate": "no rate on 2026-10-02"}

    @pytest.mark.parametrize("column", ["full_name", "address", "tax_id", "iban", "email"])
    def test_wants_letters_the_fonts_have(self, column):
        found = reasons(employee={column: "a 🌻"}, unprintable=flowers)

        assert found == {"unprintable": "the invoice font cannot print 🌻"}

    def test_reads_the_titles_of_the_projects_worked_on(self):
        project = {"project_name": "Garden 🌻"}
        elsewhere = builders.frame(schemas.PricedWorkday, {"project_id": 2})

        assert "unprintable" in reasons(project=project, unprintable=flowers)
        assert reasons(priced=elsewhere, project=project, unprintable=flowers) == {}

    def test_gives_the_first_reason_of_several(self):
        priced = builders.frame(schemas.PricedWorkday, {"unit_rate": None})
        employee = {"self_billing_agreed_on": None, "full_name": "🌻"}

        assert set(reasons(priced=priced, employee=employee, unprintable=flowers)) == {
            "no_agreement"
        }
        del employee["self_billing_agreed_on"]
        assert set(reasons(priced=priced, employee=employee, unprintable=flowers)) == {"no_rate"}

    def test_does_not_hold_who_has_no_good_workday(self):
        nobody = builders.frame(schemas.PricedWorkday).filter(pl.lit(value=False))

        assert reasons(priced=nobody, employee={"self_billing_agreed_on": None}) == {}

    def test_keeps_employees_apart(self):
        held = hold(
            builders.frame(
                schemas.PricedWorkday,
                {"employee_id": 2},
                {"employee_id": 1, "unit_rate": None, "workday_id": 2},
            ),
            builders.frame(
                schemas.Employee,
                {"employee_id": 2, "code": "E2", "tax_rate": Decimal("0.2")},
                {"employee_id": 1},
            ),
            builders.frame(schemas.Project),
            issued_on=ISSUED_ON,
            unprintable=lambda _: "",
        )

        assert held["employee_id"].to_list() == [1]
