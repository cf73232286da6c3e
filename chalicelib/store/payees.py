"""
Who is paid where, beside the contractor's last live invoice: what `payment_checks` compares.

A few statements whatever the number of contractors; what they give back is only what differs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from chalicelib.billing.payment_checks import (
    SEPARATORS,
    Account,
    Case,
    Change,
    Payee,
    PaymentCheck,
    differences,
    new_account,
    payment_checks,
    standard,
)
from chalicelib.billing.period import Period

# A draft comes after every invoice.
DRAFT = 2**63 - 1
# As `payment_checks.standard` has it.
STANDARD = f"upper(regexp_replace(coalesce({{}}, ''), '{SEPARATORS}', '', 'g'))"
LIVE = """
    {0}.kind = 'invoice'
    AND NOT EXISTS (SELECT FROM invoice AS credit WHERE credit.credits_invoice_id = {0}.id)
"""
RATES = """
    ARRAY(SELECT DISTINCT line.kind || ' ' || line.unit_rate || ' ' || {0}.currency
          FROM invoice_line AS line WHERE line.invoice_id = {0}.id ORDER BY 1)
"""
BEFORE = f"""
    LEFT JOIN LATERAL (
        SELECT earlier.id, earlier.run_id, earlier.supplier_iban AS account,
               earlier.supplier_email AS email, {RATES.format("earlier")} AS rates
        FROM invoice AS earlier
        WHERE earlier.employee_id = now.employee_id AND earlier.id < now.id
          AND {LIVE.format("earlier")}
        ORDER BY earlier.id DESC LIMIT 1
    ) AS before ON true
    LEFT JOIN billing_run AS before_run ON before_run.id = before.run_id
"""
BEFORE_COLUMNS = """
    before.id AS before_id, before.account AS before_account, before.email AS before_email,
    before.rates AS before_rates, before_run.started_at AS since
"""

# The live invoices of a month, those that say the same as the last one left out.
OF_MONTH = f"""
    WITH now AS (
        SELECT id, number, employee_id, run_id, supplier_name AS name, supplier_iban AS account,
               supplier_email AS email, {RATES.format("invoice")} AS rates
        FROM invoice WHERE period = :start AND {LIVE.format("invoice")}
    )
    SELECT now.id, now.employee_id, code AS employee, now.name, now.number, now.account, now.email,
           now.rates, run.finished_at AS until, {BEFORE_COLUMNS}
    FROM now
    JOIN employee ON employee.id = now.employee_id
    JOIN billing_run AS run ON run.id = now.run_id
    {BEFORE}
    WHERE before.id IS NULL
       OR (now.account, now.email, now.rates)
          IS DISTINCT FROM (before.account, before.email, before.rates)
"""

# The last live invoice of each employee.
OF_EMPLOYEES = f"""
    SELECT now.employee_id, {BEFORE_COLUMNS}
    FROM (
        SELECT employee_id, {DRAFT} AS id
        FROM unnest(CAST(:employees AS bigint[])) AS employee_id
    ) AS now
    {BEFORE}
"""

# Whether an account is new to a contractor, and who else has it: today, or on an invoice of this
# month or the last.  Some holders are enough, as thousands may share an account in a trial.
ACCOUNTS = f"""
    WITH asked AS (
        SELECT * FROM unnest(
            CAST(:employees AS bigint[]), CAST(:accounts AS text[]), CAST(:ids AS bigint[])
        ) AS asked (employee_id, account, id)
    ), held AS (
        SELECT id AS employee_id, {STANDARD.format("iban")} AS account FROM employee
        UNION
        SELECT employee_id, {STANDARD.format("supplier_iban")} FROM invoice
        WHERE kind = 'invoice' AND period >= CAST(:start AS date) - interval '1 month'
    ), holders AS (
        SELECT account, (array_agg(code ORDER BY code COLLATE "C"))[1:4] AS codes
        FROM held JOIN employee ON employee.id = employee_id
        WHERE account IN (SELECT account FROM asked)
        GROUP BY account
    )
    SELECT asked.id, asked.employee_id, coalesce(codes, '{{}}') AS holders, EXISTS (
        SELECT FROM invoice
        WHERE invoice.employee_id = asked.employee_id AND invoice.id < asked.id
          AND kind = 'invoice' AND {STANDARD.format("supplier_iban")} = asked.account
    ) AS used
    FROM asked LEFT JOIN holders USING (account)
