"""The CSV files: their order and their columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from . import values
from .values import Reader, Refused

# The limit of a line's unit_rate, a numeric(12, 4).
LINE_RATE_LIMIT = 10**8
LINE_RATE_STEP = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Column:
    """
    One column of a file.

    Attributes:
        name: In the file's heading.
        read: Its reader; that of a reference reads the code.
        stored: Its name in the table.
        references: The table whose code the field names.
        default: The value if the file lacks the column; None if the column is required.
    """

    name: str
    read: Reader
    stored: str
    references: str | None = None
    default: str | None = None


@dataclass(frozen=True, slots=True)
class CsvFile:
    """
    One kind of file.

    Attributes:
        key: Stored columns that identify a row; a row whose key exists is updated.
        unique: A further stored column that no two rows may share.
        check: Raises `values.Refused` for a row, by stored column, whose fields do not agree.
    """

    name: str
    table: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    unique: str | None = None
    check: Callable[[Mapping[str, Any]], None] | None = None


def _rate_fits_a_line(row: Mapping[str, Any]) -> None:
    overtime = row["hourly_rate"] * row["overtime_multiplier"]
    if overtime.quantize(LINE_RATE_STEP, ROUND_HALF_UP) >= LINE_RATE_LIMIT:
        raise Refused("hourly_rate times overtime_multiplier must be less than 100,000,000")


def _tax_category_is_of_rate(row: Mapping[str, Any]) -> None:
    category = row["tax_category"]
    if category is not None and (category == "S") != (row["tax_rate"] > 0):
        raise Refused(f"tax_category {category} does not fit a tax_rate of {row['tax_rate']}")


def _column(
    name: str,
    read: Reader,
    stored: str | None = None,
    *,
    references: str | None = None,
    default: str | None = None,
) -> Column:
    return Column(name, read, stored or name, references, default)


def _named(name: str, table: str) -> CsvFile:
    columns = (_column("code", values.code), _column("name", values.required_text))
    return CsvFile(name, table, columns, key=("code",))


# In the order of loading: a file refers only to those before it.
FILES = (
    _named("departments.csv", "department"),
    _named("projects.csv", "project"),
    CsvFile(
        "employees.csv",
        "employee",
        (
            _column("code", values.pattern(values.EMPLOYEE_CODE, "E-198")),
            _column("full_name", values.required_text),
            _column("email", values.email),
            _column("department", values.required_text, "department_id", references="department"),
            _column("project", values.optional_text, "project_id", references="project"),
            _column("currency", values.pattern(values.CURRENCY, "EUR")),
            _column("tax_rate", values.decimal(7, 6, low=0, high=1)),
            _column("tax_id", values.text),
            _column("address", values.text),
            _column("country", values.pattern(values.COUNTRY, "UA")),
            _column("iban", values.optional_text),
            _column("self_billing_agreed_on", values.optional_day),
            _column("tax_category", values.tax_category, default=""),
            _column("locale", values.locale, default=""),
        ),
        key=("code",),
        unique="email",
        check=_tax_category_is_of_rate,
    ),
    CsvFile(
        "rates.csv",
        "rate",
        (
            _column("employee", values.required_text, "employee_id", references="employee"),
            _column("valid_from", values.day),
            _column("hourly_rate", values.decimal(12, 4, low=0)),
            _column("overtime_multiplier", values.decimal(4, 2, low=0)),
        ),
        key=("employee_id", "valid_from"),
        check=_rate_fits_a_line,
    ),
    CsvFile(
        "workdays.csv",
        "workday",
        (
            _column("employee", values.required_text, "employee_id", references="employee"),
            _column("work_date", values.day),
            _column("project", values.required_text, "project_id", references="project"),
            _column("kind", values.code),
            _column("hours", values.decimal(5, 2)),
            _column("note", values.text, default=""),
        ),
        key=("employee_id", "work_date", "project_id", "kind"),
    ),
    CsvFile(
        "users.csv",
        "app_user",
        (
            _column("email", values.required_email),
            _column("role", values.choice("accountant", "employee")),
        ),
        key=("email",),
    ),
)
