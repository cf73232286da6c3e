"""
The database's own guards, as they are and as the migrations make them.

``sql/guards.csv`` has the second; after a change of the migrations, write it again:

    python -m jobs.guards
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

import polars as pl
from sqlalchemy import Connection, text

from chalicelib.billing.issued import Guard
from chalicelib.billing.schemas import dtypes
from chalicelib.store.connection import engine
from chalicelib.store.extraction import copy_frame
from cloud.local import postgres
from cloud.local.home import Home
from cloud.migrate import migrate
from cloud.project import PROJECT

# Nobody's temporary table or schema stands before the ledger's.
SEARCH_PATH: Final = "SET LOCAL search_path = pg_catalog, public, pg_temp"
# No function or operator that the owner made runs as whoever reads the catalogue.
OF_THE_SERVER: Final = "SET LOCAL search_path = pg_catalog"

GUARDS: Final = PROJECT / "sql" / "guards.csv"

TABLES = """
    SELECT oid, relname, relkind, relrowsecurity FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'
"""
# How a trigger or a rule is switched; a foreign key's own triggers are on without a letter.
SWITCHED = """
    CASE {column} WHEN 'A' THEN 'always on' WHEN 'O' THEN 'on' WHEN 'D' THEN 'switched off'
    ELSE 'on in replicas only' END
"""
SERVER = """
    SELECT 'server' AS number,
           'PostgreSQL ' || current_setting('server_version_num')::int / 10000 AS state,
           '' AS definition
"""
ROW_SECURITY = """
    SELECT 'rows of ' || relname,
           CASE WHEN relrowsecurity THEN 'hidden by policies' ELSE 'all seen' END, ''
    FROM relation WHERE relkind IN ('r', 'p')
"""
VIEWS = """
    SELECT 'view ' || relname, 'there', pg_get_viewdef(oid) FROM relation WHERE relkind = 'v'
"""
COLUMNS = """
    SELECT 'column ' || relname || '.' || attname,
           CASE WHEN attnotnull THEN 'never null' ELSE 'may be null' END,
           format_type(atttypid, atttypmod) || coalesce(pg_get_expr(adbin, adrelid), '')
    FROM pg_attribute JOIN relation ON relation.oid = attrelid
    LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum AND attgenerated <> ''
    WHERE relkind IN ('r', 'p') AND attnum > 0 AND NOT attisdropped
      AND (attnotnull OR attgenerated <> '')
"""
FUNCTIONS = """
    SELECT 'function ' || proname || '(' || pg_get_function_identity_arguments(oid) || ')',
           CASE WHEN prosecdef THEN 'as its owner' ELSE 'as its caller' END
           || coalesce(', ' || array_to_string(proconfig, ', '), ''),
           prosrc
    FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND NOT EXISTS (
        SELECT FROM pg_depend
        WHERE classid = 'pg_proc'::regclass AND objid = pg_proc.oid AND deptype = 'e'
    )
"""
TRIGGERS = f"""
    SELECT 'trigger ' || tgname || ' on ' || relname, {SWITCHED.format(column="tgenabled")},
           pg_get_triggerdef(pg_trigger.oid)
    FROM pg_trigger JOIN relation ON relation.oid = tgrelid WHERE NOT tgisinternal
"""
RULES = f"""
    SELECT 'rule ' || rulename || ' on ' || relname, {SWITCHED.format(column="ev_enabled")},
           pg_get_ruledef(pg_rewrite.oid)
    FROM pg_rewrite JOIN relation ON relation.oid = ev_class WHERE rulename <> '_RETURN'
"""
# A foreign key is held by triggers inside, of both of its tables; 18 may leave a key unenforced.
CONSTRAINTS = """
    SELECT 'constraint ' || conname || ' on ' || relname,
           CASE WHEN to_jsonb(pg_constraint) ->> 'conenforced' = 'false' THEN 'not enforced'
                WHEN NOT convalidated THEN 'not valid'
                WHEN EXISTS (
                    SELECT FROM pg_trigger WHERE tgconstraint = pg_constraint.oid
                    AND tgisinternal AND tgenabled <> 'O'
                ) THEN 'switched off' ELSE 'valid' END,
           replace(pg_get_constraintdef(pg_constraint.oid), ' NOT VALID', '')
    FROM pg_constraint JOIN relation ON relation.oid = conrelid
    WHERE contype IN ('c', 'f', 'p', 'u', 'x')
"""
# What is inserted into a child stands in its parent too, past every trigger of it.
CHILDREN = """
    SELECT 'child ' || inhrelid::regclass || ' of ' || relname, 'there', ''
    FROM pg_inherits JOIN relation ON relation.oid = inhparent
"""
INDEXES = """
    SELECT 'unique index ' || index.relname || ' on ' || relation.relname,
           CASE WHEN indisvalid AND indisready AND indislive THEN 'valid' ELSE 'not valid' END,
           pg_get_indexdef(indexrelid)
    FROM pg_index JOIN relation ON relation.oid = indrelid
    JOIN pg_class AS index ON index.oid = indexrelid WHERE indisunique
"""
PARTS = (
    SERVER,
    ROW_SECURITY,
    VIEWS,
    COLUMNS,
    FUNCTIONS,
    TRIGGERS,
    RULES,
    CONSTRAINTS,
    INDEXES,
    CHILDREN,
)
QUERY = f"""
    WITH relation AS ({TABLES}), guard AS ({" UNION ALL ".join(PARTS)})
    SELECT number, state, CASE WHEN definition = '' THEN '' ELSE
           left(encode(sha256(convert_to(definition, 'UTF8')), 'hex'), 16) END AS definition
    FROM guard ORDER BY number COLLATE "C"
"""


def read_guards(connection: Connection) -> pl.DataFrame:
    """`Guard`, of the database; call it in a transaction, which goes on with `SEARCH_PATH`."""
    connection.execute(text(OF_THE_SERVER))
    guards = copy_frame(connection, QUERY, dtypes(Guard), {})
    connection.execute(text(SEARCH_PATH))
    return guards


def guards_of(database_url: str) -> pl.DataFrame:
    """`Guard`, of the database at *database_url*."""
    with engine(database_url).connect() as connection:
        return read_guards(connection)


def expected_guards() -> pl.DataFrame:
    """`Guard`, as the migrations make them."""
    return pl.read_csv(GUARDS, schema=dtypes(Guard)).fill_null("")


def main() -> None:
    """Migrate a new database of a server of its own, and write its guards."""
    with tempfile.TemporaryDirectory(prefix="selfbill-guards-") as folder:
        # The server's user need not be ours.
        Path(folder).chmod(0o755)
        home = Home.at(Path(folder))
        home.prepare()
        try:
            url = postgres.start(home)
            migrate(url)
            guards_of(url).write_csv(GUARDS)
            engine(url).dispose()
        finally:
            postgres.stop(home)


if __name__ == "__main__":
    main()
