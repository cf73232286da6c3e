"""Each benchmark at its small size: that it runs and measures all it claims, not how fast."""

from __future__ import annotations

from math import isfinite

import pytest

from benchmarks.__main__ import BENCHMARKS
from benchmarks.claims import Memory, Size, Speed, as_table
from benchmarks.functions import STARTED
from benchmarks.listing import PAGES
from benchmarks.server import temporary_server
from benchmarks.sizes import SMALL
from cloud.package.kinds import KINDS

DRAWN = "drawing 2 documents"
CLAIMED = {
    "extraction": ["13,200 workdays into a frame", "extract() of 13,200 workdays"],
    "history": ["extract() of 60 employees, a year in the ledger"],
    "growth": ["run of 600 x 22", "peak memory, 600 employees"],
    "shards": [
        "peak memory, 600 employees in one run",
        "peak memory, largest of 2 shards",
        "peak memory, export of the month",
    ],
    "floor": ["run of 510 x 22", "run of 510 x 22", "peak memory, 510 employees"],
    "api": ["importing the API's handler", "a page of 50 of 1,000 invoices, warm"],
    "listing": [f"{page}, of 2,000" for page in PAGES],
    "drain": ["12 invoices rendered and emailed"],
    "rendering": [DRAWN, DRAWN, DRAWN, "the largest document", "peak memory, 3 documents"],
    "functions": [f"{kind}.zip, unzipped" for kind in KINDS]
    + [
        claim
        for function in STARTED
        for claim in (
            f"loading {function}",
            f"loading {function}",
            f"peak memory, {function} loaded",
        )
    ],
}
# What bills whole months, starts a cloud or builds the zips takes most of the time.
SLOW = {"growth", "shards", "floor", "drain", "functions"}


@pytest.fixture(scope="module")
def server():
    with temporary_server() as running:
        yield running


def figures(claim):
    """What was measured for a claim; each figure is more than nothing."""
    match claim:
        case Speed():
            return [claim.ours, claim.floor, claim.ratio, claim.at_most]
        case Memory():
            return [claim.peak, claim.under]
        case Size():
            return [claim.size, claim.at_most]


class TestABenchmark:
    @pytest.mark.parametrize(
        "name",
        [
            pytest.param(name, marks=[pytest.mark.prove] if name in SLOW else [])
            for name in BENCHMARKS
        ],
    )
    def test_measures_everything_it_claims(self, server, name):
        measured = BENCHMARKS[name](server, SMALL)

        assert [claim.what for claim in measured.claims] == CLAIMED[name]
        for claim in measured.claims:
            assert all(isfinite(figure) and figure > 0 for figure in figures(claim)), claim
        assert as_table(measured.claims).row_count == len(CLAIMED[name])
