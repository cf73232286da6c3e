from decimal import Decimal

import pytest

from chalicelib.billing import schemas
from chalicelib.billing.balance import Unbalanced, check_balance
from chalicelib.billing.control import ControlTotals, Count
from tests import builders

LINES = builders.frame(schemas.Line)
INVOICES = builders.frame(schemas.DraftInvoice)
LINEAGE = builders.frame(schemas.BilledWorkday)
ONE = Count(1, Decimal(8))


def check(
    control=ControlTotals(extracted=ONE, billed=ONE),  # noqa: B008 -- frozen
    lines=LINES,
    invoices=INVOICES,
    lineage=LINEAGE,
):
    check_balance(control, lines=lines, invoices=invoices, lineage=lineage)


class TestCheckBalance:
    def test_passes_what_adds_up(self):
        check()

    @pytest.mark.parametrize("side", ["billed", "rejected", "held"])
    def test_accepts_a_workday_on_any_one_side(self, side):
        nothing = {"lines": LINES.clear(), "invoices": INVOICES.clear(), "lineage": LINEAGE.clear()}
        frames = {} if side == "billed" else nothing

        check(ControlTotals(extracted=ONE, **{side: ONE}), **frames)

    @pytest.mark.parametrize("lost", [Count(2, Decimal(16)), Count(1, Decimal("8.01"))])
    def test_refuses_to_lose_a_row_or_a_minute(self, lost):
        with pytest.raises(Unbalanced, match="extracted and accounted for differ"):
            check(ControlTotals(extracted=lost, billed=ONE))

    @pytest.mark.parametrize(
        ("wrong", "what"),
        [
            ({"lines": builders.frame(schemas.Line, {"hours": Decimal(9)})}, "hours of lines"),
            ({"lines": builders.frame(schemas.Line, {"amount": Decimal(1)})}, "amounts"),
            ({"invoices": builders.frame(schemas.DraftInvoice, {"total": Decimal(1)})}, "with tax"),
            (
                {
                    "lineage": builders.frame(
                        schemas.BilledWorkday, {"hours": Decimal(4)}, {"hours": Decimal(4)}
                    )
                },
                "billed once",
            ),
            (
                {"lineage": builders.frame(schemas.BilledWorkday, {}, {"employee_id": 2})},
                "employees billed",
            ),
        ],
    )
    def test_refuses_frames_that_do_not_add_up(self, wrong, what):
        with pytest.raises(Unbalanced, match=what):
            check(**wrong)

    def test_names_every_difference(self):
        with pytest.raises(Unbalanced) as raised:
            check(
                ControlTotals(extracted=ONE),
                invoices=builders.frame(schemas.DraftInvoice, {"subtotal": Decimal(1)}),
            )

        assert len(raised.value.differences) == 3
        assert "nothing was issued" in str(raised.value)
