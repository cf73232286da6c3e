"""The report on a terminal, and as JSON for machines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from rich.console import Console, Group, RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from chalicelib.billing.period import Period
from chalicelib.store.reporting import SIDES, Count, PeriodReport, RunReport

if TYPE_CHECKING:
    from chalicelib.steps.bill_month import RunOutcome
    from jobs.demo import Shown

RULES = {
    "hours": "the hours of a workday must be over 0 and at most 24",
    "kind": "the kind of a workday must be regular or overtime",
    "day_over_24": "the hours of that day come to more than 24",
}
REASONS = {
    "no_agreement": "no agreement to self-billing before the issue date",
    "no_rate": "no rate for a day worked",
    "unprintable": "a name or address the invoice's fonts cannot print",
}
# What is more than that is counted instead of listed; --json lists everything.
NAMES_SHOWN = 8
PARTS_SHOWN = 20
RUNS_SHOWN = 5


def as_json(report: PeriodReport) -> dict[str, Any]:
    """The report with money, hours, months and dates as text, ready for ``json.dumps``."""
    content: dict[str, Any] = _plain(report)
    return {**content, "balanced": report.balanced, "needs_a_person": report.needs_a_person}


def _plain(value: Any) -> Any:  # noqa: ANN401 -- any nesting of values, and JSON
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Decimal | date | Period):
        return str(value)
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {key: _plain(member) for key, member in value.items()}
    return [_plain(member) for member in value] if isinstance(value, list) else value


def show(report: PeriodReport, console: Console) -> None:
    """Print the report: the verdict, the balance, the money, and everybody to look after."""
    parts = [
        _verdict(report),
        _balance(report),
        _money(report),
        _departments(report),
        _projects(report),
        _deliveries(report),
        _rejects(report),
        _helds(report),
        _all_rejected(report),
        _undelivered(report),
        _silent(report),
        _unbilled(report),
        _history(report),
    ]
    console.print(Rule(f"Billing of {report.period}"))
    console.print(Group(*(part for part in parts if part is not None)))
    console.print(Rule())


def show_run(outcome: RunOutcome, console: Console) -> None:
    """Print what this very run added, and what it sent round (again)."""
    sent = outcome.render_messages + outcome.email_messages
    console.print(
        f"Run {outcome.run_id}: {outcome.invoices:,} {plural('invoice', outcome.invoices)} issued,"
        f" {sent:,} {plural('message', sent)} queued."
    )


def show_places(shown: Shown, console: Console) -> None:
    """Print where the demo's documents, mails and links are."""
    home, api = f"SELFBILL_HOME={shown.folder}", "python -m jobs"
    pdfs, mails = list(shown.documents.glob("*.pdf")), list(shown.mails.glob("*.eml"))
    first = min(pdf.stem for pdf in pdfs) if pdfs else "NUMBER"
    console.print(f"PDFs   {shown.documents} ({len(pdfs)})")
    console.print(f"Mails  {shown.mails} ({len(mails)} .eml)")
    console.print("Links  the API gives them while the cloud runs:")
    console.print("       . .venv/bin/activate")
    console.print(f"       export {home}; {api} up", soft_wrap=True)
    console.print('       eval "$(python -m jobs env)"')
    console.print(
        f'       curl -H "Authorization: $({api} token accounts@company.example)"'
        f" $API_URL/invoices/{first}/link",
        soft_wrap=True,
    )


def show_cloud_places(environment: Mapping[str, str], period: Period, console: Console) -> None:
    """Print where a month's documents, mails, links and export are."""
    documents, exports = environment["DOCUMENT_BUCKET"], environment["EXPORT_BUCKET"]
    console.print(f"PDFs    s3://{documents}/invoices/{period}/", soft_wrap=True)
    if mails := environment.get("MAIL_FOLDER"):
        console.print(f"Mails   {mails}/*.eml", soft_wrap=True)
    if api := environment.get("API_URL"):
        console.print(f"Links   {api}/invoices/NUMBER/link", soft_wrap=True)
    console.print(f"Export  s3://{exports}/exports/*/period={period}/", soft_wrap=True)


