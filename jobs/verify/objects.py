"""Reading objects, and counting in words."""

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


def counted(count: int, one: str, many: str | None = None) -> str:
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"
