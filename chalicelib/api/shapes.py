"""
What the API answers, one `msgspec.Struct` a shape.

Each answer is built as one of these, and the OpenAPI document describes the very same ones.  Money,
hours and rates are text, so that no client reads cents through a float.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from chalicelib.billing.statuses import DeliveryStatus, RunStatus

Kind = Literal["invoice", "credit_note"]
WorkKind = Literal["regular", "overtime"]
TaxCategory = Literal["S", "Z", "E", "AE", "O"]

Amount = Annotated[str, Meta(pattern=r"^-?[0-9]+\.[0-9]{2}$", examples=["1234.50"])]
Hours = Annotated[str, Meta(pattern=r"^-?[0-9]+\.[0-9]{2}$", examples=["7.50"])]
UnitRate = Annotated[str, Meta(pattern=r"^[0-9]+\.[0-9]{4}$", examples=["37.7350"])]
TaxRate = Annotated[
    str,
    Meta(pattern=r"^[01]\.[0-9]{6}$", examples=["0.200000"], description="A fraction: 0.2 is 20%."),
]
Month = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}$", examples=["2026-10"])]
Day = Annotated[str, Meta(extra_json_schema={"format": "date"}, examples=["2026-10-31"])]
Moment = Annotated[
    str,
    Meta(
        extra_json_schema={"format": "date-time"},
        examples=["2026-11-01T03:00:12Z"],
        description="Date and time in UTC, ISO 8601.",
    ),
]
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
Actor = Annotated[
    str | None,
    Meta(description="The database login that did it; null from before that was recorded."),
]
Claimed = Annotated[
    str | None,
    Meta(description="Whom that login said it acted for. Anybody can claim anything."),
]
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}$", description="ISO 4217.")]


class Health(Struct, frozen=True):
    """The API answers."""

    status: Literal["ok"]


class Problem(Struct, frozen=True):
    """What went wrong, in one sentence."""

    Code: Annotated[str, Meta(examples=["NotFoundError"])]
    Message: str


class InvoiceSummary(Struct, frozen=True):
    """An invoice or credit note in a list."""

    number: str
    kind: Kind
    period: Month
    employee: Annotated[str, Meta(description="The contractor's code.")]
    employee_name: str
    department: str
    currency: Currency
    subtotal: Amount
    tax_rate: TaxRate
    tax_category: TaxCategory
    tax: Amount
    total: Amount
    issued_at: Moment
    issued_on: Day
    due_on: Day
    credits: Annotated[str | None, Meta(description="The invoice that this credit note credits.")]
    credited_by: Annotated[
        str | None, Meta(description="The credit note that credits this invoice.")
    ]
    delivery: Annotated[DeliveryStatus | None, Meta(description="Status of its latest delivery.")]
    rendered: Annotated[bool, Meta(description="Whether its PDF is stored.")]


class InvoicePage(Struct, frozen=True):
    """Invoices, newest first."""

    invoices: list[InvoiceSummary]
    next_cursor: Annotated[
        str | None,
        Meta(description="Pass this as cursor to get the next page; null on the last page."),
    ]


class Buyer(Struct, frozen=True):
    """The company that pays, as printed."""

    name: str
    address: str
    country: str
    tax_id: str


class Supplier(Buyer, frozen=True):
    """The contractor, as printed."""

    iban: str | None
    email: str | None


class Line(Struct, frozen=True):
    """The hours of one project, kind and rate."""

    position: int
    project_code: str
    project_name: str
    kind: WorkKind
    hours: Hours
    unit_rate: UnitRate
    amount: Amount


class WorkedDay(Struct, frozen=True):
    """The hours of one day in the line at `position`."""

    work_date: Day
    position: int
    hours: Hours


class Document(Struct, frozen=True):
    """The stored PDF."""

    sha256: Sha256
    bytes: int
    rendered_at: Moment


class Delivery(Struct, frozen=True):
    """One delivery of the document to one address."""

    id: int
    recipient: str | None
    status: DeliveryStatus
    attempts: int
    message_id: str | None
    error: str | None
    queued_at: Moment
    sent_at: Moment | None
    actor: Annotated[
        str | None, Meta(description="The database login that queued it; accountants only.")
    ]
    claimed: Annotated[
        str | None, Meta(description="Whom that login said it acted for; accountants only.")
    ]


class Invoice(InvoiceSummary, frozen=True):
    """An invoice or credit note with its lines, document and deliveries."""

    supplier: Supplier
    buyer: Buyer
    locale: str
    rounding_policy: str
    content_sha256: Sha256
    lines: list[Line]
    days: list[WorkedDay]
    document: Document | None
    deliveries: list[Delivery]


class Link(Struct, frozen=True):
    """A link to the PDF, valid for some minutes."""

    url: str
    expires_at: Moment
    sha256: Sha256
    bytes: int


class Run(Struct, frozen=True):
    """One attempt to bill a month."""

    id: int
    period: Month
    status: RunStatus
    started_at: Moment
    finished_at: Moment | None
    failure: str | None
    corrects: Annotated[
        str | None, Meta(description="The invoice it corrects; null for a monthly run.")
    ]
    actor: Actor
    claimed: Claimed


class RunPage(Struct, frozen=True):
    """Runs, newest first."""

    runs: list[Run]
    next_cursor: str | None
