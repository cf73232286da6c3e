"""A PostgreSQL of the benchmarks' own, with copies of databases prepared once."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from chalicelib.store.connection import engine
from cloud.local import postgres
from cloud.local.home import Home
from cloud.migrate import migrate

serial = itertools.count()


@dataclass(frozen=True, slots=True)
class Server:
    """A running server; `url` leads to a database that holds nothing."""

    url: str

    def prepare(self, name: str, fill: Callable[[psycopg.Connection], None]) -> None:
        """Make the database *name*: migrated, filled, analysed.  Nothing is done a second time."""
        if self._has(name):
            return
        self._execute(f"CREATE DATABASE {name}")
        migrate(self.database(name))
        engine(self.database(name)).dispose()
        with psycopg.connect(self.database(name), autocommit=True) as connection:
            fill(connection)
            connection.execute("VACUUM (FREEZE, ANALYZE)")

    @contextmanager
    def copy_of(self, template: str) -> Iterator[str]:
        """The URL of a fresh copy, dropped on leaving."""
        name = f"{template}_{next(serial)}"
        self._execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        # What the copying left to write would otherwise be written while we measure.
        self._execute("CHECKPOINT")
        yield self.database(name)
        self._execute(f"DROP DATABASE {name} WITH (FORCE)")

    def database(self, name: str) -> str:
        return self.url.replace("/postgres?", f"/{name}?")

    def _has(self, name: str) -> bool:
        with psycopg.connect(self.url) as connection:
            found = connection.execute("SELECT FROM pg_database WHERE datname = %s", [name])
            return found.rowcount > 0

    def _execute(self, statement: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement.encode())


@contextmanager
def temporary_server() -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="selfbill-bench-") as folder:
        home = Home.at(Path(folder))
        home.prepare()
        # The server's user need not be ours.
        home.folder.chmod(0o755)
        try:
            yield Server(postgres.start(home))
        finally:
            postgres.stop(home)
