"""The judge judged: cases small enough to work out on paper."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from tests.reference import biller
from tests.reference.biller import Count, Employee, Held, Rate, Workday, WorkdayKey

FIXTURES = Path(__file__).parents[2] / "data" / "fixtures"
ISSUED_ON = date(2026, 11, 1)


def employee(code="ANNA", **fields):
    defaults = {"currency": "EUR", "tax_rate": Decimal(0)}
    return Employee(code, **defaults | {"self_billing_agreed_on": date(2026, 1, 1)} | fields)


def rate(hourly_rate="50.0000", *, valid_from=date(2026, 1, 1), multiplier="1.50", code="ANNA"):
    return Rate(code, valid_from, Decimal(hourly_rate), Decimal(multiplier))


def workday(day=1, hours="8.00", *, project="ATLAS", kind="regular", code="ANNA", month=10):
    return Workday(code, date(2026, month, day), project, kind, Decimal(hours))


def bill(*workdays, employees=None, rates=None, **options):
    employees = [employee()] if employees is None else employees
    rates = [rate()] if rates is None else rates
    return biller.bill(
        "2026-10", ISSUED_ON, employees=employees, rates=rates, workdays=workdays, **options
    )


def lines(month):
    [invoice] = month.invoices
    return [
        (line.project, line.kind, str(line.hours), str(line.unit_rate), str(line.amount))
        for line in invoice.lines
    ]


def rules(month):
    return {reject.workday[1:]: (reject.rule, reject.value) for reject in month.rejects}


class TestLines:
    def test_add_up_the_days_of_a_project(self):
        month = bill(workday(1, "8.00"), workday(2, "7.50"))

        assert lines(month) == [("ATLAS", "regular", "15.50", "50.0000", "775.00")]

    def test_split_at_a_raise_within_the_month(self):
        rates = [rate("50.0000"), rate("60.0000", valid_from=date(2026, 10, 16))]

        month = bill(workday(15), workday(16), workday(17), rates=rates)

        assert lines(month) == [
            ("ATLAS", "regular", "8.00", "50.0000", "400.00"),
            ("ATLAS", "regular", "16.00", "60.0000", "960.00"),
        ]

    def test_do_not_split_at_a_new_rate_of_the_same_height(self):
        rates = [rate("50.0000"), rate("50.0000", valid_from=date(2026, 10, 16))]

        assert len(lines(bill(workday(15), workday(16), rates=rates))) == 1

    def test_come_by_project_then_regular_before_overtime_then_rate(self):
        rates = [rate("60.0000"), rate("50.0000", valid_from=date(2026, 10, 16))]

        month = bill(
            workday(1, project="BEACON"),
            workday(1, "1.00", kind="overtime"),
            workday(2),
            workday(16),
            rates=rates,
        )

        assert [line[:2] + line[3:4] for line in lines(month)] == [
            ("ATLAS", "regular", "50.0000"),
            ("ATLAS", "regular", "60.0000"),
            ("ATLAS", "overtime", "90.0000"),
            ("BEACON", "regular", "60.0000"),
        ]

    def test_round_the_overtime_rate_to_four_digits_halves_away_from_zero(self):
        month = bill(workday(1, "2.00", kind="overtime"), rates=[rate("33.3335")])

        # 33.3335 x 1.50 = 50.00025, half way between two fourth digits
        assert lines(month) == [("ATLAS", "overtime", "2.00", "50.0003", "100.00")]

    def test_round_an_overtime_amount_at_half_a_cent_up(self):
        month = bill(workday(1, "2.50", kind="overtime"), rates=[rate("95.5000")])

        # 2.50 x 143.25 = 358.125
        assert lines(month) == [("ATLAS", "overtime", "2.50", "143.2500", "358.13")]

    def test_round_the_sum_of_the_hours_and_not_each_day(self):
        month = bill(workday(1, "0.10"), workday(2, "0.10"), rates=[rate("0.0500")])

        assert lines(month)[0][-1] == "0.01"  # 0.005 + 0.005, not 0.01 + 0.01

    def test_name_the_workdays_they_bill(self):
        month = bill(workday(2), workday(1), workday(1, "1.00", project="BEACON"))

        assert month.invoices[0].workdays == (
            WorkdayKey("ANNA", date(2026, 10, 1), "ATLAS", "regular"),
            WorkdayKey("ANNA", date(2026, 10, 2), "ATLAS", "regular"),
            WorkdayKey("ANNA", date(2026, 10, 1), "BEACON", "regular"),
        )


class TestTax:
    @pytest.mark.parametrize(
        ("hours", "tax_rate", "tax"),
        [
            ("0.50", "0.23", "0.12"),  # 0.115
            ("1.50", "0.23", "0.35"),  # 0.345, which half to even would make 0.34
            ("1.00", "0.005", "0.01"),
            ("1.00", "0.0049", "0.00"),
            ("8.00", "0", "0.00"),
        ],
    )
    def test_is_rounded_once_halves_away_from_zero(self, hours, tax_rate, tax):
        taxed = employee(tax_rate=Decimal(tax_rate))

        [invoice] = bill(workday(1, hours), employees=[taxed], rates=[rate("1.0000")]).invoices

        assert str(invoice.tax) == tax
        assert invoice.total == invoice.subtotal + invoice.tax

    def test_is_taken_of_the_subtotal_and_not_of_each_line(self):
        """Three lines of 0.02 at 20 % owe 0.01 of tax, not 3 x 0.00."""
        taxed = employee(tax_rate=Decimal("0.2"))
        workdays = [workday(1, "0.02", project=project) for project in ("A", "B", "C")]

        [invoice] = bill(*workdays, employees=[taxed], rates=[rate("1.0000")]).invoices

        assert invoice.tax == Decimal("0.01")


class TestRejects:
    @pytest.mark.parametrize("hours", ["0.00", "-4.00", "24.01"])
    def test_hours_that_no_day_has(self, hours):
        [reject] = bill(workday(1, hours)).rejects

        assert (reject.rule, reject.value) == ("hours", hours)

    def test_nothing_about_a_day_of_exactly_24_hours(self):
        month = bill(workday(1, "24.00"), workday(2, "16.00"), workday(2, project="BEACON"))

        assert month.rejects == ()

    def test_a_kind_nobody_knows(self):
        [reject] = bill(workday(1, kind="standby")).rejects

        assert (reject.rule, reject.value) == ("kind", "standby")

    def test_every_row_of_a_day_over_24(self):
        month = bill(workday(1, "12.50"), workday(1, "12.00", project="BEACON"), workday(2))

        assert rules(month) == {
            (date(2026, 10, 1), "ATLAS", "regular"): ("day_over_24", "24.50"),
            (date(2026, 10, 1), "BEACON", "regular"): ("day_over_24", "24.50"),
        }
        assert lines(month) == [("ATLAS", "regular", "8.00", "50.0000", "400.00")]

    def test_an_impossible_row_by_its_hours_and_its_neighbour_by_the_day(self):
        month = bill(workday(14, "69.33"), workday(14, "1.00", project="BEACON"))

        assert rules(month) == {
            (date(2026, 10, 14), "ATLAS", "regular"): ("hours", "69.33"),
            (date(2026, 10, 14), "BEACON", "regular"): ("day_over_24", "70.33"),
        }

    def test_a_day_that_hours_of_an_unknown_kind_carry_over_24(self):
        month = bill(workday(1, "20.00", kind="standby"), workday(1, "8.00"))

        assert [rule for rule, _ in rules(month).values()] == ["day_over_24", "kind"]

    def test_a_day_over_24_although_negative_hours_would_bring_it_under(self):
        month = bill(
            workday(1, "13.00"),
            workday(1, "12.00", project="BEACON"),
            workday(1, "-8.00", project="CEDAR"),
        )

        assert [rule for rule, _ in rules(month).values()] == ["day_over_24"] * 2 + ["hours"]

    def test_nobody_elses_day(self):
        bruno = workday(1, "20.00", code="BRUNO")
        both = [employee(), employee("BRUNO")]

        month = bill(workday(1), bruno, employees=both, rates=[rate(), rate(code="BRUNO")])

        assert month.rejects == ()


class TestHolding:
    @pytest.mark.parametrize("agreed_on", [None, ISSUED_ON, date(2026, 12, 1)])
    def test_takes_an_agreement_that_precedes_the_issue(self, agreed_on):
        month = bill(workday(), employees=[employee(self_billing_agreed_on=agreed_on)])

        assert month.helds == (Held("ANNA", "no_agreement"),)

    def test_is_over_the_day_after_the_agreement(self):
        month = bill(workday(), employees=[employee(self_billing_agreed_on=date(2026, 10, 31))])

        assert month.helds == ()

    def test_follows_from_one_day_without_a_rate(self):
        month = bill(workday(1), workday(5), rates=[rate(valid_from=date(2026, 10, 5))])

        assert month.helds == (Held("ANNA", "no_rate"),)
        assert month.invoices == ()

    def test_does_not_follow_from_a_rejected_day_without_a_rate(self):
        month = bill(workday(1, "0.00"), workday(5), rates=[rate(valid_from=date(2026, 10, 5))])

        assert month.helds == ()

    @pytest.mark.parametrize("field", ["full_name", "email", "tax_id", "address", "iban"])
    def test_follows_from_a_text_the_fonts_cannot_print(self, field):
        month = bill(workday(), employees=[employee(**{field: "🌻"})], printable=str.isascii)

        assert month.helds == (Held("ANNA", "unprintable"),)

    def test_follows_from_the_name_of_a_billed_project_only(self):
        names = {"ATLAS": "Atlas", "BEACON": "🌻"}

        held = bill(workday(project="BEACON"), project_names=names, printable=str.isascii)
        billed = bill(workday(project="ATLAS"), project_names=names, printable=str.isascii)

        assert held.helds == (Held("ANNA", "unprintable"),)
        assert billed.helds == ()

    def test_names_the_first_reason_of_agreement_rate_and_print(self):
        ill = employee(full_name="🌻", self_billing_agreed_on=None)
        agreed = replace(ill, self_billing_agreed_on=date(2026, 1, 1))

        without_all = bill(workday(), employees=[ill], rates=[], printable=str.isascii)
        without_rate = bill(workday(), employees=[agreed], rates=[], printable=str.isascii)

        assert without_all.helds == (Held("ANNA", "no_agreement"),)
        assert without_rate.helds == (Held("ANNA", "no_rate"),)

    def test_counts_good_rows_as_held_and_bad_ones_as_rejected(self):
        month = bill(workday(1), workday(2), workday(3, "0.00"), rates=[])

        assert month.control == biller.Control(
            extracted=Count(3, Decimal("16.00")),
            billed=Count(0, Decimal(0)),
            rejected=Count(1, Decimal("0.00")),
            held=Count(2, Decimal("16.00")),
        )

    def test_is_not_for_somebody_without_a_good_row(self):
        month = bill(workday(1, "80.00"), employees=[employee(self_billing_agreed_on=None)])

        assert month.helds == ()
        assert month.invoices == ()
        assert month.control.rejected == Count(1, Decimal("80.00"))


class TestPeriod:
    def test_leaves_the_neighbouring_months_alone(self):
        month = bill(workday(30, month=9), workday(1), workday(31), workday(1, month=11))

        assert month.control.extracted == Count(2, Decimal("16.00"))

    def test_may_be_empty(self):
        month = bill()

        assert month.control == biller.Control(*[Count(0, Decimal(0))] * 4)


class TestFolder:
    def test_may_lack_any_file(self, tmp_path):
        assert biller.bill_folder(tmp_path, "2026-10", ISSUED_ON).control.extracted.rows == 0

    def test_may_hold_more_or_fewer_columns_and_a_byte_order_mark(self, tmp_path):
        files = {
            "employees": "team,code,currency,tax_rate,self_billing_agreed_on\nx,A,EUR,0,2026-01-01",
            "rates": "employee,valid_from,hourly_rate,overtime_multiplier\nA,2026-01-01,50,1.5",
            "workdays": "employee,work_date,project,kind,hours\nA,2026-10-01,P,regular,8",
        }
        for name, text in files.items():
            (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8-sig")

        month = biller.bill_folder(tmp_path, "2026-10", ISSUED_ON)

        assert month.invoices[0].total == Decimal(400)


class TestFixtureMonth:
    @pytest.fixture
    def expected(self):
        return json.loads((FIXTURES / "expected.json").read_text(encoding="utf-8"))

    @pytest.fixture
    def month(self, expected):
        return biller.bill_folder(
            FIXTURES,
            expected["period"],
            date.fromisoformat(expected["issued_on"]),
            printable=lambda text: "🌻" not in text,
        )

    def test_has_the_expected_invoices(self, month, expected):
        assert expected["invoices"] == {
            invoice.employee: {
                "currency": invoice.currency,
                "subtotal": str(invoice.subtotal),
                "tax": str(invoice.tax),
                "total": str(invoice.total),
                "lines": [
                    [line.project, line.kind, *map(str, (line.hours, line.unit_rate, line.amount))]
                    for line in invoice.lines
                ],
            }
            for invoice in month.invoices
        }

    def test_has_the_expected_money(self, month, expected):
        assert expected["money"] == {
            currency: {
                "invoices": money.invoices,
                "subtotal": str(money.subtotal),
                "tax": str(money.tax),
                "total": str(money.total),
            }
            for currency, money in biller.money_by_currency(month).items()
        }

    def test_has_the_expected_control_totals(self, month, expected):
        counts = {name: getattr(month.control, name) for name in expected["control"]}

        assert expected["control"] == {
            name: {"rows": count.rows, "hours": str(count.hours)} for name, count in counts.items()
        }

    def test_has_the_expected_rejects_and_helds(self, month, expected):
        rejected = [
            [key.employee, key.work_date.isoformat(), key.project, key.kind, reject.rule]
            for reject in month.rejects
            for key in [reject.workday]
        ]

        assert rejected == expected["rejected"]
        assert {held.employee: held.reason for held in month.helds} == expected["held"]

    def test_leaves_one_workday_of_the_month_before(self, expected):
        earlier = [
            [w.employee, w.work_date.isoformat(), w.project, w.kind, str(w.hours)]
            for w in biller.read_workdays(FIXTURES)
            if w.work_date < date(2026, 10, 1)
        ]

        assert earlier == expected["unbilled_earlier"]

    def test_has_ibans_with_correct_check_digits(self):
        for contractor in biller.read_employees(FIXTURES):
            turned = contractor.iban[4:] + contractor.iban[:4]
            assert int("".join(str(int(letter, 36)) for letter in turned)) % 97 == 1, contractor
