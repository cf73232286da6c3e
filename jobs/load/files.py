"""The CSV files: their order and their columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from chalicelib.billing.email_address import LONGEST

from . import values
from .values import Reader, Refused

# The limit of a line's unit_rate, a numeric(12, 4).
LINE_RATE_LIMIT = 10**8
LINE_RATE_STEP = Decimal("0.0001")

ADDRESS = f"`name@domain`, at most {LONGEST} characters, ASCII before the `@`"


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
        meaning: For docs/reference/csv.md, as are the next three.
        form: What a field looks like.
        example: A field that is accepted.
        wrong: A field that is refused; None if any text is accepted.
    """

    name: str
    read: Reader
    stored: str
    references: str | None
    default: str | None
    meaning: str
    form: str
    example: str
    wrong: str | None


@dataclass(frozen=True, slots=True)
class CsvFile:
    """
    One kind of file.

    Attributes:
        key: Stored columns that identify a row; a row whose key exists is updated.
        unique: A further stored column that no two rows may share.
        check: Raises `values.Refused` for a row, by stored column, whose fields do not agree.
        rows: What a row is, for docs/reference/csv.md.
        rule: What *check* refuses, for the same page.
    """

    name: str
    table: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    rows: str
    unique: str | None = None
    check: Callable[[Mapping[str, Any]], None] | None = None
    rule: str = ""


def _rate_fits_a_line(row: Mapping[str, Any]) -> None:
    overtime = row["hourly_rate"] * row["overtime_multiplier"]
    if overtime.quantize(LINE_RATE_STEP, ROUND_HALF_UP) >= LINE_RATE_LIMIT:
        raise Refused("hourly_rate times overtime_multiplier must be less than 100,000,000")


def _tax_category_is_of_rate(row: Mapping[str, Any]) -> None:
    category = row["tax_category"]
    if category is not None and (category == "S") != (row["tax_rate"] > 0):
        raise Refused(f"tax_category {category} does not fit a tax_rate of {row['tax_rate']}")


def _column(  # noqa: PLR0913 -- a column is all of these, and each call names them
    name: str,
    read: Reader,
    stored: str | None = None,
    *,
    meaning: str,
    form: str,
    example: str,
    wrong: str | None = "",
    references: str | None = None,
    default: str | None = None,
) -> Column:
    return Column(name, read, stored or name, references, default, meaning, form, example, wrong)


def _code_of(name: str, table: str, *, meaning: str, example: str) -> Column:
    """A column that names a row of *table*."""
    return _column(
        name,
        values.required_text,
        f"{table}_id",
        references=table,
        meaning=meaning,
        form="code",
        example=example,
    )


def _named(name: str, table: str, rows: str, code: str, called: str) -> CsvFile:
    columns = (
        _column(
            "code",
            values.code,
            meaning="The code that other files use for it",
            form=f"1 to {values.LONGEST_CODE} characters",
            example=code,
        ),
        _column(
            "name",
            values.required_text,
            meaning="Its name, as printed on invoices and in reports",
            form="text",
            example=called,
        ),
    )
    return CsvFile(name, table, columns, key=("code",), rows=rows)


