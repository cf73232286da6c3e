"""
What was issued, as `verify` reads it, made from what a run drafts; a test spoils exactly one thing.
"""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl

from chalicelib.billing import issued as frames
from chalicelib.billing import schemas
from chalicelib.billing.issued import Finding, Issued, Ledger
from chalicelib.billing.money import ROUNDING_POLICY
from chalicelib.billing.month import draft_month
from chalicelib.billing.schemas import columns, dtypes
from chalicelib.billing.statuses import TRANSITIONS
from chalicelib.billing.verification import verify
from tests import builders

ISSUED_ON = date(2026, 11, 1)
MOMENT = datetime(2026, 11, 1, 3, 15, tzinfo=UTC)
OCTOBER = pl.lit(date(2026, 10, 1))


def issued(extract, *, sequence=1, run_id=7):
    """What a run issues of *extract*, each document as number *sequence* of its series."""
    draft = draft_month(extract, issued_on=ISSUED_ON, unprintable=lambda _: "")
    codes = extract.employees.select(
        "employee_id",
        employee="code",
        series="code",
        number=pl.format("{}-{}", "code", pl.lit(f"{sequence:04d}")),
    )
    documents = draft.invoices.join(codes, on="employee_id").with_columns(
        kind=pl.lit("invoice"),
        credits_number=pl.lit(None, pl.String),
        run_id=pl.lit(run_id, pl.Int64),
        rounding_policy=pl.lit(ROUNDING_POLICY),
    )
    projects = extract.projects.select("project_id", project="project_code")
    lineage = draft.lineage.join(codes, on="employee_id").join(projects, on="project_id")
    return checked(
        documents, draft.lines.join(codes, on="employee_id", maintain_order="left"), lineage
    )


def credit_of(documents, *, sequence=2, run_id=8):
    """The credit notes of all of *documents*."""
    number = pl.format("{}-{}", pl.col("number").str.head(-5), pl.lit(f"{sequence:04d}"))
    hours, amount = -pl.col("hours"), -pl.col("amount")
    money = [-pl.col(name) for name in ("subtotal", "tax", "total")]
    return checked(
        documents.documents.with_columns(
            *money,
            kind=pl.lit("credit_note"),
            credits_number="number",
            number=number,
            run_id=pl.lit(run_id, pl.Int64),
        ),
        documents.lines.with_columns(number=number, hours=hours, amount=amount),
        documents.lineage.with_columns(number=number, hours=hours, turn=pl.col("turn") + 1),
    )


def checked(documents, lines, lineage):
    models = (frames.IssuedDocument, frames.IssuedLine, frames.IssuedWorkday)
    return Issued(
        *(
            model.validate(frame.select(columns(model)), lazy=True)
            for model, frame in zip(models, (documents, lines, lineage), strict=True)
        )
    )


def together(*parts):
    return Issued(
        *(
            pl.concat([getattr(part, name) for part in parts])
            for name in ("documents", "lines", "lineage")
        )
    )


def nothing(some):
    return Issued(some.documents.clear(), some.lines.clear(), some.lineage.clear())


def ledger(documents, credited=None, **parts):
    """A right ledger of *documents*, but for *parts*."""
    state = documents.documents.select(
        "number", status=pl.lit("queued"), delivery_id=pl.int_range(pl.len()) + 1
    )
    defaults = {
        "chains": chains_of(documents),
        "numbers": numbers_of(documents),
        "series": numbers_of(documents)
        .group_by("series")
        .agg(last_sequence=pl.col("sequence").max()),
        "runs": runs_of(documents),
        "origins": documents.documents.select(
            "number", "run_id", period=OCTOBER, run_period=OCTOBER, status=pl.lit("issued")
        ),
        "deliveries": state,
        "steps": state.select(
            "delivery_id", event_id="delivery_id", from_status=pl.lit("new"), to_status="status"
        ),
        "transitions": transitions(),
        "orphans": nobody(frames.Orphan),
        "repeats": nobody(frames.Repeat),
    }
    models = {
        "chains": frames.ChainLink,
        "numbers": frames.IssuedNumber,
        "series": frames.Series,
        "runs": frames.Run,
        "origins": frames.Origin,
        "deliveries": frames.DeliveryState,
        "steps": frames.DeliveryStep,
        "transitions": frames.Transition,
        "orphans": frames.Orphan,
        "repeats": frames.Repeat,
    }
    cast = {
        name: frame.select(columns(models[name])).cast(dtypes(models[name]))
        for name, frame in (defaults | parts).items()
    }
    return Ledger(documents, credited or nothing(documents), **cast)


