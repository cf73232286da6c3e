"""What goes in, and what is asked of it: CSV files, other tools' time exports, questions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from jobs import environment
from jobs.import_time.clock import DateOrder
from jobs.import_time.tools import ToolName
from jobs.query.forms import Form, form_of

from .shell import end, err, out, say

REFUSALS_SHOWN = 20

# As the template has it.
DEFAULT_ZONE = "Europe/Kyiv"


def load(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="CSV files; see data/fixtures for their columns.")
    ],
) -> None:
    """Load master data, workdays and users from CSV files; loading twice changes nothing."""
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
        err.print(f"refused {refusal}", style="yellow", markup=False)
    if len(refusals) > REFUSALS_SHOWN:
        err.print(f"and {len(refusals) - REFUSALS_SHOWN} more; correct these and load again")
    end(look=bool(refusals))


def _open_accounts(database_url: str) -> None:
    """Give every user an account in the local pool; a real pool's are opened by its operator."""
    from cloud.local.accounts import open_accounts
    from cloud.local.cloud import running
    from jobs.load.store import users

    cloud = running(environment.home())
    if cloud and cloud["DATABASE_URL"] == database_url:
        open_accounts(users(database_url), cloud)


def import_time(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A detailed CSV export.")],
    tool: Annotated[ToolName, typer.Option("--format", help="The tool that wrote it.")],
    target: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Else the terminal.")
    ] = None,
    zone: Annotated[
        str, typer.Option(envvar="BILLING_TIMEZONE", help="Of the times in the file.")
    ] = DEFAULT_ZONE,
    days: Annotated[
        str | None, typer.Option(help="The zone whose midnights part the days; else --zone.")
    ] = None,
    dates: Annotated[
        DateOrder | None, typer.Option(help="What dates like 03/04/2026 begin with.")
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option(
            "--from", metavar="DIR", help="Employees and projects as CSV; else the database."
        ),
    ] = None,
) -> None:
    """Turn another tool's time export into a workdays.csv for load."""
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
            metavar="FILE_OR_SQL", help="A file, SQL in quotes, or a question of sql/analyst."
        ),
    ],
    source: Annotated[
        str | None,
        typer.Option("--from", metavar="DIR", help="A copy of the export; else its bucket."),
    ] = None,
    form: Annotated[Form | None, typer.Option("--format", help="How to write the answer.")] = None,
    file: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Where to write the answer.")
    ] = None,
) -> None:
    """Ask the export with DuckDB; the views of sql/analyst are ready."""
    from jobs.query import answers, ask, sources

    sql, written = ask.text_of(question), form_of(form, file)
    with ask.answered(sql, sources.chosen(source, say)) as answer:
        answers.write(answer, written, file, out)
