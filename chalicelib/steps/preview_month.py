"""Preview: the month's run up to the moment of issue, beside the month before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import polars as pl
from sqlalchemy import Connection

from chalicelib.billing.month import Extract, MonthDraft, draft_month
from chalicelib.billing.payment_checks import Payee, PaymentCheck
from chalicelib.billing.period import Period
from chalicelib.billing.preview import (
    Bounds,
    Person,
    compare,
    compare_currencies,
)
from chalicelib.documents.pdf.coverage import unprintable
from chalicelib.settings import Settings
from chalicelib.store.billed import PEOPLE, billed_in, read
from chalicelib.store.payees import checks_of_drafts
from chalicelib.store.reporting import Held, Reject
from chalicelib.store.silent import Silent, silent_people

from .run import extract_month, issue_date, ready, refuse_closed


@dataclass(frozen=True, slots=True)
class MonthPreview:
    """
    What a run would do now; nothing of it has happened.

    Attributes:
        bounds: What was taken for unremarkable.
        draft: What would be issued and recorded.
        comparison: `preview.Preview`, by employee code.
        money: `preview.CurrencyPreview`, by currency.
        rejects: By employee code, day, project and kind, as the report will have them.
        helds: By employee code, as the report will have them.
        silent: Who recorded nothing, by employee code.
        payment_checks: What to check before paying, the gravest first.
    """

    period: Period
    bounds: Bounds
    draft: MonthDraft
    comparison: pl.DataFrame
    money: pl.DataFrame
    rejects: list[Reject]
    helds: list[Held]
    silent: list[Silent]
    payment_checks: list[PaymentCheck]

    @property
    def needs_a_person(self) -> bool:
        """Whether anybody is flagged, rejected or held, or there is something to check."""
        flagged = self.comparison["flag"].count() > 0
        return bool(flagged or self.rejects or self.helds or self.payment_checks)


def preview_month(
    settings: Settings, period: Period, now: datetime, bounds: Bounds
) -> MonthPreview:
    """
    Do what `bill_month` does with *period*, and stop before anything is issued or recorded.

    It waits for no run and holds none up; the database is told to refuse it any write.

    Args:
        settings: Where the database is, and who pays.
        period: The month to preview.
        now: The moment the run would issue at, aware.
        bounds: What is still unremarkable.

    Raises:
        DatabaseUnreachable: If there is no database.
        UnprintablePayer: If no invoice could be printed.
        PeriodClosed: If *period* is closed.
        Unbalanced: If the run would not balance.
    """
    with ready(settings).connect() as connection:
        connection.execution_options(postgresql_readonly=True)
        refuse_closed(connection, period)
        snapshot, earlier = _at_one_moment(connection, period)
        last_month = billed_in(connection, period.preceding)
        people = read(connection, PEOPLE, Person)
        silent = silent_people(connection, period)
        draft = draft_month(snapshot, issued_on=issue_date(settings, now), unprintable=unprintable)
        checks = checks_of_drafts(connection, period, _payees(draft, snapshot.employees))
    return MonthPreview(
        period=period,
        bounds=bounds,
        draft=draft,
        comparison=compare(draft, people, last_month, bounds=bounds, earlier=earlier),
        money=compare_currencies(draft, last_month, earlier),
        rejects=_rejects(draft, people, snapshot.projects),
        helds=_helds(draft, people),
        silent=silent,
        payment_checks=checks,
    )


def _payees(draft: MonthDraft, employees: pl.DataFrame) -> dict[int, Payee]:
    """Whom the invoices of *draft* would pay, by employee id."""
    rate = pl.concat_str("kind", pl.col("unit_rate").cast(pl.String), "currency", separator=" ")
    rates = (
        draft.lines.join(draft.invoices.select("employee_id", "currency"), on="employee_id")
        .group_by("employee_id")
        .agg(rates=rate.unique())
    )
    paid = rates.join(employees, on="employee_id").select(
        "employee_id", "rates", employee="code", name="full_name", account="iban", email="email"
    )
    return {
        row.pop("employee_id"): Payee(number=None, rates=frozenset(row.pop("rates")), **row)
        for row in paid.iter_rows(named=True)
    }


def _at_one_moment(connection: Connection, period: Period) -> tuple[Extract, pl.DataFrame]:
    """What is to be billed and the `Earlier` billed; read again if a run commits in between."""
    earlier = billed_in(connection, period)
    while True:
        snapshot = extract_month(connection, period)
        billed = billed_in(connection, period)
        if billed.equals(earlier):
            return snapshot, billed
        earlier = billed


def _rejects(draft: MonthDraft, people: pl.DataFrame, projects: pl.DataFrame) -> list[Reject]:
    named = draft.rejected.join(people, on="employee_id").join(projects, on="project_id")
    rejected = named.sort("code", "work_date", "project_code", "kind").select(
        "work_date",
        "kind",
        "hours",
        "rule",
        "value",
        employee="code",
        name="full_name",
        project="project_code",
    )
    return [Reject(**row) for row in rejected.to_dicts()]


def _helds(draft: MonthDraft, people: pl.DataFrame) -> list[Held]:
    named = draft.held.join(people, on="employee_id").sort("code")
    held = named.select("reason", "detail", employee="code", name="full_name")
    return [Held(**row) for row in held.to_dicts()]
