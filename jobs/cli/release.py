"""Commands for a release: package and migrate."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from chalicelib.billing.errors import BillingError
from jobs import environment
from jobs.console import sentence, write

from .shell import end, err, out, say


class RolesMissing(BillingError):
    """Roles of the database do not exist, and whoever migrated may not create them."""

    def __init__(self, roles: tuple[str, ...]) -> None:
        self.roles = roles
        super().__init__(
            f"the database has no {', '.join(roles)}; have an administrator of the server run the"
            " statements above in this database, then run this again"
        )


def package(
    out_folder: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder for the zips and the template.")
    ] = Path("build"),
    stage: Annotated[
        str, typer.Option(metavar="STAGE", help="Stage in .chalice/config.json.")
    ] = "dev",
    bucket: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Also upload the zips to this bucket and write packaged.yaml.",
        ),
    ] = None,
) -> None:
    """
    Build the zips and the template for AWS.

    Writes one zip for each kind of function and sam.yaml, which names them.
    """
    from cloud.package import view
    from cloud.package.build import build
    from cloud.project import PROJECT

    with err.status("packaging") as status:
        built = build(PROJECT, out_folder, stage, lambda step: status.update(f"packaging: {step}"))
    view.show(built, out)
    if bucket:
        import boto3

        from cloud.package.upload import upload

        with err.status("uploading the zips"):
            uploaded = upload(built, bucket, boto3.client("s3"))
        out.print(f"Uploaded to {bucket}. Deploy this template: {uploaded}", soft_wrap=True)


def migrate() -> None:
    """
    Bring the database up to the newest schema and its roles to their rights.

    Uses DATABASE_OWNER_URL, if it is set. What that role may not do is printed as SQL for an
    administrator of the server. Lists the email addresses that an earlier release stored and this
    one cannot use.
    """
    from cloud.migrate import doubtful_addresses
    from cloud.migrate import migrate as bring_up_to_date

    owner_url = environment.owner_url(say)
    left = bring_up_to_date(owner_url)
    err.print("The database schema is up to date.")
    for statement in left.statements:
        write(f"{statement};\n", sys.stdout)
    if left.missing:
        raise RolesMissing(left.missing)
    if left.statements:
        err.print(
            "The rights of its roles are not in order. Have an administrator of the server run the"
            " statements above in this database."
        )
    doubts = doubtful_addresses(owner_url)
    for doubt in doubts:
        err.print(sentence(doubt), style="yellow")
    end(look=bool(left.statements or doubts))
