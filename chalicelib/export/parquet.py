"""
The export: one Parquet file per dataset and period, for analysts.

``exports/{dataset}/period=YYYY-MM/part-0.parquet``, with real decimals and dates, sorted, rewritten
whole, and ``exports/_schema.json``, which describes them. S3 replaces an object at once, so a
reader never sees half a file; a stamp says which files belong together.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import polars as pl
from sqlalchemy import Connection

from chalicelib.aws import s3
from chalicelib.billing.period import Period
from chalicelib.billing.schemas import Frame, dtypes
from chalicelib.store.extraction import copy_frame

from . import contract
from .queries import MOMENT_FORMAT, QUERIES

PARQUET = "application/vnd.apache.parquet"
JSON = "application/json"
SCHEMA_KEY = "exports/_schema.json"
# In the metadata of every file: what one export of one period wrote has the same.
STAMP = "selfbill.export"


@dataclass(frozen=True, slots=True)
class Dataset:
    """One kind of export: its query, of ``{start}``, and the model of its columns in that order."""

    query: str
    model: type[Frame]

    @property
    def schema(self) -> dict[str, Any]:
        """The Polars type of each column."""
        return dtypes(self.model)


DATASETS = {
    name: Dataset(QUERIES[name], dataset.model) for name, dataset in contract.DATASETS.items()
}


def export_period(connection: Connection, bucket: str, period: Period) -> dict[str, int]:
    """
    Rewrite every dataset of *period* from the ledger, and the contract beside them.

    Call it while holding the period's lock, so that an older state never replaces a newer one.

    Returns:
        Rows written, by dataset.

    Raises:
        SchemaErrors: If the ledger holds what the contract excludes; nothing was written.
    """
    with connection.begin():
        frames = {
            name: dataset.model.validate(read_dataset(connection, dataset, period), lazy=True)
            for name, dataset in DATASETS.items()
        }
    stamp = _stamp(frames)
    s3.put(bucket, SCHEMA_KEY, schema_json(), JSON)
    for name, frame in frames.items():
        s3.put(bucket, export_key(name, period), _parquet(frame, stamp), PARQUET)
    return {name: frame.height for name, frame in frames.items()}


def read_dataset(connection: Connection, dataset: Dataset, period: Period) -> pl.DataFrame:
    """The rows of *dataset* in *period*, in its order and with its types."""
    values = {"start": period.start, "moment": MOMENT_FORMAT}
    return copy_frame(connection, dataset.query, dataset.schema, values)


def export_key(dataset: str, period: Period) -> str:
    """Where a dataset of *period* lies in the export bucket."""
    return f"exports/{dataset}/period={period}/part-0.parquet"


def schema_json() -> bytes:
    """The contract as a JSON document."""
    return json.dumps(contract.contract(), indent=2, ensure_ascii=False).encode() + b"\n"


def _stamp(frames: Mapping[str, pl.DataFrame]) -> str:
    """A fingerprint of all that one export writes: equal ledgers have equal ones."""
    digest = hashlib.sha256()
    for name, frame in frames.items():
        digest.update(f"{name} {frame.height} {frame.hash_rows().sum()};".encode())
    return digest.hexdigest()


def _parquet(frame: pl.DataFrame, stamp: str) -> bytes:
    file = BytesIO()
    frame.write_parquet(file, compression="zstd", metadata={STAMP: stamp})
    return file.getvalue()
