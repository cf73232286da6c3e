"""Commands for data: load, import-time and query."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from jobs import environment
from jobs.console import sentence
from jobs.import_time.clock import DateOrder
from jobs.import_time.tools import ToolName
from jobs.query.forms import Form, form_of

from .shell import end, err, out, say

REFUSALS_SHOWN = 20

# As the template has it.
DEFAULT_ZONE = "Europe/Kyiv"


def load(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Folder of CSV files, as in data/fixtures.")
    ],
) -> None:
    """
    Load master data, workdays and users from CSV files.

    Loading the same files twice changes nothing. A line that cannot be stored is listed with the
    reason, and the rest is loaded.
    """
    from jobs.load.store import load_folder

    database_url = environment.database_url(say)
    with err.status("loading") as status:
        loaded = load_folder(folder, database_url, lambda name: status.update(f"loading {name}"))
        _open_accounts(database_url)
    table = Table("file", "lines", "new or changed", "refused", box=None)
    for file in loaded:
        counts = (file.lines, file.changed, len(file.refusals))
        table.add_row(file.file, *(f"{count:,}" for count in counts))
    out.print(table)
    refusals = [refusal for file in loaded for refusal in file.refusals]
    for refusal in refusals[:REFUSALS_SHOWN]:
        err.print(sentence(f"refused {refusal}"), style="yellow")
    if len(refusals) > REFUSALS_SHOWN:
        err.print(f"and {len(refusals) - REFUSALS_SHOWN} more. Correct these lines and load again.")
    end(look=bool(refusals))


def _open_accounts(database_url: str) -> None:
    """Give every user an account in the local pool; a real pool's are opened by its operator."""
    from cloud.local.accounts import open_accounts
    from cloud.local.cloud import running
    from jobs.load.store import users

    cloud = running(environment.home())
    if cloud and environment.is_of(cloud, database_url):
        open_accounts(users(database_url), cloud)


def import_time(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Detailed CSV export of the tool.")],
    tool: Annotated[ToolName, typer.Option("--format", help="Tool that wrote FILE.")],
    target: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Write to FILE (default: standard output)."),
    ] = None,
    zone: Annotated[
        str, typer.Option(envvar="BILLING_TIMEZONE", help="Time zone of the times in FILE.")
    ] = DEFAULT_ZONE,
    days: Annotated[
        str | None,
        typer.Option(help="Time zone used to split entries at midnight (default: --zone)."),
    ] = None,
    dates: Annotated[
        DateOrder | None, typer.Option(help="How to read 03/04/2026: mdy or dmy.")
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="DIR",
            help="Folder with employees.csv and projects.csv (default: the database).",
        ),
    ] = None,
) -> None:
    """
    Turn another tool's time export into workdays.csv.

    Reads the detailed reports of Toggl, Clockify, Harvest and Kimai. Entries that cannot be used
    are listed with the reason.
    """
    from jobs.import_time import command as importing

    known = importing.known(folder, say)
    imported = importing.run(file, tool, known, (zone, days), dates)
    importing.write(imported, target, out)
    importing.tell(imported, err)
    end(look=imported.needs_a_person)


def query(
    question: Annotated[
        str,
        typer.Argument(
            metavar="FILE_OR_SQL",
            help="SQL in quotes, a file with SQL, or the name of a question in sql/analyst.",
        ),
    ],
    source: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="DIR",
            help="Folder or s3:// prefix of the export (default: the export bucket).",
        ),
    ] = None,
    form: Annotated[
        Form | None,
        typer.Option("--format", help="Output format (default: by the name of FILE, else table)."),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Write to FILE (default: standard output)."),
    ] = None,
) -> None:
    """
    Query the export with SQL.

    DuckDB runs it, with the views of sql/analyst ready to use.
    """
    from jobs.query import answers, ask, sources

    sql, written = ask.text_of(question), form_of(form, file)
    with ask.answered(sql, sources.chosen(source, say)) as answer:
        answers.write(answer, written, file, out)
