from datetime import date
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.billing import schemas
from chalicelib.billing.control import ControlTotals
from chalicelib.billing.month import MonthDraft, draft_month
from chalicelib.billing.preview import (
    FLAGS,
    Bounds,
    CurrencyPreview,
    Earlier,
    InvalidBounds,
    LastMonth,
    Person,
    Preview,
    compare,
    compare_currencies,
)
from tests import builders

CENT = Decimal("0.01")
CODES = {1: "ANNA", 2: "BOHDAN", 3: "CHLOE", 4: "DANA", 5: "EMIL"}
PEOPLE = pl.DataFrame(
    [(key, code, code.title()) for key, code in CODES.items()],
    schema=schemas.dtypes(Person),
    orient="row",
)

cents = st.integers(-10_000_00, 10_000_000_00).map(lambda n: Decimal(n).scaleb(-2))
hundredths = st.integers(1, 744_00).map(lambda n: Decimal(n).scaleb(-2))
people = st.sampled_from(sorted(CODES))
currencies = st.sampled_from(["EUR", "UAH"])
factors = st.integers(1_000_000, 5_000_000).map(lambda n: Decimal(n).scaleb(-6))
drafts = st.dictionaries(people, st.tuples(currencies, hundredths, cents))
ledgers = st.dictionaries(st.tuples(people, currencies), st.tuples(hundredths, cents))


# A busy machine is not a failure.
any_month = settings(deadline=None, max_examples=60)


def drafted(bills, held=()):
    """A draft that bills each employee a currency, hours and a total."""
    billed = [
        {"employee_id": employee, "currency": currency, "subtotal": total, "total": total}
        for employee, (currency, _, total) in bills.items()
    ]
    lines = [{"employee_id": employee, "hours": hours} for employee, (_, hours, _) in bills.items()]
    holds = [(employee, "no_rate", "") for employee in held]
    nothing = builders.empty(schemas.BilledWorkday)
    return MonthDraft(
        invoices=rows(schemas.DraftInvoice, billed),
        lines=rows(schemas.Line, lines),
        lineage=nothing,
        rejected=builders.empty(schemas.Rejected),
        held=pl.DataFrame(holds, schema=schemas.dtypes(schemas.Held), orient="row"),
        control=ControlTotals(),
    )


def rows(model, stated):
    return builders.frame(model, *stated) if stated else builders.empty(model)


def ledger(model, billed):
    content = [(*key, *amounts) for key, amounts in billed.items()]
    frame = pl.DataFrame(content, schema=schemas.dtypes(model), orient="row")
    return model.validate(frame, lazy=True)


def preview(bills, last=None, *, earlier=None, held=(), factor="2", month_hours="220"):
    """Rows by employee code."""
    compared = compare(
        drafted(bills, held),
        PEOPLE,
        ledger(LastMonth, last or {}),
        bounds=Bounds.parse(factor, month_hours),
        earlier=None if earlier is None else ledger(Earlier, earlier),
    )
    Preview.validate(compared, lazy=True)
    return {row["code"]: row for row in compared.to_dicts()}


def flag(hours="8.00", total="100.00", *, last=None, earlier=None, currency="EUR", **bounds):
    """The flag of somebody billed that."""
    [row] = preview(
        {1: (currency, Decimal(hours), Decimal(total))},
        {} if last is None else {(1, "EUR"): (Decimal(8), Decimal(last))},
        earlier=earlier,
        **bounds,
    ).values()
    return row["flag"]


