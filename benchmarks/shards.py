"""A month in shards: what one of them needs beside the whole month, and what the export needs."""

from __future__ import annotations

from time import perf_counter
from typing import NamedTuple

import boto3
from moto import mock_aws
from rich.table import Table

from chalicelib.billing.sharding import Shard
from chalicelib.export.parquet import export_period
from chalicelib.settings import Settings
from chalicelib.steps.bill_month import bill_month
from chalicelib.store.connection import engine, period_lock

from .api import SETTINGS
from .claims import MIB, Claim, Measured, Memory
from .data import PERIOD, month_of
from .processes import in_fresh_process, peak_memory
from .server import Server
from .sizes import Sizes
from .stages import NOW

GIB = 1024 * MIB
BUCKET, REGION = "exports", "us-east-1"


class Used(NamedTuple):
    """What one process took: seconds of the work, and its peak memory in bytes."""

    seconds: float
    peak: int


def beside_the_whole(server: Server, sizes: Sizes) -> Measured:
    """The shards of one split, one after another, then the export of all that they issued."""
    employees, count = sizes.large_month, sizes.shards
    server.prepare("large", month_of(employees))
    with server.copy_of("large") as url:
        whole = in_fresh_process(bill, url, Shard(1, 1))
    with server.copy_of("large") as url:
        shards = [in_fresh_process(bill, url, Shard(k, count)) for k in range(1, count + 1)]
        exported = in_fresh_process(export, url)
    claims: list[Claim] = [
        Memory(f"peak memory, {employees:,} employees in one run", whole.peak, 2 * GIB),
        Memory(f"peak memory, largest of {count} shards", _largest(shards), GIB // 2),
        Memory("peak memory, export of the month", exported.peak, 2 * GIB),
    ]
    return Measured(claims, _table(employees, whole, shards, exported))


def bill(url: str, shard: Shard) -> Used:
    """Bill *shard* of the month in the database at *url*."""
    settings = Settings.from_environment({**SETTINGS, "DATABASE_URL": url})
    started = perf_counter()
    bill_month(settings, PERIOD, NOW, shard)
    return Used(perf_counter() - started, peak_memory())


def export(url: str) -> Used:
    """Export the month in the database at *url*; S3 is in this process too."""
    with mock_aws(), period_lock(engine(url), PERIOD) as connection:
        boto3.client("s3", region_name=REGION).create_bucket(Bucket=BUCKET)
        started = perf_counter()
        export_period(connection, BUCKET, PERIOD)
        return Used(perf_counter() - started, peak_memory())


def _largest(shards: list[Used]) -> int:
    return max(shard.peak for shard in shards)


def _table(employees: int, whole: Used, shards: list[Used], exported: Used) -> Table:
    """Seconds and memory, as docs/scale.md states them."""
    table = Table("part", title=f"{employees:,} employees in {len(shards)} shards")
    table.add_column("seconds", justify="right")
    table.add_column("peak", justify="right")
    parts = {"one run": [whole], "a shard": shards, "the export of the month": [exported]}
    for name, used in parts.items():
        seconds = [each.seconds for each in used]
        span = dict.fromkeys(f"{bound:.1f}" for bound in (min(seconds), max(seconds)))
        table.add_row(name, " to ".join(span), f"{_largest(used) / MIB:,.0f} MiB")
    return table
