"""
The report as one HTML file: no scripts, nothing fetched, readable on paper and on a phone.

`grids` makes its tables and `charts` its charts, both as plain values; ``page.html.j2`` only draws
them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from chalicelib.billing.errors import BillingError
from chalicelib.billing.escapes import escaped
from chalicelib.store.reporting import PeriodReport
from jobs.dead_letters.find import DeadLetters
from jobs.dead_letters.view import sentences
from jobs.wording import GAVE_UP, HELD, REASONS, RULES, counted

from . import charts, grids
from .words import in_words, moment

TEMPLATE = "page.html.j2"
# If nobody read the queues, the report does not mention them.
NOT_ASKED = DeadLetters()


class PageNotWritten(BillingError):
    """The file cannot be written."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        super().__init__(
            f"{path} cannot be written ({reason}); choose a folder that you can write to"
        )


def write_page(report: PeriodReport, path: Path, dead: DeadLetters = NOT_ASKED) -> None:
    """
    Write *report* to *path*, as UTF-8.

    Raises:
        PageNotWritten: If that is not possible.
    """
    try:
        path.write_text(page(report, dead), encoding="utf-8")
    except OSError as error:
        raise PageNotWritten(path, error.strerror or str(error)) from error


def page(report: PeriodReport, dead: DeadLetters = NOT_ASKED) -> str:
    """The HTML of *report* and the dead letters; equal reports give equal pages."""
    return _template().render(
        report=report,
        month=in_words(report.period),
        as_of=moment(report.as_of) if report.as_of else "",
        verdict=_verdict(report),
        needs_a_person=report.needs_a_person or dead.needs_a_person,
        tasks=_tasks(report, dead),
        remarks=_remarks(report),
        balance=grids.balance(report),
        balance_bars=charts.balance_bars(report),
        departments=grids.departments(report),
        projects=grids.projects(report),
        charts=charts.charts(report),
        months=grids.months(report),
        deliveries=grids.deliveries(report),
        delivery_bars=charts.delivery_bars(report),
        rejects=grids.rejects(report),
        rules=_used(RULES, (row.rule for row in report.rejects)),
        helds=grids.helds(report),
        reasons=_used(REASONS, (row.reason for row in report.helds)),
        all_rejected=grids.all_rejected(report),
        undelivered=grids.undelivered(report),
        payment_checks=grids.payment_checks(report),
        unlisted_checks=_to_check(report) - len(report.payment_checks),
        set_aside=grids.set_aside(dead),
        unread=sentences(dead),
        silent=grids.silent(report),
        unbilled=grids.unbilled(report),
        history=grids.history(report),
        counted=counted,
        gave_up=GAVE_UP.replace("`", ""),
        held_words=HELD,
    )


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        finalize=_visible,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(TEMPLATE)


def _visible(value: object) -> object:
    """Others' text with what would change its direction, or hide, spelled out."""
    return escaped(value) if isinstance(value, str) and not isinstance(value, Markup) else value


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the month is balanced: a colour, a headline and a sentence."""

    tone: str
    headline: str
    sentence: str


def _verdict(report: PeriodReport) -> Verdict:
    attempt, month = report.last_attempt, in_words(report.period)
    if attempt is None:
        return Verdict("quiet", "Not billed yet", f"{month} has not been billed.")
    earlier = f" The figures below are those of run {report.run.id}." if report.run else ""
    if attempt.status == "failed":
        failure = f"Run {attempt.id} failed: {(attempt.failure or '').rstrip('.')}."
        return Verdict("bad", "Run failed", failure + earlier)
    if not report.balanced or attempt.control is None:
        return Verdict("warn", "Still running", f"Run {attempt.id} is still running.{earlier}")
    extracted = counted(attempt.control.extracted.rows, "workday")
    issued = counted(report.documents_issued, "document")
    sentence = (
        f"Run {attempt.id} extracted {extracted} and billed, rejected or held every one."
        f" The month has {issued}."
    )
    return Verdict("good", "Balanced", sentence)


def _tasks(report: PeriodReport, dead: DeadLetters) -> list[tuple[str, str]]:
    """What somebody must act on: an anchor and a phrase each."""
    unbilled = sum(row.rows for row in report.unbilled_earlier)
    return _phrases(
        ("rejected", len(report.rejects), "rejected workday", ""),
        ("held", len(report.helds), "held contractor", ""),
        ("undelivered", len(report.stranded), "document", " not received"),
        ("set-aside", sum(row.messages for row in dead.found), "failed message", ""),
        ("unread", dead.unseen, "message", " that could not be read"),
        ("unread", int(dead.refused), "dead-letter queue", " that could not be read"),
        ("unbilled", unbilled, "unbilled workday", " from earlier months"),
    )


def _remarks(report: PeriodReport) -> list[tuple[str, str]]:
    """What may be fine, or resolves itself."""
    waiting = len(report.undelivered) - len(report.stranded)
    return _phrases(
        ("undelivered", waiting, "document", " on the way"),
        ("silent", len(report.silent), "contractor", " without workdays"),
        ("payment-checks", _to_check(report), "thing", " to check before paying"),
    )


def _to_check(report: PeriodReport) -> int:
    return sum(report.payment_check_counts.values())


def _phrases(*counts: tuple[str, int, str, str]) -> list[tuple[str, str]]:
    return [
        (anchor, f"{counted(count, noun)}{rest}") for anchor, count, noun, rest in counts if count
    ]


def _used(known: Mapping[str, str], used: Iterable[str]) -> list[tuple[str, str]]:
    words = set(used)
    return [(word, means) for word, means in known.items() if word in words]