def nobody(model):
    return pl.DataFrame(schema=dtypes(model))


def one(model, **values):
    return pl.DataFrame([values], dtypes(model))


def transitions():
    allowed = [(before, after) for before, afters in TRANSITIONS.items() for after in afters]
    return pl.DataFrame(allowed, dtypes(frames.Transition), orient="row")


def chains_of(*parts):
    """The lineage of *parts*, with the document of each row."""
    every = together(*parts)
    documents = every.documents.select("number", "credits_number", document_kind="kind")
    return (
        every.lineage.join(documents, on="number", how="left", maintain_order="left")
        .with_columns(period=OCTOBER)
        .select(columns(frames.ChainLink))
    )


def numbers_of(documents):
    return documents.documents.select(
        "number",
        "series",
        "employee",
        "credits_number",
        sequence=pl.col("number").str.tail(4).cast(pl.Int32),
        issued_on=pl.lit(ISSUED_ON),
        issued_at=pl.lit(MOMENT),
    )


def in_series(*written, series="ANNA", employee="ANNA", **columns):
    """Numbers with their places in *series*, all of the same day."""
    rows = [{"number": number, "sequence": sequence} for number, sequence in written]
    common = {"series": series, "employee": employee, "issued_on": ISSUED_ON, "issued_at": MOMENT}
    return pl.DataFrame([common | row | columns for row in rows], dtypes(frames.IssuedNumber))


def a_run(**counts):
    """A run that found nothing to do, but for *counts*."""
    none = {name: 0 for name in columns(frames.Run) if name not in {"run_id", "status"}}
    return pl.DataFrame([{"run_id": 7, "status": "issued"} | none | counts], dtypes(frames.Run))


def runs_of(documents):
    invoices = documents.documents.filter(pl.col("kind") == "invoice")
    zero = pl.lit(0)
    return (
        documents.lineage.join(invoices.select("number", "run_id"), on="number")
        .group_by("run_id")
        .agg(billed_rows=pl.len(), billed_hours=pl.col("hours").sum())
        .with_columns(
            status=pl.lit("issued"),
            extracted_rows="billed_rows",
            extracted_hours="billed_hours",
            rejected_rows=zero,
            rejected_hours=zero,
            held_rows=zero,
            held_hours=zero,
            listed_rejects=zero,
            listed_hours=zero,
            listed_helds=zero,
        )
    )


def two_lines():
    """ANNA: 15.50 h at 50.00 and 1.00 h at 75.00, a fifth of it tax."""
    return issued(
        builders.extract(
            workdays=builders.workdays(
                {"work_date": date(2026, 10, 1), "hours": Decimal("8.00")},
                {"work_date": date(2026, 10, 2), "hours": Decimal("7.50")},
                {"work_date": date(2026, 10, 2), "kind": "overtime", "hours": Decimal("1.00")},
            ),
            employees=builders.frame(
                schemas.Employee, {"code": "ANNA", "tax_rate": Decimal("0.2")}
            ),
        )
    )


def spoilt(documents, part, where, **values):
    """*documents* with *values* in the rows of one frame for which *where* holds."""
    frame = getattr(documents, part)
    written = {
        name: pl.when(where).then(pl.lit(value, frame.schema[name])).otherwise(name)
        for name, value in values.items()
    }
    return replace(documents, **{part: frame.with_columns(**written)})


def without(documents, part, where):
    return replace(documents, **{part: getattr(documents, part).filter(~where)})


def sentences(of):
    found = verify(of)
    frames.Difference.validate(found, lazy=True)
    return [str(Finding(**row)) for row in found.iter_rows(named=True)]


FIRST_LINE = pl.col("position") == 1
FIRST_DAY = pl.col("work_date") == date(2026, 10, 1)
EVERY = pl.lit(True)
