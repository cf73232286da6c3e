"""The secrets with the database's URLs, which the local functions read as those on AWS do."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from . import aws_services


def keep(database_url: str, environment: Mapping[str, str]) -> str:
    """
    The ARN of the secret with *database_url*, created if it does not exist.

    Each URL has a secret of its own, so that after a change no function keeps the old URL.
    """
    secrets = aws_services.client("secretsmanager", environment)
    name = f"selfbill-database-{hashlib.sha256(database_url.encode()).hexdigest()[:12]}"
    try:
        made: str = secrets.create_secret(Name=name, SecretString=database_url)["ARN"]
    except secrets.exceptions.ResourceExistsException:
        kept: str = secrets.describe_secret(SecretId=name)["ARN"]
        return kept
    return made
