"""Frames for tests: each row states only the values it is about."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl

from chalicelib.billing import schemas
from chalicelib.billing.month import Extract

DEFAULTS: dict[type[schemas.Frame], dict[str, Any]] = {
    schemas.Workday: {
        "workday_id": 1,
        "employee_id": 1,
        "work_date": date(2026, 10, 1),
        "project_id": 1,
        "kind": "regular",
        "hours": Decimal(8),
        "turn": 1,
    },
    schemas.BilledDay: {
        "employee_id": 1,
        "work_date": date(2026, 10, 1),
        "billed_hours": Decimal(8),
    },
    schemas.Employee: {
        "employee_id": 1,
        "code": "E1",
        "full_name": "Ґалаґан Їжак",
        "email": "e1@contractors.example",
        "department_code": "D1",
        "currency": "EUR",
        "tax_rate": Decimal(0),
        "tax_category": "O",
        "tax_id": "1",
        "address": "1 Street",
        "country": "UA",
        "iban": None,
        "self_billing_agreed_on": date(2026, 1, 1),
        "locale": "en",
    },
    schemas.Project: {"project_id": 1, "project_code": "P1", "project_name": "Project 1"},
    schemas.Rate: {
        "employee_id": 1,
        "valid_from": date(2026, 1, 1),
        "hourly_rate": Decimal(50),
        "overtime_multiplier": Decimal("1.5"),
    },
    schemas.PricedWorkday: {
        "workday_id": 1,
        "employee_id": 1,
        "work_date": date(2026, 10, 1),
        "project_id": 1,
        "kind": "regular",
        "hours": Decimal(8),
        "turn": 1,
        "unit_rate": Decimal(50),
    },
    schemas.Line: {
        "employee_id": 1,
        "position": 1,
        "project_id": 1,
        "project_code": "P1",
        "project_name": "Project 1",
        "kind": "regular",
        "hours": Decimal(8),
        "unit_rate": Decimal(50),
        "amount": Decimal(400),
    },
    schemas.DraftInvoice: {
        "employee_id": 1,
        "currency": "EUR",
        "subtotal": Decimal(400),
        "tax_rate": Decimal(0),
        "tax": Decimal(0),
        "total": Decimal(400),
    },
    schemas.BilledWorkday: {
        "employee_id": 1,
        "position": 1,
        "workday_id": 1,
        "work_date": date(2026, 10, 1),
        "project_id": 1,
        "kind": "regular",
        "turn": 1,
        "hours": Decimal(8),
        "unit_rate": Decimal(50),
    },
}


def frame(model: type[schemas.Frame], *rows: dict[str, Any]) -> pl.DataFrame:
    """A valid frame of *model*; no rows give one default row."""
    complete = [DEFAULTS.get(model, {}) | row for row in rows or ({},)]
    return model.validate(pl.DataFrame(complete, schema=schemas.dtypes(model)))


def empty(model: type[schemas.Frame]) -> pl.DataFrame:
    return pl.DataFrame(schema=schemas.dtypes(model))


def workdays(*rows: dict[str, Any]) -> pl.DataFrame:
    """Workdays with ids counted from 1."""
    return frame(
        schemas.Workday,
        *({"workday_id": place} | row for place, row in enumerate(rows or ({},), start=1)),
    )


def extract(**frames: pl.DataFrame) -> Extract:
    """One employee's one workday, but for what is given."""
    defaults = {
        "workdays": workdays(),
        "billed_days": empty(schemas.BilledDay),
        "employees": frame(schemas.Employee),
        "projects": frame(schemas.Project),
        "rates": frame(schemas.Rate),
    }
    return Extract(**(defaults | frames))
