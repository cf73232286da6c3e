"""The addresses of a running local cloud, and who can sign in."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console
from sqlalchemy import select

from chalicelib.store.connection import engine
from chalicelib.store.tables import app_user

from .accounts import PASSWORD

SHOWN = 3


def show(cloud: Mapping[str, str], console: Console) -> None:
    """Print the addresses of *cloud*, the page first, and some accounts of each role."""
    people = _people(cloud["DATABASE_URL"])
    shown = {
        "page": cloud["WEB_ORIGIN"],
        **{f"  sign in as {role}": _some(emails) for role, emails in people.items()},
        "  password": PASSWORD,
        "API": cloud["API_URL"],
        "database": cloud["DATABASE_URL"],
        "AWS services": cloud["AWS_ENDPOINT_URL"],
        "emails": cloud["MAIL_FOLDER"],
    }
    width = max(map(len, shown))
    for what, where in shown.items():
        # Whole, however narrow the terminal: they are there to be copied.
        console.print(f"{what:<{width}}  {where}", soft_wrap=True, markup=False, highlight=False)


def _people(database_url: str) -> dict[str, list[str]]:
    """The emails of each role, in order."""
    everybody = select(app_user.c.role, app_user.c.email).order_by(
        app_user.c.role, app_user.c.email
    )
    people: dict[str, list[str]] = {"accountant": [], "employee": []}
    with engine(database_url).connect() as connection:
        for role, email in connection.execute(everybody):
            people[role].append(email)
    return people


def _some(emails: list[str]) -> str:
    if not emails:
        return "nobody yet; python -m jobs load DIR creates the accounts in users.csv"
    more = [f"and {len(emails) - SHOWN} more"] if len(emails) > SHOWN else []
    return ", ".join([*emails[:SHOWN], *more])
