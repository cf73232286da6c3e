"""Shards: a month billed in parts, by employee, and the proof that none is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Self

from .control import SIDES, ControlTotals, Count
from .errors import BillingError

# As many answers as Step Functions passes on at once: 256 KiB, at some 350 bytes each.
MOST = 500


class InvalidShard(BillingError):
    """The value does not name a part of a month."""

    def __init__(self, value: object) -> None:
        self.value = value
        super().__init__(
            f"{value!r} is not a shard; use [k, n], the k-th of n, with n at most {MOST}"
        )


class ShardsDisagree(BillingError):
    """The shards and the run that follows them do not add up to the same workdays."""

    def __init__(self, differences: list[str]) -> None:
        self.differences = differences
        super().__init__(
            f"the shards do not add up to the full month: {'; '.join(differences)}; what they"
            " issued is balanced and stays, so run the month again to bill the rest"
        )


@dataclass(frozen=True, order=True, slots=True)
class Shard:
    """
    One part of a month: the employees whose id leaves ``index - 1`` when divided by ``count``.

    Attributes:
        index: From 1 to *count*.
    """

    index: int
    count: int

    @classmethod
    def read(cls, value: object) -> Self:
        """
        Read a shard written as ``[k, n]``.

        Raises:
            InvalidShard: If *value* is anything else, or its numbers do not fit.
        """
        match value:
            case [int(index), int(count)] if 1 <= index <= count <= MOST:
                return cls(index, count)
        raise InvalidShard(value)


@dataclass(frozen=True, slots=True)
class ShardOutcome:
    """What the run of one shard answered."""

    period: str
    shard: Shard
    control: ControlTotals

    @classmethod
    def read(cls, answer: Mapping[str, Any]) -> Self:
        """Read the answer of a shard's run: counts and hours are texts, as in JSON."""
        sides = {
            side: Count(
                int(answer["control"][side]["rows"]), Decimal(answer["control"][side]["hours"])
            )
            for side in SIDES
        }
        return cls(answer["period"], Shard.read(answer["shard"]), ControlTotals(**sides))


def check_shards(outcomes: Sequence[ShardOutcome], period: str, closing: ControlTotals) -> None:
    """
    Compare the shards of *period* with the run of the whole that followed them.

    Whatever a shard did not bill, it rejected or held, and the run that follows finds exactly
    that; what it finds to bill was of no shard.

    Raises:
        ShardsDisagree: If a shard is missing, doubled or of another month, or workdays are left
            out or changed in between.
    """
    shards = sorted(outcome.shard for outcome in outcomes)
    count = shards[0].count if shards else 0
    left = sum((one.control.rejected + one.control.held for one in outcomes), Count())
    differences = [
        *_differ("the shards", shards, [Shard(index, count) for index in range(1, count + 1)]),
        *_differ("their months", {one.period for one in outcomes}, {period}),
        *_differ("workdays they left and workdays found afterwards", left, closing.extracted),
        *_differ("workdays billed only afterwards", closing.billed.rows, 0),
    ]
    if differences:
        raise ShardsDisagree(differences)


def _differ(what: str, found: object, expected: object) -> list[str]:
    return [] if found == expected else [f"{what}: {found}, expected {expected}"]
