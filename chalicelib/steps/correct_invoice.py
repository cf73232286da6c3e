"""Correct: credit an invoice whose workdays have drifted and bill them anew, in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Connection, func, select

from chalicelib.billing.errors import BillingError
from chalicelib.billing.month import MonthDraft, draft_month
from chalicelib.billing.period import Period
from chalicelib.billing.records import InvoiceRecord
from chalicelib.documents.pdf.coverage import unprintable
from chalicelib.settings import Settings
from chalicelib.store import records
from chalicelib.store.closing import open_from
from chalicelib.store.connection import period_lock
from chalicelib.store.crediting import credit
from chalicelib.store.drifting import Scope, drift
from chalicelib.store.extraction import extract_freed
from chalicelib.store.issuing import Issue, issue
from chalicelib.store.runs import add_run
from chalicelib.store.tables import invoice, invoice_workday

from .run import attempt, issue_date, ready, refuse_closed, send_on


class CannotCorrect(BillingError):
    """An invoice cannot be corrected."""

    def __init__(self, number: str, reason: str) -> None:
        self.number = number
        self.reason = reason
        super().__init__(f"{number} cannot be corrected: {reason}")


@dataclass(frozen=True, slots=True)
class Correction:
    """
    What a correction issued.

    Attributes:
        replaced_by: The new invoice's number; None if nothing was left to bill.
        difference: What the new total is above the old one, in the invoice's currency; None if
            the employee is paid in another one now.
        rejected: How many of the workdays are not valid any more.
    """

    number: str
    credited_by: str
    replaced_by: str | None
    currency: str
    difference: Decimal | None
    rejected: int


def correct_invoice(settings: Settings, number: str, now: datetime) -> Correction:
    """
    Credit the invoice *number* and bill what is left of its workdays with today's data.

    Both documents are issued in one transaction and delivered like any other.  They are booked in
    the invoice's period, or in the next open one if that is closed.

    Raises:
        CannotCorrect: If there is no such invoice, it is a credit note or credited already,
            nothing has drifted, or its employee would be held.  Nothing happened.
        PeriodClosed: If that period was closed just now; correct it again.
        DatabaseUnreachable: If there is no database.
    """
    ledger = ready(settings)
    with ledger.connect() as connection:
        booked_in = open_from(connection, _period(_invoice(connection, number)))
    with period_lock(ledger, booked_in) as connection:
        refuse_closed(connection, booked_in)
        try:
            original = _correctable(connection, number)
        except CannotCorrect:
            # It may have been done by a process that died before it could send it on.
            connection.rollback()
            send_on(connection, settings, booked_in)
            raise
        connection.rollback()
        with attempt(ledger, connection, booked_in, corrects=original.id) as run_id:
            common = Issue(run_id, booked_in, now, issue_date(settings, now), settings.payer)
            with connection.begin():
                correction = replace(connection, original, common)
        send_on(connection, settings, booked_in)
    return correction


def would_correct(settings: Settings, number: str, now: datetime) -> Correction:
    """
    What `correct_invoice` would do, done and rolled back: the same code, and no trace of it.

    Raises:
        CannotCorrect: As `correct_invoice` does.
    """
    with ready(settings).connect() as connection, connection.begin() as transaction:
        original = _correctable(connection, number)
        period = _period(original)
        run_id = add_run(connection, period, corrects=original.id)
        common = Issue(run_id, period, now, issue_date(settings, now), settings.payer)
        correction = replace(connection, original, common)
        transaction.rollback()
    return correction


def replace(connection: Connection, original: InvoiceRecord, common: Issue) -> Correction:
    """The credit note and the new invoice, in the caller's transaction."""
    credit_id = credit(
        connection,
        original,
        run_id=common.run_id,
        period=common.period,
        issued_at=common.issued_at,
        issued_on=common.issued_on,
    )
    start, end = _span(connection, original)
    freed = extract_freed(connection, start, end, credit_id)
    draft = draft_month(freed, issued_on=common.issued_on, unprintable=unprintable)
    if draft.held.height:
        [held] = draft.held.to_dicts()
        reason = f"its contractor is held ({held['reason']}: {held['detail']}); resolve that first"
        raise CannotCorrect(original.number, reason)
    issue(connection, draft, freed, common)
    issued = _issued_since(connection, credit_id, original.employee_id)
    return Correction(
        number=original.number,
        credited_by=issued[0],
        replaced_by=issued[1] if draft.invoices.height else None,
        currency=original.currency,
        difference=_difference(draft, original),
        rejected=draft.rejected.height,
    )


def _difference(draft: MonthDraft, original: InvoiceRecord) -> Decimal | None:
    replaced: Decimal = -original.total
    for invoiced in draft.invoices.iter_rows(named=True):
        if invoiced["currency"] != original.currency:
            return None
        replaced += invoiced["total"]
    return replaced


def _issued_since(connection: Connection, credit_id: int, employee_id: int) -> list[str]:
    """Numbers of the credit note and of the invoice after it."""
    query = select(invoice.c.number).where(
        invoice.c.id >= credit_id, invoice.c.employee_id == employee_id
    )
    return list(connection.execute(query.order_by(invoice.c.id)).scalars())


def _span(connection: Connection, original: InvoiceRecord) -> tuple[date, date]:
    """From the first day the invoice bills, or its period's if earlier, to its period's end."""
    first = connection.execute(
        select(func.min(invoice_workday.c.work_date)).where(
            invoice_workday.c.invoice_id == original.id
        )
    ).scalar_one()
    period = _period(original)
    return min(first, period.start), period.end


def _correctable(connection: Connection, number: str) -> InvoiceRecord:
    original = _invoice(connection, number)
    if original.kind == "credit_note":
        raise CannotCorrect(number, f"it is the credit note of {original.credits_number}")
    if original.credited_by_number:
        raise CannotCorrect(number, f"{original.credited_by_number} already credits it")
    if drift(connection, Scope.invoice(original.id)).is_empty():
        raise CannotCorrect(number, "its workdays and rates have not changed since it was billed")
    return original


def _invoice(connection: Connection, number: str) -> InvoiceRecord:
    found = records.invoice_by_number(connection, number)
    if found is None:
        raise CannotCorrect(number, "no invoice has this number; check it")
    return found


def _period(original: InvoiceRecord) -> Period:
    return Period.month(original.period.year, original.period.month)
