"""
Bringing a database to its roles and rights: what differs from `roles` is changed, nothing else is.

Only the five roles and PUBLIC are looked at; what an administrator grants to other roles stays.
What belongs to an extension is left alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from psycopg import errors
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from . import roles

PUBLIC = "PUBLIC"

# Not ours to do, or done by somebody else at the same moment.
NOT_DONE = (
    errors.InsufficientPrivilege,
    errors.UndefinedObject,
    errors.DuplicateObject,
    errors.UniqueViolation,
)

OURS = """
    NOT EXISTS (
        SELECT FROM pg_depend
        WHERE classid = '{catalog}'::regclass AND objid = {catalog}.oid AND deptype = 'e'
    )
"""
OUR_RELATION = "relnamespace = 'public'::regnamespace AND " + OURS.format(catalog="pg_class")
OUR_ROUTINE = "pronamespace = 'public'::regnamespace AND " + OURS.format(catalog="pg_proc")

# Every object with a list of rights: what GRANT calls it, its owner, a column of it, that list.
# No list is what an object begins with: nothing for a relation, something for PUBLIC elsewhere.
OBJECTS = f"""
    SELECT CASE relkind WHEN 'S' THEN 'SEQUENCE ' ELSE 'TABLE ' END
               || 'public.' || quote_ident(relname) AS name,
           relowner AS owner, '' AS "column", relacl AS rights
    FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND {OUR_RELATION}
    UNION ALL
    SELECT 'TABLE public.' || quote_ident(relname), relowner, quote_ident(attname), attacl
    FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
    WHERE attacl IS NOT NULL AND NOT attisdropped AND {OUR_RELATION}
    UNION ALL
    SELECT 'ROUTINE public.' || quote_ident(proname)
               || '(' || pg_get_function_identity_arguments(pg_proc.oid) || ')',
           proowner, '', coalesce(proacl, acldefault('f', proowner))
    FROM pg_proc WHERE {OUR_ROUTINE}
    UNION ALL
    SELECT 'SCHEMA public', nspowner, '', coalesce(nspacl, acldefault('n', nspowner))
    FROM pg_namespace WHERE nspname = 'public'
    UNION ALL
    SELECT 'DATABASE ' || quote_ident(datname), datdba, '',
           coalesce(datacl, acldefault('d', datdba))
    FROM pg_database WHERE datname = current_database()
"""

GRANTED = text(f"""
    SELECT name, privilege_type AS privilege, "column",
           coalesce(rolname, '{PUBLIC}') AS role
    FROM ({OBJECTS}) AS object
    CROSS JOIN LATERAL aclexplode(rights)
    LEFT JOIN pg_roles ON pg_roles.oid = grantee
    WHERE grantee <> object.owner AND (grantee = 0 OR rolname = ANY(:roles))
""")

# Sequences follow the tables whose columns they number.
OWNED_BY_OTHERS = text(f"""
    SELECT DISTINCT name FROM ({OBJECTS}) AS object
    JOIN pg_roles ON pg_roles.oid = object.owner
    WHERE rolname <> :owner AND name NOT LIKE 'DATABASE %' AND name NOT LIKE 'SEQUENCE %'
""")

COLUMNS = text("""
    SELECT relname, json_object_agg(attname, quote_ident(attname) ORDER BY attnum) AS columns
    FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v', 'S')
      AND attnum > 0 AND NOT attisdropped
    GROUP BY relname
""")

MEMBERSHIPS = text("""
    SELECT quote_ident(pg_get_userbyid(roleid)) AS role, pg_get_userbyid(member) AS member
    FROM pg_auth_members WHERE pg_get_userbyid(member) = ANY(:roles)
""")

# A role that made the owner administers it, and hands objects over only once it is a member.
MEMBER_TO_BE = text("""
    SELECT rolcreaterole AND NOT rolsuper AND rolname <> :owner
           AND NOT EXISTS (
               SELECT FROM pg_auth_members JOIN pg_roles AS owner ON owner.oid = roleid
               WHERE member = pg_roles.oid AND owner.rolname = :owner AND NOT admin_option
           )
    FROM pg_roles WHERE rolname = current_user