def _verdict(report: PeriodReport) -> Text:
    attempt = report.last_attempt
    if attempt is None:
        return Text(f"{report.period} was never billed; run: python -m jobs bill {report.period}")
    if attempt.status == "failed":
        return Text(f"Run {attempt.id} failed: {attempt.failure}", style="bold red")
    if not report.balanced:
        return Text(f"Run {attempt.id} is at work.", style="yellow")
    issued = report.documents_issued
    sentence = f"Balanced. {issued:,} {plural('document', issued)} issued."
    if report.needs_a_person:
        return Text(f"{sentence} Something needs a person; see below.", style="bold yellow")
    return Text(sentence, style="bold green")


def plural(word: str, count: int) -> str:
    return word if count == 1 else f"{word}s"


def table(*columns: str, numbers: tuple[str, ...] = ()) -> Table:
    """A table without lines; *numbers* are the columns that stand right and never wrap."""
    grid = Table(box=None, header_style="dim")
    for column in columns:
        right = column in numbers
        justify: Literal["left", "right"] = "right" if right else "left"
        grid.add_column(column, justify=justify, no_wrap=right, min_width=len(column))
    return grid


def titled(title: str, *parts: RenderableType) -> RenderableType:
    """*parts* below their title."""
    return Group(Text(f"\n{title}", style="bold"), *parts)


def meanings(known: Mapping[str, str], used: Sequence[str]) -> Text:
    """What each word used in a table means."""
    sentences = [f" {word}: {known[word]}" for word in known if word in used]
    return Text("\n".join(sentences), style="dim")


# Until their last user calls them by their public names.
_table, _titled, _meanings, _plural = table, titled, meanings, plural


def _add(grid: Table, *cells: str) -> None:
    """Add a row of cells as they are written: a name may hold what Rich takes for markup."""
    grid.add_row(*(Text(cell) for cell in cells))


def _more(shown: int, known: int, which: str = "more") -> list[Text]:
    """That a list goes on, if it does."""
    return [Text(f" and {known - shown:,} {which}, in --json", "dim")] if known > shown else []


def _counts(count: Count) -> tuple[str, str]:
    return f"{count.rows:,}", f"{count.hours:,.2f}"


def _balance(report: PeriodReport) -> RenderableType | None:
    if report.run is None or report.run.control is None:
        return None
    grid = table("", "rows", "hours", numbers=("rows", "hours"))
    for side in SIDES:
        label = side if side == "extracted" else f"  {side}"
        _add(grid, label, *_counts(getattr(report.run.control, side)))
    if report.billed != report.run.control.billed:
        _add(grid, "billed by all runs", *_counts(report.billed))
    return titled(f"Workdays of run {report.run.id}", grid)


def _money(report: PeriodReport) -> RenderableType | None:
    if not report.money:
        return None
    names = ("invoices", "credits", "hours", "subtotal", "tax", "total")
    grid = table("currency", *names, numbers=names)
    for row in report.money:
        sums = (row.hours, row.subtotal, row.tax, row.total)
        amounts = [f"{amount:,.2f}" for amount in sums]
        _add(grid, row.currency, f"{row.invoices:,}", f"{row.credit_notes:,}", *amounts)
    return titled("Money", grid)


def _departments(report: PeriodReport) -> RenderableType | None:
    rows = sorted(report.departments, key=lambda row: (row.currency, -row.subtotal))
    return _breakdown(
        "department",
        ("hours", "subtotal", "total"),
        [
            (row.currency, row.department, row.name, row.hours, row.subtotal, row.total)
            for row in rows
        ],
    )


def _projects(report: PeriodReport) -> RenderableType | None:
    rows = sorted(report.projects, key=lambda row: (row.currency, -row.amount))
    return _breakdown(
        "project",
        ("hours", "amount"),
        [(row.currency, row.project, row.name, row.hours, row.amount) for row in rows],
    )


