"""
What to check before paying: an account, an email or a rate that the contractor's last invoice did
not have, and an account that none of their invoices had.

Plain values in and out: the report reads them without Polars.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

Flag = Literal["shared", "account", "email", "rate", "first"]
# The gravest first, in the order in which they are listed.
FLAGS: Final[tuple[Flag, ...]] = ("shared", "account", "email", "rate", "first")

# Signs, blanks and what shows nothing, which say nothing in an account: with one more, it would be
# another one than the account of others.  A regular expression of Python and of PostgreSQL.
SEPARATORS: Final = r"[\u0001-/:-@\u005b-\u0060\u007b-\u00a0\u00ad\u2000-\u206f\u3000\ufeff]"

# Of an account, what tells it from others and does not give it away.
SHOWN_AT_EACH_END: Final = 4
OTHERS_SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class Payee:
    """
    Whom an invoice or a draft pays, where, and for what.

    Attributes:
        employee: The contractor's code.
        name: As printed.
        number: None for a draft.
        account: As printed.
        rates: Of its lines, such as ``regular 50.0000 EUR``.
    """

    employee: str
    name: str
    number: str | None
    account: str | None
    email: str | None
    rates: frozenset[str]


@dataclass(frozen=True, slots=True)
class Account:
    """
    What the ledger knows of the account of a payee.

    Attributes:
        used: Whether an earlier invoice of the same contractor went to it.
        holders: Codes of some contractors who have it, in order; perhaps the payee's own.
    """

    used: bool
    holders: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """Who made a change, and when."""

    at: datetime
    actor: str
    claimed: str | None


@dataclass(frozen=True, slots=True)
class PaymentCheck:
    """
    One thing to check before a contractor is paid.

    Attributes:
        number: The invoice; None in a preview.
        flag: ``account``, ``email`` or ``rate`` for one that the last invoice did not have,
            ``first`` for an account that no earlier invoice went to, and ``shared`` if it is also
            the account of others.
        old: What the last invoice had; an account is shortened.
        new: What this one has.
        others: Codes of some contractors who have the same account.
        changed_at: When it was changed, if that is on record.
        actor: The login that changed it.
        claimed: Whom that login said it acted for.
    """

    employee: str
    name: str
    number: str | None
    flag: Flag
    old: str | None
    new: str | None
    others: list[str] = field(default_factory=list)
    changed_at: datetime | None = None
    actor: str | None = None
    claimed: str | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """
    A payee beside the one of the contractor's last live invoice.

    Attributes:
        before: None for a first invoice.
        account: Needed where the account is not the last one's.
        changes: Who changed what, by flag.
    """

    now: Payee
    before: Payee | None
    account: Account | None = None
    changes: Mapping[str, Change] = field(default_factory=dict)


def standard(account: str | None) -> str:
    """*account* as two writings of it are equal: no `SEPARATORS`, capitals; empty for none."""
    return re.sub(SEPARATORS, "", account or "").upper()


def masked(account: str | None) -> str:
    """
    An account as it is shown to whoever checks it.

    >>> masked("PL61 1090 1014 0000 0712 1981 2874"), masked("12345678"), masked(None)
    ('PL61…2874', '…5678', 'none')
    """
    plain = standard(account)
    if not plain:
        return "none"
    head = plain[:SHOWN_AT_EACH_END] if len(plain) >= SHOWN_AT_EACH_END * 3 else ""
    return f"{head}…{plain[-SHOWN_AT_EACH_END:]}"


def differences(now: Payee, before: Payee) -> dict[Flag, tuple[str, str]]:
    """What *now* has otherwise than *before*: the old and the new, by flag."""
    found: dict[Flag, tuple[str, str]] = {}
    if standard(now.account) != standard(before.account):
        found["account"] = (masked(before.account), masked(now.account))
    if now.email != before.email:
        found["email"] = (before.email or "none", now.email or "none")
    if fresh := _new_rates(now, before):
        kinds = {_kind(rate) for rate in fresh}
        old = [rate for rate in before.rates if _kind(rate) in kinds]
        found["rate"] = (", ".join(sorted(old)), ", ".join(sorted(fresh)))
    return found


def new_account(now: Payee, before: Payee | None) -> bool:
    """Whether *now* is paid to an account that the last invoice did not have."""
    last = standard(before.account) if before else ""
    return standard(now.account) not in ("", last)


def payment_checks(cases: Iterable[Case]) -> list[PaymentCheck]:
    """What to check in *cases*: the gravest flag first, then by employee's code and number."""
    found = [check for case in cases for check in (*_changed(case), *_first(case))]
    grave = {flag: place for place, flag in enumerate(FLAGS)}
    return sorted(found, key=lambda check: (grave[check.flag], check.employee, check.number or ""))


def _changed(case: Case) -> Iterator[PaymentCheck]:
    if case.before is None:
        return
    now = case.now
    for flag, (old, new) in differences(now, case.before).items():
        change = case.changes.get(flag)
        who = (change.at, change.actor, change.claimed) if change else (None, None, None)
        yield PaymentCheck(now.employee, now.name, now.number, flag, old, new, [], *who)


def _first(case: Case) -> Iterator[PaymentCheck]:
    now, account = case.now, case.account
    if account is None or account.used:
        return
    new = masked(now.account)
    yield PaymentCheck(now.employee, now.name, now.number, "first", None, new)
    if others := [code for code in account.holders if code != now.employee]:
        shown = others[:OTHERS_SHOWN]
        yield PaymentCheck(now.employee, now.name, now.number, "shared", None, new, shown)


def _new_rates(now: Payee, before: Payee) -> set[str]:
    """Rates of *now* that *before* had not, of the kinds of work that it had."""
    known = {_kind(rate) for rate in before.rates}
    return {rate for rate in now.rates - before.rates if _kind(rate) in known}


def _kind(rate: str) -> str:
    return rate.partition(" ")[0]
