"""
The database's roles and what each may do: data alone, which `grants` applies.

Roles belong to a whole server and rights to one database: the ledgers on one server share the
roles, and each has rights of its own. docs/roles.md says whose each role is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from types import MappingProxyType
from typing import Final

OWNER: Final = "selfbill_owner"
WRITER: Final = "selfbill_writer"
READER: Final = "selfbill_reader"
FEEDER: Final = "selfbill_feeder"
OPERATOR: Final = "selfbill_operator"
ROLES: Final = (OWNER, WRITER, READER, FEEDER, OPERATOR)


@dataclass(frozen=True, slots=True)
class Columns:
    """
    Columns of a table or view.

    Attributes:
        names: Their names, or with *others* those that are not among them.
        others: Whether it is all other columns, those of later migrations included.
    """

    names: frozenset[str]
    others: bool = False

    @property
    def are_all(self) -> bool:
        return self.others and not self.names

    def of(self, columns: Iterable[str]) -> list[str]:
        """Which of *columns* they are, in the same order."""
        return [column for column in columns if (column in self.names) is not self.others]

    def __or__(self, more: Columns) -> Columns:
        if self.others and more.others:
            return Columns(self.names & more.names, others=True)
        if self.others or more.others:
            rest, added = (self, more) if self.others else (more, self)
            return Columns(rest.names - added.names, others=True)
        return Columns(self.names | more.names)


def only(*names: str) -> Columns:
    return Columns(frozenset(names))


def but(*names: str) -> Columns:
    """All columns except these."""
    return Columns(frozenset(names), others=True)


EVERY: Final = but()

# By privilege; DELETE is of whole rows.
Rights = Mapping[str, Columns]


def may(
    *,
    read: Columns = EVERY,
    add: Columns | None = None,
    change: Columns | None = None,
    delete: Columns | None = None,
) -> Rights:
    given = {"SELECT": read, "INSERT": add, "UPDATE": change, "DELETE": delete}
    return MappingProxyType({name: columns for name, columns in given.items() if columns})


# What a run is told when it ends; the rest of its row says what it is and never changes.
OUTCOME = (
    "finished_at",
    "failure",
    *(
        f"{side}_{unit}"
        for side in ("extracted", "billed", "rejected", "held")
        for unit in ("rows", "hours")
    ),
)
# What becomes of a delivery on its way; to whom what is sent never changes.
MOVING = ("attempts", "message_id", "error", "claimed_at", "sent_at", "event_id", "event_at")

# Who did it, which the database says itself.
WHO = ("actor", "claimed")

# Lambda functions: master data is read, the ledger is added to.
WRITER_RIGHTS: Final[Mapping[str, Rights]] = {
    "department": may(),
    "project": may(),
    "employee": may(),
    "rate": may(),
    "workday": may(),
    "billing_run": may(
        add=but("id", "started_at", *OUTCOME, *WHO), change=only("status", *OUTCOME)
    ),
    "closed_period": may(),
    "rejected_workday": may(add=EVERY),
    "held_employee": may(add=EVERY),
    "invoice_series": may(add=EVERY, change=only("last_sequence")),
    "invoice": may(add=EVERY),
    "invoice_line": may(add=EVERY),
    "invoice_workday": may(add=EVERY),
    "document": may(add=EVERY),
    "delivery": may(add=but("id", *MOVING, *WHO), change=only("status", *MOVING)),
    "delivery_transition": may(),
    "step_failure": may(add=EVERY, change=only("failures", "failed_at", "reason")),
    "live_workday": may(),
    "run_status": may(),
    "newest_delivery": may(),
}

# The API: what it shows, and of master data neither addresses nor rates. Accounts are compared, to
# tell who has the same; of the log of changes the API says who and when, not what.
READER_RIGHTS: Final[Mapping[str, Rights]] = {
    "app_user": may(),
    "department": may(read=only("code", "name")),
    "project": may(),
    "employee": may(
        read=only("id", "code", "full_name", "email", "iban", "self_billing_agreed_on")
    ),
    "rate": may(read=only("employee_id", "valid_from")),
    "workday": may(read=but("note")),
    "billing_run": may(),
    "rejected_workday": may(),
    "held_employee": may(),
    "invoice": may(),
    "invoice_line": may(),
    "invoice_workday": may(),
    "document": may(),
    "delivery": may(),
    "step_failure": may(),
    "live_workday": may(),
    "run_status": may(),
    "newest_delivery": may(),
    "change_log": may(read=but("old", "new")),
}

# Upstream systems. A code is what a person is known by in every other system and on every invoice.
FEEDER_RIGHTS: Final[Mapping[str, Rights]] = {
    "department": may(add=but("id"), change=but("id", "code")),
    "project": may(add=but("id"), change=but("id", "code")),
    "employee": may(add=but("id"), change=but("id", "code")),
    "rate": may(add=EVERY, change=but("employee_id", "valid_from")),
    "workday": may(add=but("id"), change=but("id"), delete=EVERY),
}

# The command line, beside what writer and feeder may.
OPERATOR_BESIDES: Final[Mapping[str, Rights]] = {
    "app_user": may(add=EVERY, change=only("role"), delete=EVERY),
    "closed_period": may(add=but("closed_at", *WHO)),
    "rate": may(delete=EVERY),
    "delivery_event": may(),
    "change_log": may(),
}


def _both(some: Rights, more: Rights) -> Rights:
    nothing = only()
    return MappingProxyType(
        {
            privilege: some.get(privilege, nothing) | more.get(privilege, nothing)
            for privilege in sorted({*some, *more})
        }
    )


def _together(some: Mapping[str, Rights], more: Mapping[str, Rights]) -> dict[str, Rights]:
    return {
        relation: _both(some.get(relation, {}), more.get(relation, {}))
        for relation in sorted({*some, *more})
    }


# By role and table or view. The owner needs no right: the tables are its own.
RIGHTS: Final[Mapping[str, Mapping[str, Rights]]] = {
    WRITER: WRITER_RIGHTS,
    READER: READER_RIGHTS,
    FEEDER: FEEDER_RIGHTS,
    OPERATOR: reduce(_together, (WRITER_RIGHTS, FEEDER_RIGHTS, OPERATOR_BESIDES)),
}

# Tables that are the owner's alone. A test wants every table here or above.
OWNERS_ALONE: Final = ("alembic_version",)

# Who may take numbers from a sequence. A column that numbers itself needs no right for it.
SEQUENCES: Final[Mapping[str, tuple[str, ...]]] = {
    "billing_run_id_seq": (),
    "change_log_id_seq": (),
    "delivery_event_id_seq": (),
    "delivery_id_seq": (),
    "department_id_seq": (),
    "employee_id_seq": (),
    # A run reserves the ids of all its invoices at once.
    "invoice_id_seq": (WRITER, OPERATOR),
    "project_id_seq": (),
    "workday_id_seq": (),
}

# Who may run a function; those of triggers run for everybody. A function that is not here runs for
# its owner alone.
FUNCTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    # Called by the triggers of an issue, with the rights of whoever issues.
    "issue_is_closed()": (WRITER, OPERATOR),
    # The default of whom a run, a closing or a delivery is claimed for.
    "claimed_actor()": (WRITER, OPERATOR),
}

# Nobody but the owner makes a table, a function or a schema, and nobody at all a temporary table:
# one that is named like a table of the ledger would be found first.
SCHEMA: Final[Mapping[str, tuple[str, ...]]] = dict.fromkeys(RIGHTS, ("USAGE",))
DATABASE: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(ROLES, ("CONNECT",)),
    OWNER: ("CONNECT", "CREATE"),
}
# What everybody may keep who can log in to the server at all.
EVERYBODYS: Final = ("CONNECT",)

# An ordinary role, which can log in once it has a password, and nothing more.
ATTRIBUTES: Final[Mapping[str, str]] = {
    "rolsuper": "NOSUPERUSER",
    "rolcreatedb": "NOCREATEDB",
    "rolcreaterole": "NOCREATEROLE",
    "rolreplication": "NOREPLICATION",
    "rolbypassrls": "NOBYPASSRLS",
}
