"""Putting the page into the bucket that the distribution serves it from."""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Iterator, Mapping
from pathlib import Path

from . import aws_services

FOLDER = "web"
CONFIG = "config.json"

# Ask each time whether it changed: the page is small, and a new one must not meet old parts.
CACHE = "no-cache"


def publish(source: Path, environment: Mapping[str, str]) -> None:
    """
    Make the bucket hold what ``web/`` of *source* holds, and `config` for this cloud.

    Args:
        source: The project's folder.
        environment: The way to the local cloud, and the names of its deployment.
    """
    s3 = aws_services.client("s3", environment)
    bucket = environment["WEB_BUCKET"]
    wanted = {CONFIG: json.dumps(config(environment), indent=2).encode(), **dict(_files(source))}
    for key, body in wanted.items():
        kind = mimetypes.guess_type(key)[0] or "application/octet-stream"
        s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType=kind, CacheControl=CACHE)
    for held in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
        if held["Key"] not in wanted:
            s3.delete_object(Bucket=bucket, Key=held["Key"])


def config(environment: Mapping[str, str]) -> dict[str, str]:
    """What the page has to know of this cloud; the template's output WebConfig says it on AWS."""
    return {
        "signIn": "password",
        "api": environment["API_URL"],
        "cognito": f"{environment['AWS_ENDPOINT_URL']}/",
        "hostedUi": environment["AWS_ENDPOINT_URL"],
        "clientId": environment["USER_POOL_CLIENT_ID"],
    }


def _files(source: Path) -> Iterator[tuple[str, bytes]]:
    """Each file of the page by its key."""
    top = source / FOLDER
    for file in sorted(top.rglob("*")):
        if file.is_file():
            yield file.relative_to(top).as_posix(), file.read_bytes()
