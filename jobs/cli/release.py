"""Commands for a release: package and migrate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from jobs import environment

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
        typer.echo(f"{statement};")
    if left.missing:
        fail(
            f"the database has no {', '.join(left.missing)}; have an administrator of the server"
            " run the statements above in this database, then run this again"
        )
    if left.statements:
        err.print(
            "The rights of its roles are not in order. Have an administrator of the server run the"
            " statements above in this database."
        )
    doubts = doubtful_addresses(owner_url)
    for doubt in doubts:
        err.print(doubt, style="yellow", markup=False)
    end(look=bool(left.statements or doubts))
