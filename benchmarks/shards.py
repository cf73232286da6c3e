"""
What one shard needs beside the whole month, and what the export after it needs.

    python -m benchmarks.shards
"""

from __future__ import annotations

from time import perf_counter

import boto3
from moto import mock_aws
from rich.console import Console

from chalicelib.billing.sharding import Shard
from chalicelib.export.parquet import export_period
from chalicelib.settings import Settings
from chalicelib.steps.bill_month import bill_month
from chalicelib.store.connection import engine, period_lock

from .api import SETTINGS
from .claims import MIB, Claim, Memory, as_table
from .data import PERIOD, month_of
from .processes import in_fresh_process, peak_memory
from .server import temporary_server
from .stages import NOW

EMPLOYEES, COUNT = 50_000, 8
GIB = 1024 * MIB
BUCKET, REGION = "exports", "us-east-1"


def measure() -> list[Claim]:
    """Shards of one split, one after the other, then the export of all that they issued."""
    with temporary_server() as server:
        server.prepare("large", month_of(EMPLOYEES))
        with server.copy_of("large") as url:
            whole = in_fresh_process(bill, url, Shard(1, 1))
        with server.copy_of("large") as url:
            shards = [in_fresh_process(bill, url, Shard(k, COUNT)) for k in range(1, COUNT + 1)]
            exported = in_fresh_process(export, url)
    print("seconds:", f"whole {whole[0]:.1f}, export {exported[0]:.1f},",
          "shards", ", ".join(f"{seconds:.1f}" for seconds, _ in shards))  # fmt: skip
    return [
        Memory(f"{EMPLOYEES:,} employees in one", whole[1], 2 * GIB),
        Memory(f"the largest of {COUNT} shards", max(peak for _, peak in shards), GIB // 2),
        Memory("the export of the whole", exported[1], 2 * GIB),
    ]


def bill(url: str, shard: Shard) -> tuple[float, int]:
    """The seconds and the peak memory of billing *shard*."""
    settings = Settings.from_environment({**SETTINGS, "DATABASE_URL": url})
    started = perf_counter()
    bill_month(settings, PERIOD, NOW, shard)
    return perf_counter() - started, peak_memory()


def export(url: str) -> tuple[float, int]:
    """The seconds and the peak memory of exporting the month; S3 is in this process too."""
    with mock_aws(), period_lock(engine(url), PERIOD) as connection:
        boto3.client("s3", region_name=REGION).create_bucket(Bucket=BUCKET)
        started = perf_counter()
        export_period(connection, BUCKET, PERIOD)
        return perf_counter() - started, peak_memory()


if __name__ == "__main__":
    Console().print(as_table(measure()))
