"""The formats an answer can be written in."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from chalicelib.billing.errors import BillingError


class Form(StrEnum):
    """How an answer is written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


class NoOutput(BillingError):
    """Parquet cannot be written to a terminal."""

    def __init__(self) -> None:
        super().__init__("Parquet cannot be shown on a terminal; name a file with --out FILE")


def form_of(form: Form | None, file: Path | None) -> Form:
    """
    The *form* asked for, else the one that the *file*'s name ends in, else a table.

    Raises:
        NoOutput: If it is Parquet and there is no file.
    """
    suffix = file.suffix.removeprefix(".").lower() if file else ""
    chosen = form or (Form(suffix) if suffix in set(Form) else Form.TABLE)
    if chosen is Form.PARQUET and file is None:
        raise NoOutput
    return chosen
