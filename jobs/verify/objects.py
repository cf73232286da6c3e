"""Objects of S3 that may be missing."""

from __future__ import annotations

from botocore.exceptions import ClientError

from chalicelib.aws import s3


def stored(bucket: str, key: str) -> bytes | None:
    try:
        return s3.get(bucket, key)
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchKey":
            return None
        raise