"""

# The newest change of each since the last invoice.  By time and then id: by id alone, PostgreSQL
# may read the whole log backwards.
CHANGES = """
    SELECT place, flag, change.at, change.actor, change.claimed
    FROM unnest(
        CAST(:places AS int[]), CAST(:flags AS text[]), CAST(:employees AS text[]),
        CAST(:since AS timestamptz[]), CAST(:until AS timestamptz[])
    ) AS asked (place, flag, employee, since, until)
    CROSS JOIN LATERAL (
        SELECT at, actor, claimed FROM change_log
        WHERE "table" = CASE flag WHEN 'rate' THEN 'rate' ELSE 'employee' END
          AND key BETWEEN CASE flag WHEN 'rate' THEN employee || ' ' ELSE employee END
                  AND CASE flag WHEN 'rate' THEN employee || ' ~' ELSE employee END
          AND (flag = 'rate' OR "column" = CASE flag WHEN 'account' THEN 'iban' ELSE flag END)
          AND at > since AND at <= coalesce(until, 'infinity')
        ORDER BY at DESC, id DESC LIMIT 1
    ) AS change
"""


@dataclass(frozen=True, slots=True)
class _Pair:
    """
    A case and where it stands in the ledger.

    Attributes:
        id: The invoice's; of a draft, higher than any.
        since: When the last invoice's run began; a change from before was in it already.
        until: When this one's ended.
    """

    case: Case
    id: int
    employee_id: int
    since: datetime | None
    until: datetime | None


def checks_of_month(connection: Connection, period: Period) -> list[PaymentCheck]:
    """What to check before the live invoices of *period* are paid."""
    rows = connection.execute(text(OF_MONTH), {"start": period.start}).mappings()
    pairs = [
        _Pair(
            Case(_payee(row, row["employee"], row["name"], number=row["number"]), _before(row)),
            row["id"],
            row["employee_id"],
            row["since"],
            row["until"],
        )
        for row in rows
    ]
    return _checked(connection, period, pairs)


def checks_of_drafts(
    connection: Connection, period: Period, drafts: Mapping[int, Payee]
) -> list[PaymentCheck]:
    """What to check in *drafts* of *period*, which are by employee id."""
    rows = connection.execute(text(OF_EMPLOYEES), {"employees": list(drafts)}).mappings()
    pairs = [
        _Pair(
            Case(drafts[row["employee_id"]], _before(row)),
            DRAFT,
            row["employee_id"],
            row["since"],
            None,
        )
        for row in rows
    ]
    return _checked(connection, period, pairs)


def _payee(
    row: Mapping[Any, Any], employee: str, name: str, *, number: str | None, side: str = ""
) -> Payee:
    account, email, rates = (row[f"{side}{column}"] for column in ("account", "email", "rates"))
    return Payee(employee, name, number, account, email, frozenset(rates))


def _before(row: Mapping[Any, Any]) -> Payee | None:
    return _payee(row, "", "", number=None, side="before_") if row["before_id"] else None


def _checked(connection: Connection, period: Period, pairs: Sequence[_Pair]) -> list[PaymentCheck]:
    accounts = _accounts(connection, period, pairs)
    changes = _changes(connection, pairs)
    return payment_checks(
        replace(pair.case, account=accounts.get(place), changes=changes.get(place, {}))
        for place, pair in enumerate(pairs)
    )


def _accounts(connection: Connection, period: Period, pairs: Sequence[_Pair]) -> dict[int, Account]:
    """What is known of new accounts, by the place of their pair."""
    places = {
        (pair.id, pair.employee_id): place
        for place, pair in enumerate(pairs)
        if new_account(pair.case.now, pair.case.before)
    }
    if not places:
        return {}
    asked = {
        "employees": [employee_id for _, employee_id in places],
        "accounts": [standard(pairs[place].case.now.account) for place in places.values()],
        "ids": [invoice_id for invoice_id, _ in places],
        "start": period.start,
    }
    return {
        places[row.id, row.employee_id]: Account(used=row.used, holders=row.holders)
        for row in connection.execute(text(ACCOUNTS), asked)
    }


def _changes(connection: Connection, pairs: Iterable[_Pair]) -> dict[int, dict[str, Change]]:
    """Who changed what differs, by the place of the pair and the flag."""
    asked = [
        (place, flag, pair.case.now.employee, pair.since, pair.until)
        for place, pair in enumerate(pairs)
        if pair.case.before
        for flag in differences(pair.case.now, pair.case.before)
    ]
    if not asked:
        return {}
    names = ("places", "flags", "employees", "since", "until")
    values = dict(zip(names, map(list, zip(*asked, strict=True)), strict=True))
    found: dict[int, dict[str, Change]] = {}
    for row in connection.execute(text(CHANGES), values):
        found.setdefault(row.place, {})[row.flag] = Change(row.at, row.actor, row.claimed)
    return found
