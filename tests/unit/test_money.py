from decimal import ROUND_HALF_UP, Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.billing.money import HOURS_SUM, RATE, exact_product, to_money, to_rate

hours = st.integers(-9_999_999, 9_999_999).map(lambda n: Decimal(n).scaleb(-2))
rates = st.integers(0, 99_999_999).map(lambda n: Decimal(n).scaleb(-4))


def amount(hours: Decimal, rate: Decimal) -> Decimal:
    frame = pl.DataFrame(
        {"hours": [hours], "rate": [rate]}, schema={"hours": HOURS_SUM, "rate": RATE}
    )
    return frame.select(to_money(exact_product(pl.col("hours"), pl.col("rate")))).item()


class TestAmounts:
    @pytest.mark.parametrize(
        ("hours", "rate", "expected"),
        [
            ("170.50", "67.25", "11466.13"),  # 11466.125: Polars' own product gives .12
            ("0.50", "0.0099", "0.00"),  # 0.00495: rounding to 4 places first would give 0.01
            ("1.00", "0.0050", "0.01"),
            ("-1.00", "0.0050", "-0.01"),
            ("8.25", "100.8750", "832.22"),
        ],
    )
    def test_round_once_with_halves_away_from_zero(self, hours, rate, expected):
        assert amount(Decimal(hours), Decimal(rate)) == Decimal(expected)

    @given(hours, rates)
    def test_are_what_decimal_arithmetic_says(self, hours, rate):
        exact = (hours * rate).quantize(Decimal("0.01"), ROUND_HALF_UP)

        assert amount(hours, rate) == exact

    @given(hours, rates)
    def test_of_a_credit_are_the_negative_to_the_cent(self, hours, rate):
        assert amount(-hours, rate) == -amount(hours, rate)


class TestRates:
    @given(rates, st.integers(0, 9999).map(lambda n: Decimal(n).scaleb(-2)))
    def test_of_overtime_keep_four_decimals(self, rate, multiplier):
        frame = pl.DataFrame(
            {"rate": [rate], "multiplier": [multiplier]},
            schema={"rate": RATE, "multiplier": pl.Decimal(4, 2)},
        )
        overtime = to_rate(exact_product(pl.col("rate"), pl.col("multiplier")))

        expected = (rate * multiplier).quantize(Decimal("0.0001"), ROUND_HALF_UP)
        assert frame.select(overtime.cast(pl.String)).item() == str(expected)
