"""Where the export is, and a DuckDB that can read it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import duckdb
from boto3.session import Session

from chalicelib.billing.errors import BillingError
from jobs import environment

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BUCKET = "s3://"
# DuckDB downloads nothing; its error names an extension that is missing.
OFFLINE: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}


class NoFolder(BillingError):
    """The folder of the export does not exist."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        super().__init__(f"there is no folder {folder}; pass the folder of the export")


class NoCredentials(BillingError):
    """The environment has no credentials for the bucket."""

    def __init__(self, bucket: str) -> None:
        self.bucket = bucket
        super().__init__(
            f"no AWS credentials to read {bucket}; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY,"
            " or AWS_PROFILE"
        )


@dataclass(frozen=True, slots=True)
class Endpoint:
    """
    An S3 service and the credentials for it.

    Attributes:
        url: The address of an S3 other than AWS's own; None for AWS.
    """

    region: str
    key_id: str
    secret: str
    session_token: str | None
    url: str | None

    def as_secret(self) -> str:
        """The statement that tells DuckDB."""
        options = {"REGION": self.region, "KEY_ID": self.key_id, "SECRET": self.secret}
        if self.session_token:
            options["SESSION_TOKEN"] = self.session_token
        if self.url:
            place = urlsplit(self.url)
            options |= {"ENDPOINT": place.netloc, "URL_STYLE": "path"}
            options["USE_SSL"] = str(place.scheme == "https").lower()
        stated = ", ".join(f"{name} {quoted(value)}" for name, value in options.items())
        return f"CREATE OR REPLACE SECRET export_bucket (TYPE s3, {stated})"


@dataclass(frozen=True, slots=True)
class Source:
    """
    An export.

    Attributes:
        root: The folder or ``s3://`` prefix that holds the datasets.
        endpoint: How a bucket is reached; None for a folder.
    """

    root: str
    endpoint: Endpoint | None = None


def chosen(named: str | None, say: environment.Say) -> Source:
    """
    The export that is *named*, a folder or an ``s3://`` prefix; if None, the export bucket.

    Raises:
        NoFolder: If it names a folder that does not exist.
        NoCredentials: If the environment has none for a bucket.
    """
    if named is None:
        known = os.environ if os.environ.get("EXPORT_BUCKET") else environment.adopt(say)
        return of_bucket(f"{BUCKET}{known['EXPORT_BUCKET']}/exports", known)
    if named.startswith(BUCKET):
        return of_bucket(named, os.environ)
    return of_folder(named)


def of_folder(folder: str) -> Source:
    """
    The export in *folder*, which holds the datasets or ``exports/`` with them.

    Raises:
        NoFolder: If it does not exist.
    """
    path = Path(folder)
    if not path.is_dir():
        raise NoFolder(folder)
    inner = path / "exports"
    return Source(str(inner if inner.is_dir() else path))


def of_bucket(prefix: str, environment: Mapping[str, str]) -> Source:
    """
    The export under *prefix*, such as ``s3://bucket/exports``, with the environment's credentials.

    Raises:
        NoCredentials: If it has none.
    """
    session = Session()
    credentials = session.get_credentials()
    if credentials is None:
        raise NoCredentials(prefix)
    frozen = credentials.get_frozen_credentials()
    endpoint = Endpoint(
        region=session.region_name or "us-east-1",
        key_id=frozen.access_key or "",
        secret=frozen.secret_key or "",
        session_token=frozen.token,
        url=environment.get("AWS_ENDPOINT_URL_S3") or environment.get("AWS_ENDPOINT_URL"),
    )
    return Source(prefix.rstrip("/"), endpoint)


def fingerprint(source: Source) -> list[tuple[str, str]]:
    """Every Parquet file of *source* with its version, in order."""
    if source.endpoint is None:
        return sorted(
            (str(file), f"{file.stat().st_mtime_ns} {file.stat().st_size}")
            for file in Path(source.root).glob("*/*/*.parquet")
        )
    place = urlsplit(source.root)
    pages = (
        _client(source.endpoint.url)
        .get_paginator("list_objects_v2")
        .paginate(Bucket=place.netloc, Prefix=f"{place.path.strip('/')}/")
    )
    return [
        (entry["Key"], entry["ETag"])
        for page in pages
        for entry in page.get("Contents", [])
        if entry["Key"].endswith(".parquet")
    ]


def connect(source: Source) -> duckdb.DuckDBPyConnection:
    """A DuckDB in memory that can read *source*, in UTC; closing it is the caller's."""
    connection = duckdb.connect(config=OFFLINE)
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(f"SET VARIABLE exports = {quoted(source.root)}")
    if source.endpoint is not None:
        connection.execute(f"LOAD {quoted(str(httpfs()))}")
        connection.execute(source.endpoint.as_secret())
        # A connection answers one question, and `ask` checks that no file changed.
        connection.execute("SET enable_http_metadata_cache = true")
        connection.execute("SET parquet_metadata_cache = true")
    return connection


@cache
def _client(url: str | None) -> S3Client:
    return Session().client("s3", endpoint_url=url)


def httpfs() -> Path:
    """DuckDB's extension for S3, from its wheel for the installed DuckDB."""
    wheel = resources.files("duckdb_extension_httpfs")
    return Path(str(wheel / "extensions" / f"v{duckdb.__version__}" / "httpfs.duckdb_extension"))


def quoted(text: str) -> str:
    """*text* as a SQL literal."""
    return "'" + text.replace("'", "''") + "'"
