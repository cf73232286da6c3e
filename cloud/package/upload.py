"""Upload the zips to a bucket, and write the template that uses them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from .build import Package, functions_of

FOLDER = "selfbill"
UPLOADED = "packaged.yaml"


def upload(package: Package, bucket: str, s3: Any) -> Path:  # noqa: ANN401 -- a boto3 client
    """
    Put the zips of *package* into *bucket* and write a template that uses them.

    A zip is named after its bytes, so an earlier one stays for a rollback and a function whose zip
    did not change is not deployed again.

    Returns:
        The template.

    Raises:
        ClientError: If the bucket does not exist or refuses.
    """
    template = yaml.safe_load(package.template.read_text())
    functions = functions_of(template)
    for kind, archive in package.archives.items():
        key = f"{FOLDER}/{kind}-{archive.sha256[:16]}.zip"
        with archive.path.open("rb") as body:
            s3.put_object(Bucket=bucket, Key=key, Body=body)
        for name in package.functions[kind]:
            functions[name]["CodeUri"] = f"s3://{bucket}/{key}"
    uploaded = package.template.with_name(UPLOADED)
    uploaded.write_text(yaml.safe_dump(template, sort_keys=False, allow_unicode=True))
    return uploaded
