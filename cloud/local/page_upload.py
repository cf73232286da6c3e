"""Upload the page to the bucket that the distribution serves."""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Iterator, Mapping
from pathlib import Path

from . import aws_services

FOLDER = "web"
CONFIG = "config.json"

# Browsers check each time whether a file changed: old and new parts of the page must not mix.
CACHE = "no-cache"


def publish(source: Path, environment: Mapping[str, str]) -> None:
    """
    Make the bucket contain ``web/`` of *source* and `config` for this cloud, and nothing else.

    Args:
        source: The project's folder.
        environment: How to reach the local cloud, and the names of its deployment.
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
    """The settings of the page for this cloud; on AWS, the template's output WebConfig."""
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
