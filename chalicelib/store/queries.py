"""Queries as values: what was issued, one statement each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, null, select

from chalicelib.billing.period import Period

from .tables import (
    app_user,
    billing_run,
    delivery,
    document,
    employee,
    invoice,
    invoice_line,
    invoice_workday,
    newest_delivery,
)

credited = invoice.alias("credited")
crediting = invoice.alias("crediting")


@dataclass(frozen=True, slots=True)
class Filters:
    """What a listing is narrowed to; None leaves a field open."""

    period: Period | None = None
    employee: str | None = None
    department: str | None = None
    project: str | None = None
    kind: str | None = None
    delivery: str | None = None


def invoices() -> Select[Any]:
    """Issued invoices with their document, who they credit and the status of their email."""
    # Looked up for the rows of a page: cheaper to plan than one more join.
    last_delivery = (
        select(newest_delivery.c.status)
        .where(newest_delivery.c.invoice_id == invoice.c.id)
        .scalar_subquery()
    )
    return (
        select(
            invoice,
            employee.c.code.label("employee_code"),
            credited.c.number.label("credits_number"),
            credited.c.issued_on.label("credits_issued_on"),
            crediting.c.number.label("credited_by_number"),
            document.c.s3_key,
            document.c.sha256,
            document.c.bytes,
            document.c.rendered_at,
            last_delivery.label("delivery_status"),
        )
        .join(employee, employee.c.id == invoice.c.employee_id)
        .outerjoin(document, document.c.invoice_id == invoice.c.id)
        .outerjoin(credited, credited.c.id == invoice.c.credits_invoice_id)
        .outerjoin(crediting, crediting.c.credits_invoice_id == invoice.c.id)
    )


def invoice_by_id(invoice_id: int) -> Select[Any]:
    """One invoice, as in `invoices`."""
    return invoices().where(invoice.c.id == invoice_id)


def invoice_by_number(number: str) -> Select[Any]:
    """One invoice, as in `invoices`."""
    return invoices().where(invoice.c.number == number)


def page(
    filters: Filters, visible: ColumnElement[bool], *, before_id: int | None, limit: int
) -> Select[Any]:
    """
    The newest *limit* invoices that pass *filters*, as in `invoices`, newest first.

    Args:
        filters: What to narrow to.
        visible: What the reader may see.
        before_id: The last id of the page before; None for the first page.
        limit: How many rows.
    """
    conditions = [visible, *_conditions(filters)]
    if before_id is not None:
        conditions.append(invoice.c.id < before_id)
    # Chosen by an index alone; what else is shown is looked up for the rows of the page.
    chosen = (
        _narrowed(select(invoice.c.id), filters)
        .where(*conditions)
        .order_by(invoice.c.id.desc())
        .limit(limit)
        .cte("chosen")
    )
    return invoices().join(chosen, chosen.c.id == invoice.c.id).order_by(invoice.c.id.desc())


def of_address(email: str) -> ColumnElement[bool]:
    """A condition: invoices of the employee with *email*."""
    return invoice.c.employee_id == (
        select(employee.c.id).where(employee.c.email == email).scalar_subquery()
    )


def _conditions(filters: Filters) -> Iterator[ColumnElement[bool]]:
    if filters.period is not None:
        yield invoice.c.period == filters.period.start
    if filters.employee is not None:
        coded = select(employee.c.id).where(employee.c.code == filters.employee)
        yield invoice.c.employee_id == coded.scalar_subquery()
    if filters.department is not None:
        yield invoice.c.department_code == filters.department
    if filters.kind is not None:
        yield invoice.c.kind == filters.kind


def _narrowed(chosen: Select[Any], filters: Filters) -> Select[Any]:
    """
    Join what a project or a delivery's status narrows to, at most one row per invoice.

    Joins and not EXISTS: so PostgreSQL may begin with the rare side, in the order of its index.
    """
    if filters.project is not None:
        other = invoice_line.alias("other")
        chosen = chosen.join(invoice_line, invoice_line.c.invoice_id == invoice.c.id).where(
            invoice_line.c.project_code == filters.project,
            ~exists().where(
                other.c.invoice_id == invoice_line.c.invoice_id,
                other.c.project_code == filters.project,
                other.c.position < invoice_line.c.position,
            ),
        )
    if filters.delivery is not None:
        chosen = chosen.join(newest_delivery, newest_delivery.c.invoice_id == invoice.c.id).where(
            newest_delivery.c.status == filters.delivery
        )
    return chosen


def days_of(chosen: ColumnElement[bool]) -> Select[Any]:
    """
    The days behind the lines of the invoices *chosen*; a credit note's hours are negative.

    One row per invoice, date and position, in that order.
    """
    day = invoice_workday.c
    return (
        select(day.invoice_id, day.work_date, day.position, day.hours)
        .join(invoice, invoice.c.id == day.invoice_id)
        .where(chosen)
        .order_by(day.invoice_id, day.work_date, day.position)
    )


def lines_of(invoice_id: int) -> Select[Any]:
    """The lines of one invoice, by position."""
    return (
        select(invoice_line)
        .where(invoice_line.c.invoice_id == invoice_id)
        .order_by(invoice_line.c.position)
    )


def deliveries_of(invoice_id: int, *, name_actors: bool) -> Select[Any]:
    """The deliveries of one invoice, oldest first; who queued them is null unless asked for."""
    hidden = () if name_actors else ("actor", "claimed")
    shown = [column for column in delivery.c if column.name not in hidden]
    return (
        select(*shown, *(null().label(name) for name in hidden))
        .where(delivery.c.invoice_id == invoice_id)
        .order_by(delivery.c.id)
    )


def runs(period: Period | None, *, before_id: int | None, limit: int) -> Select[Any]:
    """The newest *limit* runs, of *period* or of all, newest first."""
    query = (
        select(billing_run, invoice.c.number.label("corrects"))
        .outerjoin(invoice, invoice.c.id == billing_run.c.corrects_invoice_id)
        .order_by(billing_run.c.id.desc())
        .limit(limit)
    )
    if period is not None:
        query = query.where(billing_run.c.period == period.start)
    return query if before_id is None else query.where(billing_run.c.id < before_id)


def role_of(email: str) -> Select[str]:
    """The role of the app user with *email*, in its stored form; no row if there is none."""
    return select(app_user.c.role).where(app_user.c.email == email)
