"""The report on a terminal, and as JSON for machines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from rich.console import Console, Group, RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from chalicelib.billing.balance import Count
from chalicelib.billing.period import Period
from chalicelib.store.reporting import PeriodReport

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
SIDES = ("extracted", "billed", "rejected", "held")


def as_json(report: PeriodReport) -> dict[str, Any]:
    """The report with money, hours and dates as text, ready for ``json.dumps``."""
    verdicts = {"balanced": report.balanced, "needs_a_person": report.needs_a_person}
    content: dict[str, Any] = _plain({**asdict(report), **verdicts})
    for row, unbilled in zip(content["unbilled_earlier"], report.unbilled_earlier, strict=True):
        row["period"] = str(unbilled.period)
    content["period"] = str(report.period)
    return content


def _plain(value: Any) -> Any:  # noqa: ANN401 -- any nesting of JSON and its leaves
    if isinstance(value, dict):
        return {key: _plain(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_plain(member) for member in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal | date) else value


def show(report: PeriodReport, console: Console) -> None:
    """Print the report: the verdict, the balance, the money, and everybody to look after."""
    parts = [
        _verdict(report),
        _balance(report),
        _money(report),
        _deliveries(report),
        _rejects(report),
        _helds(report),
        _undelivered(report),
        _unbilled(report),
    ]
    console.print(Rule(f"Billing of {report.period}"))
    console.print(Group(*(part for part in parts if part is not None)))
    console.print(Rule())


def show_run(outcome: RunOutcome, console: Console) -> None:
    """Print what this very run added, and what it sent round (again)."""
    sent = outcome.render_messages + outcome.email_messages
    console.print(
        f"Run {outcome.run_id}: {outcome.invoices:,} {_plural('invoice', outcome.invoices)} issued,"
        f" {sent:,} {_plural('message', sent)} queued."
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
    sentence = f"Balanced. {issued} {_plural('document', issued)} issued."
    if report.needs_a_person:
        return Text(f"{sentence} Something needs a person; see below.", style="bold yellow")
    return Text(sentence, style="bold green")


def _plural(word: str, count: int) -> str:
    return word if count == 1 else f"{word}s"


def _table(*columns: str, numbers: tuple[str, ...] = ()) -> Table:
    table = Table(box=None, header_style="dim")
    for column in columns:
        right = column in numbers
        justify: Literal["left", "right"] = "right" if right else "left"
        table.add_column(column, justify=justify, no_wrap=right, min_width=len(column))
    return table


def _titled(title: str, *parts: RenderableType) -> RenderableType:
    return Group(Text(f"\n{title}", style="bold"), *parts)


def _balance(report: PeriodReport) -> RenderableType | None:
    if report.run is None or report.run.control is None:
        return None
    table = _table("", "rows", "hours", numbers=("rows", "hours"))
    for side in SIDES:
        count: Count = getattr(report.run.control, side)
        label = side if side == "extracted" else f"  {side}"
        table.add_row(label, f"{count.rows:,}", f"{count.hours:,}")
    if report.billed != report.run.control.billed:
        table.add_row("billed by all runs", f"{report.billed.rows:,}", f"{report.billed.hours:,}")
    return _titled(f"Workdays of run {report.run.id}", table)


def _money(report: PeriodReport) -> RenderableType | None:
    if not report.money:
        return None
    names = ("invoices", "credits", "hours", "subtotal", "tax", "total")
    table = _table("currency", *names, numbers=names)
    for row in report.money:
        sums = (row.hours, row.subtotal, row.tax, row.total)
        amounts = [f"{amount:,.2f}" for amount in sums]
        table.add_row(row.currency, f"{row.invoices:,}", f"{row.credit_notes:,}", *amounts)
    return _titled("Money", table)


def _deliveries(report: PeriodReport) -> RenderableType | None:
    if not report.deliveries:
        return None
    table = _table("state", "count", numbers=("count",))
    table.add_row("documents stored", f"{report.documents:,} of {report.documents_issued:,}")
    for status, count in report.deliveries.items():
        table.add_row(status, f"{count:,}")
    return _titled("Deliveries", table)


def _rejects(report: PeriodReport) -> RenderableType | None:
    if not report.rejects:
        return None
    names = ("employee", "name", "day", "project", "kind", "hours", "rule")
    table = _table(*names, numbers=("hours",))
    for row in report.rejects:
        what = (row.employee, row.name, str(row.work_date), row.project, row.kind)
        table.add_row(*what, str(row.hours), row.rule)
    meanings = _meanings(RULES, [row.rule for row in report.rejects])
    return _titled("Rejected workdays: correct them and run again", table, meanings)


def _helds(report: PeriodReport) -> RenderableType | None:
    if not report.helds:
        return None
    table = _table("employee", "name", "reason", "")
    for row in report.helds:
        table.add_row(row.employee, row.name, row.reason, row.detail)
    meanings = _meanings(REASONS, [row.reason for row in report.helds])
    return _titled("Held contractors: billed by the next run once settled", table, meanings)


def _meanings(meanings: Mapping[str, str], used: Sequence[str]) -> Text:
    """What each word used in a table means."""
    sentences = [f" {word}: {meanings[word]}" for word in meanings if word in used]
    return Text("\n".join(sentences), style="dim")


def _undelivered(report: PeriodReport) -> RenderableType | None:
    if not report.undelivered:
        return None
    table = _table("invoice", "name", "address", "state", "why")
    for row in report.undelivered:
        table.add_row(row.number, row.name, row.recipient or "none", row.status, row.error or "")
    return _titled("Not received", table)


def _unbilled(report: PeriodReport) -> RenderableType | None:
    if not report.unbilled_earlier:
        return None
    table = _table("month", "rows", "hours", numbers=("rows", "hours"))
    for row in report.unbilled_earlier:
        table.add_row(str(row.period), f"{row.rows:,}", f"{row.hours:,}")
    return _titled("Unbilled work of earlier months: bill those months", table)