""")


@dataclass(frozen=True, slots=True)
class Outstanding:
    """
    What an administrator of the server still has to do.

    Attributes:
        statements: SQL to run in this database, in order; empty if all is as it should be.
        missing: The roles that do not exist.
    """

    statements: tuple[str, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True, order=True)
class _Grant:
    """One right: a *privilege* on what GRANT calls *name*, or on one of its columns."""

    name: str
    role: str
    privilege: str
    column: str = ""


def apply(connection: Connection) -> Outstanding:
    """
    Give the roles their rights in this database, and take from them and from PUBLIC all others.

    Creates the roles and hands them the objects where the caller may. A second time it changes
    nothing. The caller commits.

    Returns:
        What the caller may not do.
    """
    left = _statements(connection)
    while left:
        _join_owner(connection)
        for statement in left:
            _try(connection, statement)
        before, left = left, _statements(connection)
        if left == before:
            break
    existing = _attributes(connection)
    return Outstanding(tuple(left), tuple(role for role in roles.ROLES if role not in existing))


def _join_owner(connection: Connection) -> None:
    if connection.execute(MEMBER_TO_BE, {"owner": roles.OWNER}).scalar_one():
        _try(connection, f"GRANT {roles.OWNER} TO CURRENT_USER")


def _try(connection: Connection, statement: str) -> None:
    try:
        with connection.begin_nested():
            connection.exec_driver_sql(statement)
    except DBAPIError as error:
        if not isinstance(error.orig, NOT_DONE):
            raise


def _statements(connection: Connection) -> list[str]:
    """The SQL that makes this database what `roles` says, in an order that works."""
    granted, due = _granted(connection), _due(connection)
    kept = {_Grant(grant.name, PUBLIC, grant.privilege) for grant in granted if _everybodys(grant)}
    return [
        *_role_changes(connection),
        *_sql("GRANT", (grant for grant in due - granted if grant.name.startswith("DATABASE "))),
        *_owner_changes(connection),
        *_sql("REVOKE", granted - due - kept),
        *_sql("GRANT", (grant for grant in due - granted if grant.name[:9] != "DATABASE ")),
    ]


def _everybodys(grant: _Grant) -> bool:
    return grant.name.startswith("DATABASE ") and grant.privilege in roles.EVERYBODYS


def _role_changes(connection: Connection) -> Iterator[str]:
    existing = _attributes(connection)
    for role in roles.ROLES:
        if role not in existing:
            yield f"CREATE ROLE {role} LOGIN"
        elif existing[role]:
            yield f"ALTER ROLE {role} {' '.join(existing[role])}"
    for membership in connection.execute(MEMBERSHIPS, {"roles": list(roles.ROLES)}):
        yield f"REVOKE {membership.role} FROM {membership.member}"


def _attributes(connection: Connection) -> dict[str, list[str]]:
    """The roles that exist, each with what it must lose."""
    found = connection.execute(
        text("SELECT * FROM pg_roles WHERE rolname = ANY(:roles)"), {"roles": list(roles.ROLES)}
    ).mappings()
    return {
        row["rolname"]: [lost for name, lost in roles.ATTRIBUTES.items() if row[name]]
        for row in found
    }


def _owner_changes(connection: Connection) -> list[str]:
    names = connection.execute(OWNED_BY_OTHERS, {"owner": roles.OWNER}).scalars()
    # The schema first: nobody gets objects in a schema they may not create in.
    ordered = sorted(names, key=lambda name: (name != "SCHEMA public", name))
    return [f"ALTER {name} OWNER TO {roles.OWNER}" for name in ordered]


def _granted(connection: Connection) -> set[_Grant]:
    rows = connection.execute(GRANTED, {"roles": list(roles.ROLES)})
    return {_Grant(row.name, row.role, row.privilege, row.column) for row in rows}


def _due(connection: Connection) -> set[_Grant]:
    columns = {row.relname: row.columns for row in connection.execute(COLUMNS)}
    database = connection.execute(text("SELECT quote_ident(current_database())")).scalar_one()
    around = {"SCHEMA public": roles.SCHEMA, f"DATABASE {database}": roles.DATABASE}
    return {
        *(
            _Grant(name, role, privilege)
            for name, given in around.items()
            for role, privileges in given.items()
            for privilege in privileges
        ),
        *_of_each("ROUTINE", roles.FUNCTIONS, "EXECUTE"),
        *_of_each("SEQUENCE", roles.SEQUENCES, "USAGE"),
        *(
            grant
            for role, rights in roles.RIGHTS.items()
            for name in columns.keys() & rights.keys()
            for grant in _on_table(name, role, rights[name], columns[name])
        ),
    }


def _of_each(kind: str, given: Mapping[str, tuple[str, ...]], privilege: str) -> Iterator[_Grant]:
    for name, takers in given.items():
        for role in takers:
            yield _Grant(f"{kind} public.{name}", role, privilege)


def _on_table(
    name: str, role: str, rights: roles.Rights, columns: Mapping[str, str]
) -> Iterator[_Grant]:
    """*columns* are by name, as SQL writes them."""
    for privilege, chosen in rights.items():
        for column in [""] if chosen.are_all else map(columns.__getitem__, chosen.of(columns)):
            yield _Grant(f"TABLE public.{name}", role, privilege, column)


def _sql(verb: str, grants: Iterable[_Grant]) -> list[str]:
    """One GRANT or REVOKE for all that a role has on an object."""
    together: dict[tuple[str, str], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for grant in sorted(grants):
        together[grant.name, grant.role][grant.privilege].append(grant.column)
    direction = "TO" if verb == "GRANT" else "FROM"
    statements = []
    for (name, role), columns in together.items():
        privileges = ", ".join(_on(privilege, named) for privilege, named in columns.items())
        statements.append(f"{verb} {privileges} ON {name} {direction} {role}")
    return statements


def _on(privilege: str, columns: list[str]) -> str:
    named = ", ".join(column for column in columns if column)
    # Of the whole, with or without single columns.
    return privilege if "" in columns else f"{privilege} ({named})"
