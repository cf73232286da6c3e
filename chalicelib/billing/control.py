"""Control totals: the four counts of a run.  Plain values, which the API reads too."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

SIDES = ("extracted", "billed", "rejected", "held")


@dataclass(frozen=True, slots=True)
class Count:
    """How many workdays, and their hours."""

    rows: int = 0
    hours: Decimal = Decimal("0.00")

    def __add__(self, other: Count) -> Count:
        return Count(self.rows + other.rows, self.hours + other.hours)

    def __str__(self) -> str:
        return f"{self.rows} rows, {self.hours} h"


@dataclass(frozen=True, slots=True)
class ControlTotals:
    """What went into a run, and where each workday of it came out."""

    extracted: Count = Count()
    billed: Count = Count()
    rejected: Count = Count()
    held: Count = Count()

    @property
    def accounted(self) -> Count:
        """What was extracted, as found again at the other end."""
        return self.billed + self.rejected + self.held