class TestCompare:
    def test_sets_each_employee_beside_last_month_by_code(self):
        bills = {
            2: ("EUR", Decimal(10), Decimal(500)),
            1: ("EUR", Decimal(8), Decimal("400.10")),
        }

        compared = preview(bills, {(1, "EUR"): (Decimal(9), Decimal("450.30"))})

        assert list(compared) == ["ANNA", "BOHDAN"]
        assert compared["ANNA"] == {
            "employee_id": 1,
            "code": "ANNA",
            "full_name": "Anna",
            "currency": "EUR",
            "hours": Decimal(8),
            "total": Decimal("400.10"),
            "earlier_hours": None,
            "earlier_total": None,
            "last_currency": "EUR",
            "last_hours": Decimal(9),
            "last_total": Decimal("450.30"),
            "change": Decimal("-50.20"),
            "flag": None,
        }

    def test_adds_up_the_hours_of_all_lines(self):
        workdays = builders.workdays({}, {"kind": "overtime", "hours": Decimal("1.25")})
        draft = draft_month(
            builders.extract(workdays=workdays),
            issued_on=date(2026, 11, 1),
            unprintable=lambda _: "",
        )

        compared = compare(draft, PEOPLE, builders.empty(LastMonth), bounds=Bounds())

        assert compared.select("hours", "total").rows() == [(Decimal("9.25"), Decimal("493.75"))]

    def test_of_nothing_beside_nothing_is_nothing(self):
        assert preview({}) == {}

    def test_counts_a_missing_side_of_a_change_as_zero(self):
        compared = preview(
            {1: ("EUR", Decimal(8), Decimal(400))}, {(2, "EUR"): (Decimal(8), Decimal(300))}
        )

        assert compared["ANNA"]["change"] == Decimal(400)
        assert compared["BOHDAN"]["change"] == Decimal(-300)

    def test_shows_both_currencies_and_no_change_when_they_differ(self):
        compared = preview(
            {1: ("EUR", Decimal(8), Decimal(400))}, {(1, "UAH"): (Decimal(8), Decimal(18000))}
        )

        [row] = compared.values()
        assert (row["currency"], row["last_currency"]) == ("EUR", "UAH")
        assert (row["total"], row["last_total"]) == (Decimal(400), Decimal(18000))
        assert (row["change"], row["flag"]) == (None, None)

    @pytest.mark.parametrize("currency", ["EUR", "UAH"])
    def test_takes_last_months_currency_that_the_draft_has(self, currency):
        last = {(1, "EUR"): (Decimal(1), Decimal(50)), (1, "UAH"): (Decimal(7), Decimal(60))}

        [row] = preview({1: (currency, Decimal(8), Decimal(55))}, last).values()

        assert row["last_total"] == last[1, currency][1]
        assert row["change"] == Decimal(55) - row["last_total"]

    def test_counts_what_earlier_runs_of_the_month_billed(self):
        [row] = preview(
            {1: ("EUR", Decimal(8), Decimal(400))},
            {(1, "EUR"): (Decimal(160), Decimal(8000))},
            earlier={(1, "EUR"): (Decimal(150), Decimal(7500)), (1, "UAH"): (CENT, CENT)},
        ).values()

        assert (row["total"], row["earlier_total"]) == (Decimal(400), Decimal(7500))
        assert row["change"] == Decimal(-100)
        assert row["flag"] is None


class TestFlags:
    @pytest.mark.parametrize(
        ("total", "last", "factor", "found"),
        [
            ("200.00", "100.00", "2", None),
            ("200.01", "100.00", "2", "factor"),
            ("50.00", "100.00", "2", None),
            ("49.99", "100.00", "2", "factor"),
            ("150.00", "100.00", "1.5", None),
            ("150.01", "100.00", "1.5", "factor"),
            ("66.67", "100.00", "1.5", None),  # 66.67 x 1.5 = 100.005
            ("66.66", "100.00", "1.5", "factor"),  # 99.99
            ("0.02", "0.01", "1.5", "factor"),  # 0.015, which Polars' own product makes 0.02
            ("0.01", "0.02", "1.5", "factor"),
            ("100.00", "100.00", "1", None),
            ("100.01", "100.00", "1", "factor"),
            ("999999999999.99", "999999999999.98", "1.000001", None),
            ("999999999999.99", "999999.99", "1000", "factor"),
            ("0.01", "0.00", "1000", "factor"),
            ("0.00", "0.00", "2", None),
            ("100.00", "-50.00", "2", "factor"),
        ],
    )
    def test_mark_a_total_beyond_the_factor_and_not_on_it(self, total, last, factor, found):
        assert flag(total=total, last=last, factor=factor) == found

    @pytest.mark.parametrize(
        ("hours", "found"), [("219.99", None), ("220.00", None), ("220.01", "hours")]
    )
    def test_mark_hours_beyond_the_maximum_and_not_on_it(self, hours, found):
        assert flag(hours=hours, last="100.00") == found

    def test_mark_the_newcomer_and_who_is_gone(self):
        compared = preview(
            {1: ("EUR", Decimal(8), Decimal(400))}, {(2, "EUR"): (Decimal(8), Decimal(400))}
        )

        assert compared["ANNA"]["flag"] == "new"
        assert compared["BOHDAN"]["flag"] == "gone"
        assert compared["BOHDAN"]["total"] is None

    def test_show_hours_before_anything_else(self):
        assert flag(hours="221.00") == "hours"
        assert flag(hours="221.00", total="999.00", last="100.00") == "hours"

    def test_do_not_take_who_is_held_for_gone(self):
        compared = preview({}, {(1, "EUR"): (Decimal(8), Decimal(400))}, held=[1])

        assert compared["ANNA"]["flag"] is None

    @pytest.mark.parametrize("currency", ["EUR", "UAH"])
    def test_do_not_take_who_is_billed_already_for_gone(self, currency):
        compared = preview(
            {},
            {(1, "EUR"): (Decimal(8), Decimal(400))},
            earlier={(1, currency): (Decimal(300), Decimal(9999))},
        )

        assert compared["ANNA"]["flag"] is None

    def test_do_not_take_who_is_billed_already_for_new(self):
        assert flag(earlier={(1, "EUR"): (Decimal(8), Decimal(400))}) is None

    def test_judge_the_whole_month_when_it_is_billed_in_parts(self):
        before = {(1, "EUR"): (Decimal("212.00"), Decimal("150.00"))}

        assert flag(total="50.00", last="100.00", earlier=before) is None
        assert flag(total="50.01", last="100.00", earlier=before) == "factor"
        assert flag(hours="8.01", total="50.00", last="100.00", earlier=before) == "hours"


