"""
Failures: why the renderer or the emailer last failed an invoice.

One row per invoice and step, written only when a step fails.  Nothing clears it: a failure counts
for as long as the document is not stored, or the email not handed over, and is history after that.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Select, TextClause, func, literal, select, text
from sqlalchemy.dialects.postgresql import insert

from chalicelib.billing.period import Period
from chalicelib.billing.statuses import ON_THEIR_WAY

from .tables import delivery, invoice, step_failure

Step = Literal["render", "email", "mail event"]

# What the table takes.
REASON_LETTERS = 500


def note_failure(connection: Connection, step: Step, subject: int, reason: str) -> None:
    """
    Keep why *step* failed, and that it did once more; of an unknown *subject* nothing is kept.

    Args:
        connection: The caller commits.
        step: What failed: rendering or emailing.
        subject: The id in the step's message: an invoice's to render, a delivery's to email.
        reason: One sentence without secrets; cut at `REASON_LETTERS`.
    """
    new = insert(step_failure).from_select(
        ["invoice_id", "step", "failures", "failed_at", "reason"],
        _invoice_of(step, subject).add_columns(
            literal(step), literal(1), func.clock_timestamp(), literal(reason[:REASON_LETTERS])
        ),
    )
    connection.execute(
        new.on_conflict_do_update(
            index_elements=["invoice_id", "step"],
            set_={
                "failures": step_failure.c.failures + 1,
                "failed_at": new.excluded.failed_at,
                "reason": new.excluded.reason,
            },
        )
    )


def _invoice_of(step: Step, subject: int) -> Select[int]:
    if step == "render":
        return select(invoice.c.id).where(invoice.c.id == subject)
    return select(delivery.c.invoice_id).where(delivery.c.id == subject)


# For the subjects of one step's messages: whose invoice each is, how its step last failed, and
# whether it has been done since, by another message of the same subject.
SUBJECTS: dict[Step, TextClause] = {
    "render": text("""
        SELECT invoice.id AS subject, number, period AS month, employee.code AS employee,
               supplier_name AS name, failures, failed_at, reason,
               document.invoice_id IS NOT NULL AS done
        FROM invoice
        JOIN employee ON employee.id = employee_id
        LEFT JOIN document ON document.invoice_id = invoice.id
        LEFT JOIN step_failure AS failure ON failure.invoice_id = invoice.id AND step = 'render'
        WHERE invoice.id = ANY(:subjects)
    """),
    "email": text(f"""
        SELECT delivery.id AS subject, number, period AS month, employee.code AS employee,
               supplier_name AS name, failures, failed_at, reason,
               delivery.status NOT IN {ON_THEIR_WAY} AS done
        FROM delivery
        JOIN invoice ON invoice.id = delivery.invoice_id
        JOIN employee ON employee.id = employee_id
        LEFT JOIN step_failure AS failure ON failure.invoice_id = invoice.id AND step = 'email'
        WHERE delivery.id = ANY(:subjects)
    """),
    # An event names its email, or is tagged with its delivery; no id of SES is all digits.
    "mail event": text("""
        SELECT subject, number, period AS month, employee.code AS employee,
               supplier_name AS name, NULL AS failures, NULL AS failed_at, NULL AS reason,
               false AS done
        FROM unnest(CAST(:subjects AS text[])) AS subject
        JOIN delivery ON delivery.message_id = subject
          OR delivery.id = CASE WHEN subject ~ '^[0-9]{1,18}$' THEN CAST(subject AS bigint) END
        JOIN invoice ON invoice.id = delivery.invoice_id
        JOIN employee ON employee.id = employee_id
    """),
}


@dataclass(frozen=True, slots=True)
class Subject:
    """
    What a step's message is about.

    Attributes:
        employee: The contractor's code.
        failed_at: When the step last failed, with its *reason*; None if it never said so.
        done: Whether the step has nothing left to do.
    """

    number: str
    period: Period
    employee: str
    name: str
    failures: int | None
    failed_at: datetime | None
    reason: str | None
    done: bool


def subjects(
    connection: Connection, step: Step, ids: Iterable[int | str]
) -> dict[int | str, Subject]:
    """What messages of *step* with these *ids* are about; without those nobody knows."""
    rows = connection.execute(SUBJECTS[step], {"subjects": list(ids)}).mappings()
    return {row["subject"]: _subject(dict(row)) for row in rows}


def _subject(row: dict[str, Any]) -> Subject:
    month = row.pop("month")
    del row["subject"]
    return Subject(period=Period.month(month.year, month.month), **row)
