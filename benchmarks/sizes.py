"""How much the benchmarks measure: the full size for the claims, a small one for the code."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sizes:
    """
    How much each benchmark measures.

    Attributes:
        large_month: Employees in the extraction, in the larger month of growth and in the shards.
        medium_month: Employees in the month that the floor repeats.
        small_month: Employees in the smaller month of growth and in the month after a year.
        emailed_month: Employees in the month that is rendered and emailed.
        shards: Parts that the large month is split into.
        runs: How often a whole run is repeated.
        extractions: How often an extraction is repeated.
        few_invoices: Invoices in the archive that listings are compared with; at least 1,000, as
            smaller ones lack some of what is listed.
        many_invoices: Invoices in the archive that listings are read from.
        pages: How often each kind of page is read.
        requests: How often the API is asked.
        api_starts: How often the API's handler is imported.
        function_starts: How often each function is loaded from its zip.
        batch: Documents drawn at a time.
        batches: How often a batch is drawn.
        documents: Documents drawn by one process, for its memory and the largest file.
    """

    large_month: int
    medium_month: int
    small_month: int
    emailed_month: int
    shards: int
    runs: int
    extractions: int
    few_invoices: int
    many_invoices: int
    pages: int
    requests: int
    api_starts: int
    function_starts: int
    batch: int
    batches: int
    documents: int


FULL = Sizes(
    large_month=50_000,
    medium_month=6_000,
    small_month=5_000,
    emailed_month=1_002,
    shards=8,
    runs=3,
    extractions=5,
    few_invoices=1_000,
    many_invoices=1_000_000,
    pages=101,
    requests=201,
    api_starts=15,
    function_starts=7,
    batch=20,
    batches=9,
    documents=500,
)

# Over 500 employees, so that somebody is held and a workday is rejected, as in a large month.
SMALL = Sizes(
    large_month=600,
    medium_month=510,
    small_month=60,
    emailed_month=12,
    shards=2,
    runs=1,
    extractions=1,
    few_invoices=1_000,
    many_invoices=2_000,
    pages=1,
    requests=3,
    api_starts=1,
    function_starts=1,
    batch=2,
    batches=1,
    documents=3,
)
