"""
The database's URL, where a secret keeps it: DATABASE_URL is then the secret's ARN.

It is read once per process.  A password that was changed since is read again when the database
refuses the old one, so that rotating it needs no deployment.
"""

from __future__ import annotations

from functools import cache

from chalicelib.billing.errors import BillingError


class SecretUnreadable(BillingError):
    """Secrets Manager does not give the secret out, or it holds no text."""

    def __init__(self, arn: str, reason: str) -> None:
        self.arn = arn
        super().__init__(
            f"the secret {arn} in DATABASE_URL cannot be read ({reason}); store a libpq URL in it"
            " as text, and allow the caller secretsmanager:GetSecretValue on it"
        )


def libpq_url(database_url: str) -> str:
    """
    *database_url* itself, or what the secret holds that it names.

    Raises:
        SecretUnreadable: If it names a secret that cannot be read.
    """
    return _kept(database_url) if _names_secret(database_url) else database_url


def has_changed(database_url: str) -> bool:
    """
    Read the secret again, if *database_url* names one, and tell whether it holds another URL now.

    Raises:
        SecretUnreadable: If it cannot be read any more.
    """
    if not _names_secret(database_url):
        return False
    before = _kept(database_url)
    _kept.cache_clear()
    return _kept(database_url) != before


def _names_secret(database_url: str) -> bool:
    return database_url.startswith("arn:")


@cache
def _kept(arn: str) -> str:
    import boto3
    from botocore.exceptions import ClientError

    try:
        answer = boto3.client("secretsmanager").get_secret_value(SecretId=arn)
    except ClientError as error:
        raise SecretUnreadable(arn, error.response["Error"]["Code"]) from error
    text: str = answer.get("SecretString", "").strip()
    if not text:
        raise SecretUnreadable(arn, "it contains no text")
    return text