def _breakdown(
    what: str, numbers: tuple[str, ...], rows: Sequence[tuple[Any, ...]]
) -> RenderableType | None:
    """One compact table of *rows*: currency, code, name and the *numbers*."""
    if not rows:
        return None
    grid = table("currency", what, "name", *numbers, numbers=numbers)
    grid.columns[2].no_wrap, grid.columns[2].overflow = True, "ellipsis"
    for currency, code, name, *values in rows[:PARTS_SHOWN]:
        _add(grid, currency, code, name, *(f"{value:,.2f}" for value in values))
    return titled(f"By {what}", grid, *_more(PARTS_SHOWN, len(rows)))


def _deliveries(report: PeriodReport) -> RenderableType | None:
    if not report.deliveries:
        return None
    grid = table("state", "count", numbers=("count",))
    _add(grid, "documents stored", f"{report.documents:,} of {report.documents_issued:,}")
    for status, count in report.deliveries.items():
        _add(grid, status, f"{count:,}")
    return titled("Deliveries", grid)


def _rejects(report: PeriodReport) -> RenderableType | None:
    if not report.rejects:
        return None
    names = ("employee", "name", "day", "project", "kind", "hours", "rule")
    grid = table(*names, numbers=("hours",))
    for row in report.rejects:
        what = (row.employee, row.name, str(row.work_date), row.project, row.kind)
        _add(grid, *what, f"{row.hours:,.2f}", row.rule)
    rules = meanings(RULES, [row.rule for row in report.rejects])
    return titled("Rejected workdays: correct them and run again", grid, rules)


def _helds(report: PeriodReport) -> RenderableType | None:
    if not report.helds:
        return None
    grid = table("employee", "name", "reason", "")
    for row in report.helds:
        _add(grid, row.employee, row.name, row.reason, row.detail)
    reasons = meanings(REASONS, [row.reason for row in report.helds])
    return titled("Held contractors: billed by the next run once settled", grid, reasons)


def _all_rejected(report: PeriodReport) -> RenderableType | None:
    names = [row.name for row in report.all_rejected]
    return _named("No invoice, as every workday was rejected", names)


def _silent(report: PeriodReport) -> RenderableType | None:
    return _named("No workday recorded", [row.name for row in report.silent])


def _named(title: str, names: Sequence[str]) -> RenderableType | None:
    """One line of names, counted if there are many."""
    if not names:
        return None
    shown = f" {', '.join(names[:NAMES_SHOWN])}"
    if len(names) <= NAMES_SHOWN:
        return titled(title, Text(shown))
    return titled(f"{title}: {len(names):,}", Text(f"{shown} …"))


def _undelivered(report: PeriodReport) -> RenderableType | None:
    if not report.undelivered:
        return None
    grid = table("invoice", "name", "address", "state", "why")
    for row in report.undelivered:
        _add(grid, row.number, row.name, row.recipient or "none", row.status, row.error or "")
    return titled("Not received", grid)


def _unbilled(report: PeriodReport) -> RenderableType | None:
    if not report.unbilled_earlier:
        return None
    grid = table("month", "rows", "hours", numbers=("rows", "hours"))
    for row in report.unbilled_earlier:
        _add(grid, str(row.period), *_counts(Count(row.rows, row.hours)))
    return titled("Unbilled work of earlier months: bill those months", grid)


def _history(report: PeriodReport) -> RenderableType | None:
    if len(report.history) <= 1:
        return None
    numbers = ("run", "billed", "rejected", "held")
    grid = table("run", "started (UTC)", "ended as", *numbers[1:], "", numbers=numbers)
    for run in report.history[-RUNS_SHOWN:]:
        _add(grid, *_attempt(run))
    return titled("Runs", grid, *_more(RUNS_SHOWN, len(report.history), "earlier"))


def _attempt(run: RunReport) -> list[str]:
    sides = (getattr(run.control, side, None) for side in SIDES[1:])
    counts = [f"{side.rows:,}" if side else "" for side in sides]
    started = run.started_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M")
    what = run.failure or (f"corrects {run.corrects}" if run.corrects else "")
    return [str(run.id), started, run.status, *counts, what]
