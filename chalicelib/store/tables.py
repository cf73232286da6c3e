"""
The tables, as the code sees them.

The migrations under ``sql/migrations`` make them and hold the rules (checks, triggers); a test
compares the two.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Computed,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    MetaData,
    Numeric,
    Table,
    Text,
    UniqueConstraint,
    column,
    func,
    table,
    text,
)

from chalicelib.billing.statuses import ON_THEIR_WAY

metadata = MetaData()

Hours = Numeric(5, 2)
HoursSum = Numeric(14, 2)
UnitRate = Numeric(12, 4)
TaxRate = Numeric(7, 6)
Money = Numeric(14, 2)
Moment = DateTime(timezone=True)


def _id() -> Column[int]:
    return Column("id", BigInteger, Identity(), primary_key=True)


def _who() -> tuple[Column[str], Column[str]]:
    """Who did it: the login, and whom it said it acts for; null if it was not recorded then."""
    return (
        Column("actor", Text, server_default=text("session_user")),
        Column("claimed", Text, server_default=text("claimed_actor()")),
    )


def _required(name: str, kind: type[Text | Date | Integer | BigInteger]) -> Column[object]:
    return Column(name, kind, nullable=False)


department = Table(
    "department",
    metadata,
    _id(),
    Column("code", Text, nullable=False, unique=True),
    _required("name", Text),
)

project = Table(
    "project",
    metadata,
    _id(),
    Column("code", Text, nullable=False, unique=True),
    _required("name", Text),
)

employee = Table(
    "employee",
    metadata,
    _id(),
    Column("code", Text, nullable=False, unique=True),
    _required("full_name", Text),
    Column("email", Text, unique=True),
    Column("department_id", ForeignKey("department.id"), nullable=False),
    Column("project_id", ForeignKey("project.id")),
    _required("currency", Text),
    Column("tax_rate", TaxRate, nullable=False),
    Column("tax_category", Text),
    _required("tax_id", Text),
    _required("address", Text),
    _required("country", Text),
    Column("iban", Text),
    Column("self_billing_agreed_on", Date),
    Column("locale", Text, nullable=False, server_default="en"),
)

rate = Table(
    "rate",
    metadata,
    Column("employee_id", ForeignKey("employee.id"), primary_key=True),
    Column("valid_from", Date, primary_key=True),
    Column("hourly_rate", UnitRate, nullable=False),
    Column("overtime_multiplier", Numeric(4, 2), nullable=False),
)

workday = Table(
    "workday",
    metadata,
    _id(),
    Column("employee_id", ForeignKey("employee.id"), nullable=False),
    _required("work_date", Date),
    Column("project_id", ForeignKey("project.id"), nullable=False),
    _required("kind", Text),
    Column("hours", Hours, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    UniqueConstraint("employee_id", "work_date", "project_id", "kind"),
    Index("workday_by_date", "work_date"),
)

app_user = Table(
    "app_user", metadata, Column("email", Text, primary_key=True), _required("role", Text)
)

billing_run = Table(
    "billing_run",
    metadata,
    _id(),
    _required("period", Date),
    _required("status", Text),
    Column("started_at", Moment, nullable=False, server_default=func.clock_timestamp()),
    Column("finished_at", Moment),
    Column("failure", Text),
    Column("corrects_invoice_id", BigInteger),
    Column("extracted_rows", Integer),
    Column("extracted_hours", HoursSum),
    Column("billed_rows", Integer),
    Column("billed_hours", HoursSum),
    Column("rejected_rows", Integer),
    Column("rejected_hours", HoursSum),
    Column("held_rows", Integer),
    Column("held_hours", HoursSum),
    Column("shard", Integer),
    Column("shards", Integer),
    *_who(),
    Index("billing_run_by_period", "period", "id"),
)

closed_period = Table(
    "closed_period",
    metadata,
    Column("period", Date, primary_key=True),
    Column("closed_at", Moment, nullable=False, server_default=func.clock_timestamp()),
    *_who(),
)

rejected_workday = Table(
    "rejected_workday",
    metadata,
    Column("run_id", ForeignKey("billing_run.id"), primary_key=True),
    Column("workday_id", BigInteger, primary_key=True),
    _required("employee_id", BigInteger),
    _required("work_date", Date),
    _required("project_id", BigInteger),
    _required("kind", Text),
    Column("hours", Hours, nullable=False),
    _required("rule", Text),
    _required("value", Text),
)

held_employee = Table(
    "held_employee",
    metadata,
    Column("run_id", ForeignKey("billing_run.id"), primary_key=True),
    Column("employee_id", BigInteger, primary_key=True),
    _required("reason", Text),
    _required("detail", Text),
)

invoice_series = Table(
    "invoice_series",
    metadata,
    Column("series", Text, primary_key=True),
    _required("last_sequence", Integer),
)

invoice = Table(
    "invoice",
    metadata,
    _id(),
    Column("number", Text, nullable=False, unique=True),
    _required("series", Text),
    _required("sequence", Integer),
    Column("previous_sequence", Integer, Computed("nullif(sequence - 1, 0)", persisted=True)),
    _required("kind", Text),
    Column("credits_invoice_id", ForeignKey("invoice.id"), unique=True),
    Column("employee_id", ForeignKey("employee.id"), nullable=False),
    Column("run_id", ForeignKey("billing_run.id"), nullable=False),
    _required("period", Date),
    _required("currency", Text),
    Column("subtotal", Money, nullable=False),
    Column("tax_rate", TaxRate, nullable=False),
    Column("tax_category", Text, nullable=False),
    Column("tax", Money, nullable=False),
    Column("total", Money, nullable=False),
    Column("issued_at", Moment, nullable=False),
    _required("issued_on", Date),
    _required("due_on", Date),
    _required("locale", Text),
    _required("department_code", Text),
    _required("supplier_name", Text),
    _required("supplier_address", Text),
    _required("supplier_country", Text),
    _required("supplier_tax_id", Text),
    Column("supplier_iban", Text),
    Column("supplier_email", Text),
    _required("buyer_name", Text),
    _required("buyer_address", Text),
    _required("buyer_country", Text),
    _required("buyer_tax_id", Text),
    _required("content_sha256", Text),
    _required("rounding_policy", Text),
    UniqueConstraint("series", "sequence"),
    ForeignKeyConstraint(
        ["series", "previous_sequence"],
        ["invoice.series", "invoice.sequence"],
        name="invoice_follows_its_predecessor",
    ),
    Index("invoice_by_period", "period", "id"),
    Index("invoice_by_employee", "employee_id", "id"),
    Index("invoice_by_department", "department_code", "id"),
    Index("invoice_by_kind", "kind", "id"),
    Index("invoice_by_run", "run_id"),
)

invoice_line = Table(
    "invoice_line",
    metadata,
    Column("invoice_id", ForeignKey("invoice.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    _required("project_code", Text),
    _required("project_name", Text),
    _required("kind", Text),
    Column("hours", Numeric(9, 2), nullable=False),
    Column("unit_rate", UnitRate, nullable=False),
    Column("amount", Money, nullable=False),
    Index("invoice_line_by_project", "project_code", "invoice_id"),
)

invoice_workday = Table(
    "invoice_workday",
    metadata,
    Column("employee_id", BigInteger, primary_key=True),
    Column("work_date", Date, primary_key=True),
    Column("project_id", BigInteger, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("turn", Integer, primary_key=True),
    Column("previous_turn", Integer, Computed("nullif(turn - 1, 0)", persisted=True)),
    _required("invoice_id", BigInteger),
    _required("position", Integer),
    Column("credits_invoice_id", BigInteger),
    _required("workday_id", BigInteger),
    Column("hours", Hours, nullable=False),
    Column("unit_rate", UnitRate, nullable=False),
    ForeignKeyConstraint(
        ["employee_id", "work_date", "project_id", "kind", "previous_turn"],
        [
            f"invoice_workday.{column}"
            for column in ("employee_id", "work_date", "project_id", "kind", "turn")
        ],
        name="invoice_workday_follows_its_turn",
    ),
    Index("invoice_workday_by_invoice", "invoice_id", "position"),
    Index("invoice_workday_by_workday", "workday_id"),
    Index("invoice_workday_by_date", "work_date", postgresql_using="brin"),
)

document = Table(
    "document",
    metadata,
    Column("invoice_id", ForeignKey("invoice.id"), primary_key=True),
    Column("s3_key", Text, nullable=False, unique=True),
    _required("sha256", Text),
    _required("bytes", Integer),
    Column("rendered_at", Moment, nullable=False),
)

delivery = Table(
    "delivery",
    metadata,
    _id(),
    Column("invoice_id", ForeignKey("invoice.id"), nullable=False),
    Column("recipient", Text),
    _required("status", Text),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("message_id", Text, unique=True),
    Column("error", Text),
    Column("queued_at", Moment, nullable=False),
    Column("claimed_at", Moment),
    Column("sent_at", Moment),
    Column("event_id", Text),
    Column("event_at", Moment),
    *_who(),
    Index("delivery_by_invoice", "invoice_id", "id"),
    Index("delivery_by_status", "status", "invoice_id"),
    Index(
        "delivery_one_on_its_way",
        "invoice_id",
        unique=True,
        postgresql_where=text(f"status IN {ON_THEIR_WAY}"),
    ),
)

delivery_transition = Table(
    "delivery_transition",
    metadata,
    Column("from_status", Text, primary_key=True),
    Column("to_status", Text, primary_key=True),
    _required("why", Text),
)

delivery_event = Table(
    "delivery_event",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    _required("delivery_id", BigInteger),
    Column("at", Moment, nullable=False),
    _required("from_status", Text),
    _required("to_status", Text),
    Column("detail", Text),
    Column("event_id", Text),
    Column("event_at", Moment),
    Index("delivery_event_by_delivery", "delivery_id", "id"),
)

step_failure = Table(
    "step_failure",
    metadata,
    Column("invoice_id", ForeignKey("invoice.id"), primary_key=True),
    Column("step", Text, primary_key=True),
    _required("failures", Integer),
    Column("failed_at", Moment, nullable=False),
    _required("reason", Text),
)

change_log = Table(
    "change_log",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    _required("table", Text),
    Column("key", Text(collation="C"), nullable=False),
    Column("column", Text),
    Column("old", Text),
    Column("new", Text),
    Column("at", Moment, nullable=False),
    _required("actor", Text),
    Column("claimed", Text),
    Index("change_log_by_key", "table", "key", "id"),
)

# Views: what 0005_statuses.py says of a run, and the newest delivery of each invoice.
run_status = table("run_status", *map(column, ("id", "period", "kind", "status", "completed")))

newest_delivery = table(
    "newest_delivery", *map(column, ("id", "invoice_id", "status", "on_its_way", "arrived"))
)
