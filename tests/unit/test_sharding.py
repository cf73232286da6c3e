"""Parts of a month, and whether they come to the whole."""

from dataclasses import replace
from decimal import Decimal

import pytest

from chalicelib.billing.control import ControlTotals, Count
from chalicelib.billing.sharding import (
    InvalidShard,
    Shard,
    ShardOutcome,
    ShardsDisagree,
    check_shards,
)

BILLED, REJECTED, HELD = (Count(n, Decimal(n * 8)) for n in (10, 2, 1))
OF_A_SHARD = ControlTotals(BILLED + REJECTED + HELD, BILLED, REJECTED, HELD)
OCTOBER = [ShardOutcome("2026-10", Shard(index, 2), OF_A_SHARD) for index in (2, 1)]
LEFT = ControlTotals(
    extracted=REJECTED + HELD + REJECTED + HELD, rejected=REJECTED + REJECTED, held=HELD + HELD
)


class TestAShard:
    def test_is_written_as_the_kth_of_n(self):
        assert Shard.read([2, 8]) == Shard(2, 8)

    @pytest.mark.parametrize(
        "value", [None, "2/8", [0, 8], [9, 8], [1], [1, 2, 3], ["1", "8"], [1, 501]]
    )
    def test_is_nothing_else(self, value):
        with pytest.raises(InvalidShard, match="the k-th of n"):
            Shard.read(value)


class TestAnAnswer:
    def test_is_read_as_the_lambda_gave_it(self):
        counts = {"rows": "3", "hours": "7.50"}
        sides = dict.fromkeys(("extracted", "billed", "rejected", "held"), counts)

        outcome = ShardOutcome.read({"period": "2026-10", "shard": [1, 8], "control": sides})

        assert outcome.shard == Shard(1, 8)
        assert outcome.control.held == Count(3, Decimal("7.50"))


class TestShards:
    def test_come_to_the_whole_in_any_order(self):
        check_shards(OCTOBER, "2026-10", LEFT)

    def test_are_missed(self):
        with pytest.raises(ShardsDisagree, match=r"the shards: .*index=2"):
            check_shards(OCTOBER[:1], "2026-10", LEFT)

    def test_are_missed_altogether(self):
        with pytest.raises(ShardsDisagree):
            check_shards([], "2026-10", LEFT)

    def test_are_not_doubled(self):
        with pytest.raises(ShardsDisagree, match="the shards"):
            check_shards([OCTOBER[0], OCTOBER[0]], "2026-10", LEFT)

    def test_are_all_of_the_month(self):
        stray = replace(OCTOBER[0], period="2026-09")

        with pytest.raises(ShardsDisagree, match="their months"):
            check_shards([stray, OCTOBER[1]], "2026-10", LEFT)

    def test_leave_what_is_found_after_them_to_the_hour(self):
        found = replace(LEFT, extracted=replace(LEFT.extracted, hours=Decimal("47.75")))

        with pytest.raises(ShardsDisagree, match=r"6 rows, 48\.00 h, expected 6 rows, 47\.75 h"):
            check_shards(OCTOBER, "2026-10", found)

    def test_leave_nothing_to_be_billed(self):
        with pytest.raises(ShardsDisagree, match="billed only afterwards: 10, expected 0"):
            check_shards(OCTOBER, "2026-10", replace(LEFT, billed=BILLED))