class TestAnyMonth:
    @any_month
    @given(drafts, ledgers)
    def test_has_everybody_once_and_totals_what_the_draft_totals(self, bills, last):
        compared = preview(bills, last)

        everybody = set(bills) | {employee for employee, _ in last}
        assert list(compared) == [CODES[employee] for employee in sorted(everybody)]
        for place, name in ((1, "hours"), (2, "total")):
            stated = [row[name] for row in compared.values() if row[name] is not None]
            assert sum(stated) == sum(bill[place] for bill in bills.values())

    @any_month
    @given(drafts, ledgers, ledgers, factors, hundredths, st.sets(people))
    def test_flags_as_told_in_plain_python(self, bills, last, earlier, factor, most, held):
        compared = preview(
            bills,
            last,
            earlier=earlier,
            held=held - set(bills),
            factor=str(factor),
            month_hours=str(most),
        )

        for row in compared.values():
            employee = row["employee_id"]
            already = any(billed == employee for billed, _ in earlier)
            assert row["flag"] == told(row, factor, most, already=already, held=employee in held)

    @any_month
    @given(drafts, ledgers, ledgers)
    def test_comes_to_the_same_by_currency(self, bills, last, earlier):
        money = compare_currencies(
            drafted(bills), ledger(LastMonth, last), ledger(Earlier, earlier)
        )

        CurrencyPreview.validate(money, lazy=True)
        assert money["currency"].to_list() == sorted(
            {currency for currency, _, _ in bills.values()}
            | {currency for _, currency in [*last, *earlier]}
        )
        for row in money.to_dicts():
            own = [total for currency, _, total in bills.values() if currency == row["currency"]]
            assert (row["invoices"], row["total"]) == (len(own), sum(own))
            assert row["earlier_total"] == summed(earlier, row["currency"])
            assert row["last_total"] == summed(last, row["currency"])
            assert row["change"] == row["total"] + row["earlier_total"] - row["last_total"]

    def test_holds_no_float(self):
        for model in (LastMonth, Earlier, Preview, CurrencyPreview):
            assert not [dtype for dtype in schemas.dtypes(model).values() if dtype.is_float()]


def told(row, factor, most, *, already, held):
    """The flag of a row, by the words of `compare`."""
    total, last = row["total"], row["last_total"]
    if total is None:
        return None if already or held else "gone"
    month_hours = row["hours"] + (row["earlier_hours"] or 0)
    month_total = total + (row["earlier_total"] or 0)
    if month_hours > most:
        return "hours"
    if last is None:
        return None if already else "new"
    comparable = row["currency"] == row["last_currency"]
    beyond = month_total > last * factor or last > month_total * factor
    return "factor" if comparable and beyond else None


def summed(billed, currency):
    return sum(total for (_, own), (_, total) in billed.items() if own == currency)


class TestBounds:
    def test_are_twice_and_220_hours_unless_told_otherwise(self):
        assert Bounds() == Bounds.parse("2", "220")

    @pytest.mark.parametrize("factor", ["1", "1.000001", "1000", "1E+2"])
    def test_take_any_factor_that_multiplies_exactly(self, factor):
        assert flag(total="100.00", last="100.00", factor=factor) is None

    @pytest.mark.parametrize(
        "factor",
        [
            "0.999999",
            "0",
            "-2",
            "1000.01",
            "1E+40",
            "1.0000001",
            "NaN",
            "sNaN",
            "Infinity",
            "",
            "two",
        ],
    )
    def test_refuse_any_other_factor(self, factor):
        with pytest.raises(InvalidBounds, match="factor"):
            Bounds.parse(factor, "220")

    @pytest.mark.parametrize("month_hours", ["-0.01", "100000.01", "220.005", "NaN", "1E+99", "h"])
    def test_refuse_hours_that_no_month_has(self, month_hours):
        with pytest.raises(InvalidBounds, match="hours"):
            Bounds.parse("2", month_hours)

    def test_say_what_to_give_instead(self):
        with pytest.raises(InvalidBounds) as refused:
            Bounds(Decimal("0.5"), Decimal(220))

        assert (refused.value.name, refused.value.value) == ("factor", Decimal("0.5"))
        assert str(refused.value) == (
            "the factor is 0.5; use a number from 1 to 1000 with at most 6 decimals"
        )


def test_flags_are_stated_in_their_order_of_precedence():
    assert FLAGS == ("hours", "factor", "new", "gone")
