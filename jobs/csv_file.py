"""The rows of a CSV file, whoever wrote it: decoded, and numbered by the line they begin on."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from chalicelib.billing.errors import BillingError


class UnreadableFile(BillingError):
    """A file is not a valid CSV file of its kind; nothing of it is read."""

    def __init__(self, name: str, reason: str) -> None:
        self.name = name
        self.reason = reason
        super().__init__(f"{name}: {reason}")


def text_of(path: Path) -> str:
    """
    The text of *path*, without a byte order mark.

    Raises:
        UnreadableFile: If it cannot be read, or is not UTF-8.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UnreadableFile(path.name, f"cannot be read: {error.strerror}") from None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        reason = f"is not UTF-8 (byte {content[error.start]:#04x} in line {line})"
        raise UnreadableFile(path.name, f"{reason}; save it again as UTF-8 CSV") from None


def rows_of(path: Path, text: str, separator: str = ",") -> Iterator[tuple[int, list[str]]]:
    """
    Each row of *text* with the number of the line it begins on.

    Raises:
        UnreadableFile: If a quote is not closed, or something stands between it and the comma.
    """
    begins = 1
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        for row in reader:
            yield begins, row
            begins = reader.line_num + 1
    except csv.Error as error:
        raise UnreadableFile(
            path.name, f"is not valid CSV from line {begins} on ({error}); check its quotes"
        ) from None
