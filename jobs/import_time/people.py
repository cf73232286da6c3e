"""Whose time it is and on which project: the tool's names matched to our codes."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text

from chalicelib.billing.email_address import NotAnAddress, stored
from chalicelib.store.connection import check_reachable, engine
from jobs.csv_file import UnreadableFile
from jobs.load.files import FILES
from jobs.load.read import read_lines

from .clock import Unplaced
from .records import Record


class Codes:
    """Our codes by the other names of a person or project, whatever the case and spacing."""

    def __init__(self, word: str, names: Iterable[tuple[str, str]]) -> None:
        self._word = word
        self._known: dict[str, set[str]] = defaultdict(set)
        for name, code in names:
            if name:
                self._known[_plain(name)].add(code)

    def find(self, *names: str) -> str:
        """
        The code of the first of *names* that is known.

        Raises:
            Unplaced: If none is known, or the one that is belongs to several.
        """
        stated = [name for name in names if name]
        for name in stated:
            codes = self._known.get(_plain(name), set())
            if len(codes) > 1:
                several = ", ".join(sorted(codes))
                raise Unplaced(
                    f"{name!r} could be any of these {self._word}s: {several}; use the code"
                )
            if codes:
                return next(iter(codes))
        if not stated:
            raise Unplaced(f"it has no {self._word}")
        raise Unplaced(f"unknown {self._word}: {' or '.join(map(repr, stated))}")


def _plain(name: str) -> str:
    """*name* composed (NFC), case-folded, with single spaces; an address in its stored form."""
    if "@" in name:
        return _address(name.strip())
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())


def _address(email: str) -> str:
    """Never case-folded: that makes one person's address another's."""
    try:
        return stored(email)
    except NotAnAddress:
        return email


@dataclass(frozen=True, slots=True)
class Directory:
    """The employees, by code, email and name, and the projects, by code and name."""

    employees: Codes
    projects: Codes

    def employee_of(self, record: Record) -> str:
        """
        The code of whose time it is: by code, else by email, else by name.

        Raises:
            Unplaced: If nobody, or more than one, is called that.
        """
        whole = f"{record.get('first_name')} {record.get('last_name')}".strip()
        return self.employees.find(
            record.get("code"), record.get("email"), record.get("name") or whole
        )

    def project_of(self, record: Record) -> str:
        """
        The code of the project: by its code, else by its name.

        Raises:
            Unplaced: If there is none, or more than one, called that.
        """
        return self.projects.find(record.get("project_code"), record.get("project"))


def directory(
    employees: Iterable[Mapping[str, str | None]], projects: Iterable[Mapping[str, str | None]]
) -> Directory:
    """From rows with ``code``, ``email`` and ``full_name``, and rows with ``code`` and ``name``."""
    return Directory(
        Codes("employee", _called(employees, "code", "email", "full_name")),
        Codes("project", _called(projects, "code", "name")),
    )


def _called(rows: Iterable[Mapping[str, str | None]], *columns: str) -> Iterable[tuple[str, str]]:
    for row in rows:
        for column in columns:
            yield row[column] or "", row["code"] or ""


def of_database(database_url: str) -> Directory:
    """
    The employees and projects of the ledger.

    Raises:
        DatabaseUnreachable: If the database does not answer.
    """
    check_reachable(database_url)
    with engine(database_url).connect() as connection:
        employees = connection.execute(text("SELECT code, email, full_name FROM employee"))
        projects = connection.execute(text("SELECT code, name FROM project"))
        return directory(
            [dict(row) for row in employees.mappings()], [dict(row) for row in projects.mappings()]
        )


def of_folder(folder: Path) -> Directory:
    """
    The employees and projects of the CSV files that ``load`` takes.

    Raises:
        UnreadableFile: If ``employees.csv`` or ``projects.csv`` is missing or not of its kind.
    """
    return directory(_fields(folder, "employees.csv"), _fields(folder, "projects.csv"))


def _fields(folder: Path, name: str) -> list[Mapping[str, str]]:
    [kind] = [kind for kind in FILES if kind.name == name]
    if not (folder / name).is_file():
        raise UnreadableFile(name, f"is not in {folder}; pass the folder of your CSV files")
    lines, _ = read_lines(folder / name, kind)
    return [line.fields for line in lines]