# In the order of loading: a file refers only to those before it.
FILES = (
    _named(
        "departments.csv", "department", "One department that pays for work.", "ENG", "Engineering"
    ),
    _named(
        "projects.csv", "project", "One project or client that work is done for.", "ATLAS", "Atlas"
    ),
    CsvFile(
        "employees.csv",
        "employee",
        (
            _column(
                "code",
                values.pattern(values.EMPLOYEE_CODE, "E-198"),
                meaning="The contractor's code, which begins every invoice number: `BYRNE-0001`",
                form="1 to 20 of `A` to `Z`, `0` to `9` and `-`",
                example="BYRNE",
                wrong="byrne",
            ),
            _column(
                "full_name",
                values.required_text,
                meaning="Name on the invoice: a person's or a company's",
                form="text",
                example="Aoife Byrne",
            ),
            _column(
                "email",
                values.email,
                meaning="Address that invoices are sent to, and that the contractor signs in"
                " with; without one, invoices are issued and the delivery fails",
                form=f"{ADDRESS}; empty for none",
                example="aoife@byrne.example",
                wrong="aoife.byrne.example",
            ),
            _code_of(
                "department",
                "department",
                meaning="The department that pays for the work",
                example="ENG",
            ),
            _column(
                "project",
                values.optional_text,
                "project_id",
                references="project",
                meaning="The contractor's project today; what is billed is the project of each"
                " workday",
                form="code; empty for none",
                example="ATLAS",
            ),
            _column(
                "currency",
                values.pattern(values.CURRENCY, "EUR"),
                meaning="Currency of rates and invoices",
                form="three letters, ISO 4217",
                example="EUR",
                wrong="euro",
            ),
            _column(
                "tax_rate",
                values.decimal(7, 6, low=0, high=1),
                meaning="Tax added to the invoice, as a fraction: `0.23` is 23 %; `0` if there is"
                " none",
                form="0 to 1, at most 6 decimals",
                example="0.23",
                wrong="23",
            ),
            _column(
                "tax_id",
                values.text,
                meaning="VAT number, or local tax number, as printed",
                form="text; empty for none",
                example="IE6388047V",
                wrong=None,
            ),
            _column(
                "address",
                values.text,
                meaning="Postal address, lines separated by commas or line breaks",
                form="text",
                example="4 Canal Road, Dublin",
                wrong=None,
            ),
            _column(
                "country",
                values.pattern(values.COUNTRY, "UA"),
                meaning="Country of the address",
                form="two letters, ISO 3166-1",
                example="IE",
                wrong="Ireland",
            ),
            _column(
                "iban",
                values.optional_text,
                meaning="Account to pay: an IBAN, or another account number",
                form="text; empty for none",
                example="IE29AIBK93115212345678",
                wrong=None,
            ),
            _column(
                "self_billing_agreed_on",
                values.optional_day,
                meaning="Day the contractor agreed to self-billing; without one that is before"
                " the issue date, a run holds the contractor (`no_agreement`)",
                form="`YYYY-MM-DD`; empty for no agreement",
                example="2026-09-01",
                wrong="01.09.2026",
            ),
            _column(
                "tax_category",
                values.tax_category,
                default="",
                meaning="Why the tax rate is what it is: `S` standard rate, `Z` zero rate, `E`"
                " exempt, `AE` reverse charge, `O` outside the scope of tax. Empty means `S` if"
                " `tax_rate` is above 0, and `O` otherwise",
                form="one of those, or empty",
                example="S",
                wrong="VAT",
            ),
            _column(
                "locale",
                values.locale,
                default="",
                meaning="Language of the invoice and the email, with a country if figures and"
                f" dates depend on it; empty means `{values.DEFAULT_LOCALE}`",
                form="a language, or language and country",
                example="en-IE",
                wrong="english",
            ),
        ),
        key=("code",),
        rows="One contractor.",
        unique="email",
        check=_tax_category_is_of_rate,
        rule="`tax_category` must fit `tax_rate`: `S` needs a rate above 0, and every other"
        " category a rate of 0.",
    ),
    CsvFile(
        "rates.csv",
        "rate",
        (
            _code_of("employee", "employee", meaning="The contractor", example="BYRNE"),
            _column(
                "valid_from",
                values.day,
                meaning="First day the rate holds; it holds until the contractor's next one"
                " begins. Work before the first rate holds the contractor (`no_rate`)",
                form="`YYYY-MM-DD`",
                example="2026-09-01",
                wrong="1 September",
            ),
            _column(
                "hourly_rate",
                values.decimal(12, 4, low=0),
                meaning="Price of an hour of regular work, before tax",
                form="0 or more, at most 4 decimals",
                example="72.00",
                wrong="72,00",
            ),
            _column(
                "overtime_multiplier",
                values.decimal(4, 2, low=0),
                meaning="What the rate is multiplied by for overtime",
                form="0 to 99.99, at most 2 decimals",
                example="1.50",
                wrong="1.333",
            ),
        ),
        key=("employee_id", "valid_from"),
        rows="One contractor's rate from a day on.",
        check=_rate_fits_a_line,
        rule=f"`hourly_rate` times `overtime_multiplier` must be less than {LINE_RATE_LIMIT:,}.",
    ),
    CsvFile(
        "workdays.csv",
        "workday",
        (
            _code_of("employee", "employee", meaning="The contractor", example="BYRNE"),
            _column(
                "work_date",
                values.day,
                meaning="The day worked",
                form="`YYYY-MM-DD`",
                example="2026-10-01",
                wrong="2026-10-32",
            ),
            _code_of(
                "project", "project", meaning="The project worked on that day", example="ATLAS"
            ),
            _column(
                "kind",
                values.code,
                meaning="`regular` or `overtime`; anything else is stored, and rejected by the run"
                " (`kind`)",
                form=f"1 to {values.LONGEST_CODE} characters",
                example="regular",
            ),
            _column(
                "hours",
                values.decimal(5, 2),
                meaning="Hours worked; 0 or less, or more than 24, is stored, and rejected by the"
                " run (`hours`), as is a day that adds up to more than 24 (`day_over_24`)",
                form="number with at most 2 decimals",
                example="7.50",
                wrong="7:30",
            ),
            _column(
                "note",
                values.text,
                default="",
                meaning="A remark for your own use; it is not printed",
                form="text",
                example="on site",
                wrong=None,
            ),
        ),
        key=("employee_id", "work_date", "project_id", "kind"),
        rows="One contractor's hours of one kind on one project and day.",
    ),
    CsvFile(
        "users.csv",
        "app_user",
        (
            _column(
                "email",
                values.required_email,
                meaning="Address the user signs in with",
                form=ADDRESS,
                example="accounts@company.example",
            ),
            _column(
                "role",
                values.choice("accountant", "employee"),
                meaning="`accountant` sees every invoice and report; `employee` sees the invoices"
                " of the contractor with the same email",
                form="`accountant` or `employee`",
                example="accountant",
                wrong="admin",
            ),
        ),
        key=("email",),
        rows="One user who may sign in to the page and the API.",
    ),
)
