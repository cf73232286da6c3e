"""
Where the commands find the database, the queues and the buckets.

Environment variables win. What they leave open comes from the local cloud in ``SELFBILL_HOME``
(``.local/``), which is started if it is not running.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from chalicelib.billing.errors import BillingError
from chalicelib.settings import Setting, Settings

# What the commands read beside `Settings`, as docs/reference/settings.md describes it.
SETTINGS = (
    Setting(
        "SELFBILL_HOME",
        "Folder of the local cloud; use a different folder for each local cloud",
        default="`.local`",
    ),
    Setting(
        "DATABASE_OWNER_URL",
        "The database in `DATABASE_URL` for `migrate` and `up`, which change its schema: a URL of"
        " `selfbill_owner`, or its secret's ARN",
        default="`DATABASE_URL`",
    ),
    Setting(
        "AWS_ENDPOINT_URL",
        "Address of AWS services other than AWS itself; `env` prints the local cloud's",
        default="AWS",
    ),
    Setting(
        "AWS_ENDPOINT_URL_S3",
        "The same for S3 alone, when `query` reads the export bucket",
        default="`AWS_ENDPOINT_URL`",
    ),
    Setting(
        "MAIL_EVENT_QUEUE_URL",
        "SQS queue of SES's events, whose dead letters `report` lists",
        default="no such list",
    ),
    Setting(
        "PREVIEW_FACTOR",
        "`preview` flags totals more than this many times last month's, or less than 1/N",
        default="2",
    ),
    Setting(
        "SELFBILL_ACTOR",
        "Whom the commands act for, as the ledger notes it beside the database's login (`claimed`)",
        default="`user@host` of the operating system",
    ),
    Setting("PREVIEW_MAX_HOURS", "`preview` flags more hours a month than these", default="220"),
)

Say = Callable[[str], None]


class NoLocalCloud(BillingError):
    """No local cloud runs in the folder."""

    def __init__(self, home: Path) -> None:
        self.home = home
        super().__init__(f"no local cloud is running in {home}; start it with: python -m jobs up")


class OtherDatabase(BillingError):
    """The local cloud's functions use another database than this command would."""

    def __init__(self) -> None:
        super().__init__(
            "the local cloud was started with another database than DATABASE_URL, so its functions"
            " would not find the invoices; restart it: python -m jobs down && python -m jobs up"
        )


def home() -> Path:
    """The folder of the local cloud."""
    return Path(os.environ.get("SELFBILL_HOME") or ".local")


def of_cloud() -> dict[str, str]:
    """
    The environment of the running local cloud.

    Raises:
        NoLocalCloud: If there is none.
    """
    from cloud.local.cloud import running

    cloud = running(home())
    if cloud is None:
        raise NoLocalCloud(home())
    return cloud


def start_cloud(say: Say) -> dict[str, str]:
    """Start the local cloud, or leave it running, and return its environment."""
    from cloud.grants import Outstanding
    from cloud.local.cloud import up
    from cloud.migrate import doubtful_addresses, migrate

    def bring_up_to_date(owner_url: str) -> Outstanding:
        left = migrate(owner_url)
        for doubt in doubtful_addresses(owner_url):
            say(doubt)
        return left

    return up(home(), os.environ, say, bring_up_to_date)


def database_url(say: Say) -> str:
    """``DATABASE_URL``, of the environment or of the local cloud."""
    return os.environ.get("DATABASE_URL") or adopt(say)["DATABASE_URL"]


def owner_url(say: Say) -> str:
    """
    ``DATABASE_OWNER_URL``, or else ``DATABASE_URL``, of the environment or of the local cloud.

    Raises:
        OtherDatabase: If they are of two databases.
    """
    from cloud.local import databases

    if named := databases.owner_url(os.environ):
        return named
    cloud = adopt(say)
    return cloud.get(databases.OWNER_URL) or cloud["DATABASE_URL"]


def is_of(cloud: Mapping[str, str], database_url: str) -> bool:
    """Whether *cloud* keeps its ledger in the database at *database_url*, as whichever role."""
    from cloud.local.databases import are_same

    return are_same(cloud["DATABASE_URL"], database_url)


def settings(say: Say) -> Settings:
    """
    All settings, for a command that does what the functions do.

    Raises:
        DatabaseUnreachable: If DATABASE_URL is set and does not answer.
        OtherDatabase: If the local cloud works on another database.
        MissingSetting: If the environment names a real AWS, but not all of it.
    """
    from chalicelib.store.connection import check_reachable

    if named := os.environ.get("DATABASE_URL"):
        check_reachable(named)
    return Settings.from_environment(adopt(say))


def queues_of(database_url: str, say: Say) -> Mapping[str, str]:
    """
    The environment that names the queues of the ledger at *database_url*, for boto3 too.

    Empty if nothing names them: no cloud is started only to read its queues.
    """
    from cloud.local.cloud import running

    if not os.environ.get("RENDER_QUEUE_URL"):
        cloud = running(home())
        if cloud is None or not is_of(cloud, database_url):
            return {}
    return adopt(say)


def adopt(say: Say) -> Mapping[str, str]:
    """
    Fill in what the environment leaves open from the local cloud, for boto3 too.

    An environment that names its queues is complete and stays as it is.
    """
    from cloud.local.cloud import running

    if os.environ.get("RENDER_QUEUE_URL"):
        return os.environ
    cloud = running(home()) or start_cloud(say)
    if not is_of(cloud, os.environ.get("DATABASE_URL") or cloud["DATABASE_URL"]):
        raise OtherDatabase
    # Set to nothing is as good as not set.
    os.environ.update({n: value for n, value in cloud.items() if not os.environ.get(n)})
    return os.environ
