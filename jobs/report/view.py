"""The report on a terminal and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import TYPE_CHECKING, Any

from rich.console import Console, Group, RenderableType
from rich.rule import Rule
from rich.text import Text

from chalicelib.billing.control import SIDES, Count
from chalicelib.billing.escapes import on_one_line
from chalicelib.billing.period import Period
from chalicelib.billing.plain import plain
from chalicelib.store.reporting import PeriodReport, RunReport
from jobs.dead_letters.find import DeadLetters
from jobs.dead_letters.view import as_json as dead_letters_json
from jobs.dead_letters.view import remarks, set_aside
from jobs.terminal import add_row, helds, payment_checks, rejects, table, titled
from jobs.wording import DELIVERIES, RUNS, counted, who

if TYPE_CHECKING:
    from chalicelib.steps.bill_month import RunOutcome
    from jobs.demo import Shown

# Longer lists are cut here and the rest is counted; --json lists everything.
NAMES_SHOWN = 8
PARTS_SHOWN = 20
RUNS_SHOWN = 5

# If nobody read the queues, the report does not mention them.
NOT_ASKED = DeadLetters()


def as_json(report: PeriodReport, dead: DeadLetters = NOT_ASKED) -> dict[str, Any]:
    """The report with money, hours, months and dates as text, ready for ``json.dumps``."""
    content: dict[str, Any] = plain(report)
    return {
        **content,
        "balanced": report.balanced,
        "needs_a_person": report.needs_a_person or dead.needs_a_person,
        **dead_letters_json(dead),
    }


def show(report: PeriodReport, console: Console, dead: DeadLetters = NOT_ASKED) -> None:
    """Print the report: the verdict, the balance, the totals, and what needs attention."""
    parts = [
        _verdict(report, dead),
        _balance(report),
        _money(report),
        _departments(report),
        _projects(report),
        _deliveries(report),
        rejects("Rejected workdays: correct them and run again", report.rejects),
        helds("Held contractors: the next run bills them once this is resolved", report.helds),
        _all_rejected(report),
        _undelivered(report),
        payment_checks(report.payment_checks, sum(report.payment_check_counts.values())),
        set_aside(dead),
        _silent(report),
        _unbilled(report),
        _history(report),
        *remarks(dead),
    ]
    console.print(Rule(f"Billing of {report.period}"))
    console.print(Group(*(part for part in parts if part is not None)))
    console.print(Rule())


def show_run(outcome: RunOutcome, console: Console) -> None:
    """Print what this run issued and how many messages it queued."""
    queued = counted(outcome.render_messages + outcome.email_messages, "message")
    console.print(
        f"Run {outcome.run_id}: {counted(outcome.invoices, 'invoice')} issued, {queued} queued."
    )


def show_places(shown: Shown, console: Console) -> None:
    """Print where the demo's documents, emails and links are."""
    home, api = f"SELFBILL_HOME={shown.folder}", "python -m jobs"
    pdfs, emails = list(shown.documents.glob("*.pdf")), list(shown.emails.glob("*.eml"))
    first = min(pdf.stem for pdf in pdfs) if pdfs else "NUMBER"
    console.print(f"PDFs    {shown.documents} ({len(pdfs)})")
    console.print(f"Emails  {shown.emails} ({len(emails)} .eml)")
    console.print("Links   from the API, while the cloud runs:")
    console.print("        . .venv/bin/activate")
    console.print(f"        export {home}; {api} up", soft_wrap=True)
    console.print('        eval "$(python -m jobs env)"')
    console.print(
        f'        curl -H "Authorization: $({api} token accounts@company.example)"'
        f" $API_URL/invoices/{first}/link",
        soft_wrap=True,
    )


def show_cloud_places(environment: Mapping[str, str], period: Period, console: Console) -> None:
    """Print where a month's documents, emails, links and export are."""
    documents, exports = environment["DOCUMENT_BUCKET"], environment["EXPORT_BUCKET"]
    console.print(f"PDFs    s3://{documents}/invoices/{period}/", soft_wrap=True)
    if emails := environment.get("MAIL_FOLDER"):
        console.print(f"Emails  {emails}/*.eml", soft_wrap=True)
    if api := environment.get("API_URL"):
        console.print(f"Links   {api}/invoices/NUMBER/link", soft_wrap=True)
    console.print(f"Export  s3://{exports}/exports/*/period={period}/", soft_wrap=True)


def _verdict(report: PeriodReport, dead: DeadLetters) -> Text:
    attempt = report.last_attempt
    if attempt is None:
        return Text(
            f"{report.period} has not been billed. Run: python -m jobs bill {report.period}"
        )
    if attempt.status == "failed":
        return Text(f"Run {attempt.id} failed: {attempt.failure}", style="bold red")
    if not report.balanced:
        return Text(f"Run {attempt.id} is still running.", style="yellow")
    sentence = f"Balanced. {counted(report.documents_issued, 'document')} issued."
    if report.needs_a_person or dead.needs_a_person:
        return Text(f"{sentence} Action needed: see below.", style="bold yellow")
    return Text(sentence, style="bold green")


