"""The export: every dataset against the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

import polars as pl
from sqlalchemy import Connection

from chalicelib.billing.issued import Finding
from chalicelib.billing.period import Period
from chalicelib.billing.verification import differences
from chalicelib.export.parquet import DATASETS, export_key, read_dataset
from chalicelib.settings import Settings
from jobs.wording import counted

from .objects import stored

DAY = pl.format("workday {} {} {}", "work_date", "project", "kind")

# How a finding names a row of each dataset: the number it belongs to, and which row of it.
ROWS = {
    "invoices": ("number", pl.lit("")),
    "lines": ("number", pl.format("line {}", "position")),
    "workdays": ("number", DAY),
    "rejects": ("employee", pl.concat_str(pl.lit("rejected "), DAY)),
    "helds": ("employee", pl.lit("held")),
    "runs": (pl.format("run {}", "run_id"), pl.lit("")),
    "deliveries": ("number", pl.format("delivery {}", "delivery_id")),
}

# These may change after the export.
MOVING = ("status", "attempts", "message_id", "error", "sent_at", "reported_at")


@dataclass(frozen=True, slots=True)
class Compared:
    """How one Parquet file compares; *read* is false if there is none."""

    findings: list[Finding]
    moved_on: int = 0
    read: bool = True


def compare_export(
    connection: Connection, settings: Settings, name: str, period: Period
) -> Compared:
    """Compare one dataset with the ledger; without a row there, it need not exist."""
    key = export_key(name, period)
    ledger = read_dataset(connection, DATASETS[name], period)
    parquet = stored(settings.export_bucket, key)
    if parquet is None:
        gone = Finding(key, "Parquet", f"a file of {counted(ledger.height, 'row')}", None)
        return Compared([gone] if ledger.height else [], read=False)
    try:
        frame = pl.read_parquet(BytesIO(parquet), hive_partitioning=False)
    except pl.exceptions.PolarsError as error:
        return Compared([Finding(key, "Parquet", "readable", str(error).splitlines()[0])])
    if frame.schema != ledger.schema:
        return Compared(_compare_columns(key, ledger, frame))
    moved_on = 0
    if name == "deliveries":
        moved_on = ledger.join(frame, on=ledger.columns, how="anti", nulls_equal=True).height
        ledger, frame = _settled(ledger, frame)
    return Compared(_compare_rows(name, key, ledger, frame), moved_on)


def _compare_columns(key: str, ledger: pl.DataFrame, frame: pl.DataFrame) -> list[Finding]:
    expected = [f"{name} {kind}" for name, kind in ledger.schema.items()]
    found = [f"{name} {kind}" for name, kind in frame.schema.items()]
    return [Finding(key, "columns", ", ".join(expected), ", ".join(found))]


def _settled(ledger: pl.DataFrame, frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """
    The part of the deliveries that must be equal in the export and the ledger.

    An invoice's first delivery is created with it; later ones may be newer than the export.
    """
    first = pl.col("delivery_id") == pl.col("delivery_id").min().over("number")
    exported = pl.col("delivery_id").is_in(frame["delivery_id"].to_list())
    return ledger.filter(first | exported).drop(MOVING), frame.drop(MOVING)


def _compare_rows(name: str, key: str, ledger: pl.DataFrame, frame: pl.DataFrame) -> list[Finding]:
    if ledger.equals(frame):
        return []
    number, row = ROWS[name]
    named = {"number": pl.col(number) if isinstance(number, str) else number, "row": row}
    found = differences(
        ledger.with_columns(**named), frame.with_columns(**named), f" in {name}.parquet"
    )
    if found.is_empty():
        return [Finding(key, "Parquet", "sorted, each row once", _disorder(frame))]
    return [Finding(**difference) for difference in found.iter_rows(named=True)]


def _disorder(frame: pl.DataFrame) -> str:
    repeated = frame.height - frame.n_unique()
    return counted(repeated, "repeated row") if repeated else "another order"
