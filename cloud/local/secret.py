"""The secret that the local Lambdas read the database's URL from, as those on AWS do."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from . import aws_services


def keep(database_url: str, environment: Mapping[str, str]) -> str:
    """
    The ARN of the secret that holds *database_url*; it is made if need be.

    Another URL is another secret: the functions are deployed anew and none keeps the old one.
    """
    secrets = aws_services.client("secretsmanager", environment)
    name = f"selfbill-database-{hashlib.sha256(database_url.encode()).hexdigest()[:12]}"
    try:
        made: str = secrets.create_secret(Name=name, SecretString=database_url)["ARN"]
    except secrets.exceptions.ResourceExistsException:
        kept: str = secrets.describe_secret(SecretId=name)["ARN"]
        return kept
    return made
