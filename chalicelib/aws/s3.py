"""S3: documents written once, links that expire."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING

from boto3.session import Session
from botocore.config import Config
from botocore.credentials import RefreshableCredentials
from botocore.exceptions import ClientError

from chalicelib.billing.errors import BillingError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class ObjectExists(BillingError):
    """Something is already stored under the key; what is written once stays."""

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(f"{key} is already stored")


@cache
def _session() -> Session:
    return Session()


@cache
def client() -> S3Client:
    """The process's S3 client, signing links with SigV4."""
    return _session().client("s3", config=Config(signature_version="s3v4"))


def put_once(bucket: str, key: str, body: bytes, content_type: str) -> None:
    """
    Raises:
        ObjectExists: If *key* is already in *bucket*.
    """
    try:
        client().put_object(
            Bucket=bucket, Key=key, Body=body, ContentType=content_type, IfNoneMatch="*"
        )
    except ClientError as error:
        if error.response["Error"]["Code"] == "PreconditionFailed":
            raise ObjectExists(key) from error
        raise


def put(bucket: str, key: str, body: bytes, content_type: str) -> None:
    """Write *key* whole, replacing it: a reader sees the old bytes or the new, never a mix."""
    client().put_object(Bucket=bucket, Key=key, Body=body, ContentType=content_type)


def get(bucket: str, key: str) -> bytes:
    """The bytes under *key*."""
    return client().get_object(Bucket=bucket, Key=key)["Body"].read()


def keys(bucket: str, prefix: str) -> list[str]:
    """The keys that begin with *prefix*, in order."""
    pages = client().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return [entry["Key"] for page in pages for entry in page.get("Contents", [])]


def longest_link(seconds: int) -> int:
    """*seconds*, or what the credentials that sign a link have left, for it dies with them."""
    credentials = _session().get_credentials()
    if not isinstance(credentials, RefreshableCredentials):
        return seconds
    credentials.get_frozen_credentials()  # renews what is about to expire
    # Where botocore keeps it; it tells it nowhere else.
    expiry: datetime = getattr(credentials, "_expiry_time")  # noqa: B009
    left = expiry - datetime.now(UTC)
    return max(1, min(seconds, int(left.total_seconds())))


def link(bucket: str, key: str, *, filename: str, seconds: int) -> str:
    """A presigned GET of *key*, saved by browsers as *filename*, good for *seconds*."""
    return client().generate_presigned_url(
        "get_object",
        Params={
            "Bucket": bucket,
            "Key": key,
            "ResponseContentDisposition": f'attachment; filename="{filename}"',
            "ResponseContentType": "application/pdf",
        },
        ExpiresIn=seconds,
    )