def _more(shown: int, known: int, which: str = "more") -> list[Text]:
    """How much longer the list is, if it was cut."""
    return (
        [Text(f" and {known - shown:,} {which}; --json lists all", "dim")] if known > shown else []
    )


def _counts(count: Count) -> tuple[str, str]:
    return f"{count.rows:,}", f"{count.hours:,.2f}"


def _balance(report: PeriodReport) -> RenderableType | None:
    if report.run is None or report.run.control is None:
        return None
    grid = table("", "workdays", "hours", numbers=("workdays", "hours"))
    for side in SIDES:
        label = side if side == "extracted" else f"  {side}"
        add_row(grid, label, *_counts(getattr(report.run.control, side)))
    if report.billed != report.run.control.billed:
        add_row(grid, "billed across all runs", *_counts(report.billed))
    by = who(report.run.actor, report.run.claimed)
    return titled(f"Workdays of run {report.run.id}{by and f', by {by}'}", grid)


def _money(report: PeriodReport) -> RenderableType | None:
    if not report.money:
        return None
    names = ("invoices", "credit notes", "hours", "subtotal", "tax", "total")
    grid = table("currency", *names, numbers=names)
    for row in report.money:
        sums = (row.hours, row.subtotal, row.tax, row.total)
        amounts = [f"{amount:,.2f}" for amount in sums]
        add_row(grid, row.currency, f"{row.invoices:,}", f"{row.credit_notes:,}", *amounts)
    return titled("Totals", grid)


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
        add_row(grid, currency, code, name, *(f"{value:,.2f}" for value in values))
    return titled(f"By {what}", grid, *_more(PARTS_SHOWN, len(rows)))


def _deliveries(report: PeriodReport) -> RenderableType | None:
    if not report.deliveries:
        return None
    grid = table("status", "count", "meaning", numbers=("count",))
    add_row(grid, "documents stored", f"{report.documents:,} of {report.documents_issued:,}", "")
    for status, count in report.deliveries.items():
        add_row(grid, status, f"{count:,}", DELIVERIES[status])
    return titled("Deliveries", grid)


def _all_rejected(report: PeriodReport) -> RenderableType | None:
    names = [row.name for row in report.all_rejected]
    return _named("Not invoiced: every workday was rejected", names)


def _silent(report: PeriodReport) -> RenderableType | None:
    return _named("No workdays recorded", [row.name for row in report.silent])


def _named(title: str, names: Sequence[str]) -> RenderableType | None:
    """One line of names, counted if there are many."""
    if not names:
        return None
    shown = f" {', '.join(map(on_one_line, names[:NAMES_SHOWN]))}"
    if len(names) <= NAMES_SHOWN:
        return titled(title, Text(shown))
    return titled(f"{title}: {len(names):,}", Text(f"{shown} …"))


def _undelivered(report: PeriodReport) -> RenderableType | None:
    if not report.undelivered:
        return None
    grid = table("invoice", "name", "email", "status", "reason")
    for row in report.undelivered:
        add_row(grid, row.number, row.name, row.recipient or "none", row.status, row.error or "")
    return titled("Issued but not received", grid)


def _unbilled(report: PeriodReport) -> RenderableType | None:
    if not report.unbilled_earlier:
        return None
    grid = table("month", "workdays", "hours", numbers=("workdays", "hours"))
    for row in report.unbilled_earlier:
        add_row(grid, str(row.period), *_counts(Count(row.rows, row.hours)))
    return titled("Unbilled work from earlier months: bill those months", grid)


def _history(report: PeriodReport) -> RenderableType | None:
    if len(report.history) <= 1:
        return None
    numbers = ("run", "billed", "rejected", "held")
    grid = table("run", "started (UTC)", "status", *numbers[1:], "details", numbers=numbers)
    for run in report.history[-RUNS_SHOWN:]:
        add_row(grid, *_attempt(run))
    return titled("Runs", grid, *_more(RUNS_SHOWN, len(report.history), "earlier"))


def _attempt(run: RunReport) -> list[str]:
    sides = (getattr(run.control, side, None) for side in SIDES[1:])
    counts = [f"{side.rows:,}" if side else "" for side in sides]
    started = run.started_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M")
    what = run.failure or (f"corrects {run.corrects}" if run.corrects else "")
    by = who(run.actor, run.claimed)
    details = "; ".join(filter(None, (what, by and f"by {by}")))
    return [str(run.id), started, RUNS[run.status], *counts, details]
