"""
Who did it: the login and the claim behind each run, closing and delivery, and a log of every change
to the master data.

The login (`actor`) is the database's own word, `session_user`: no setting and no SET ROLE changes
it.  The claim (`claimed`) is what the program says it acts for, and proves nothing.
"""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# A body without a pinned search_path, so that it can be inlined: a run's deliveries ask it once a
# row.  RETURN binds its names here and now.  What it replaces are controls and letters that turn
# text around.
CLAIM = r"""
CREATE FUNCTION claimed_actor() RETURNS text LANGUAGE sql STABLE
RETURN nullif(left(regexp_replace(
    current_setting('selfbill.claimed', true),
    '[\u0001-\u001f\u007f-\u009f\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]',
    '?', 'g'
), 200), '');
"""

# Null in rows from before this was recorded; a default here would name whoever migrates.
COLUMNS = """
ALTER TABLE {table} ADD COLUMN actor text, ADD COLUMN claimed text;
ALTER TABLE {table}
    ALTER COLUMN actor SET DEFAULT session_user, ALTER COLUMN claimed SET DEFAULT claimed_actor();
"""
NAMED = ("billing_run", "closed_period", "delivery")

STAMPS = """
CREATE FUNCTION stamp_actor() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    NEW.actor := session_user;
    NEW.claimed := claimed_actor();
    RETURN NEW;
END $$;

-- A month's deliveries come at once: the columns' defaults name who, and this holds them to it.
CREATE FUNCTION check_delivery_actor() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    claim text := claimed_actor();
BEGIN
    IF EXISTS (
        SELECT FROM added
        WHERE actor IS DISTINCT FROM session_user::text OR claimed IS DISTINCT FROM claim
    ) THEN
        RAISE EXCEPTION 'a delivery names who queued it, and nobody else than %', session_user
            USING ERRCODE = 'restrict_violation', HINT = 'Leave out actor and claimed.';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION refuse_other_actor() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'UPDATE of % refused: who did it never changes', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER billing_run_names_its_actor BEFORE INSERT ON billing_run
    FOR EACH ROW EXECUTE FUNCTION stamp_actor();
CREATE TRIGGER closed_period_names_its_actor BEFORE INSERT ON closed_period
    FOR EACH ROW EXECUTE FUNCTION stamp_actor();
CREATE TRIGGER delivery_names_its_actor AFTER INSERT ON delivery
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION check_delivery_actor();
"""

# As before, with who at the end.
RUN_STATUS = """
CREATE OR REPLACE VIEW run_status AS
SELECT id, period, status, started_at, finished_at, failure, corrects_invoice_id, shard, shards,
       extracted_rows, extracted_hours, billed_rows, billed_hours,
       rejected_rows, rejected_hours, held_rows, held_hours,
       CASE WHEN corrects_invoice_id IS NOT NULL THEN 'correction'
            WHEN shard IS NOT NULL THEN 'shard'
            ELSE 'month' END AS kind,
       status IN ('issued', 'empty') AS completed,
       actor, claimed
FROM billing_run;
"""

# No column of a row that was inserted or deleted, but the whole row, as JSON.
CHANGE_LOG = """
CREATE TABLE change_log (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    "table" text NOT NULL,
    key text COLLATE "C" NOT NULL,
    "column" text,
    old text,
    new text,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    claimed text
);
CREATE INDEX change_log_by_key ON change_log ("table", key, id);
"""

# What people call a row: its code, its email, or of a rate its employee and first day.
KEY = """CASE TG_TABLE_NAME
            WHEN 'rate' THEN coalesce(
                (SELECT code FROM employee WHERE id = (whole ->> 'employee_id')::bigint),
                whole ->> 'employee_id'
            ) || ' ' || (whole ->> 'valid_from')
            WHEN 'app_user' THEN whole ->> 'email'
            ELSE whole ->> 'code' END"""
# What makes it the same row before and after.
IDENTITY = """CASE TG_TABLE_NAME
            WHEN 'rate' THEN (whole ->> 'employee_id') || ' ' || (whole ->> 'valid_from')
            WHEN 'app_user' THEN whole ->> 'email'
            ELSE whole ->> 'id' END"""

# Each runs as the owner, who alone may write the log, and looks tables up in its own schema.
AS_OWNER = """RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    moment timestamptz := clock_timestamp();
    claim text := claimed_actor();
BEGIN"""

NOTES = f"""
CREATE FUNCTION note_inserted() {AS_OWNER}
    INSERT INTO change_log ("table", key, new, at, actor, claimed)
    SELECT TG_TABLE_NAME, {KEY}, whole, moment, session_user, claim
    FROM (SELECT to_jsonb(fresh) AS whole FROM fresh) AS row;
    RETURN NULL;
END $$;

CREATE FUNCTION note_deleted() {AS_OWNER}
    INSERT INTO change_log ("table", key, old, at, actor, claimed)
    SELECT TG_TABLE_NAME, {KEY}, whole, moment, session_user, claim
    FROM (SELECT to_jsonb(stale) AS whole FROM stale) AS row;
    RETURN NULL;
END $$;

-- One row for each column that differs; a row that became another one is a deletion and an insert.
CREATE FUNCTION note_updated() {AS_OWNER}
    INSERT INTO change_log ("table", key, "column", old, new, at, actor, claimed)
    WITH before AS MATERIALIZED (
        SELECT whole, {IDENTITY} AS identity
        FROM (SELECT to_jsonb(stale) AS whole FROM stale) AS row
    ), after AS MATERIALIZED (
        SELECT whole, {IDENTITY} AS identity
        FROM (SELECT to_jsonb(fresh) AS whole FROM fresh) AS row
    ), changed AS MATERIALIZED (
        SELECT coalesce(before.whole, after.whole) AS whole,
               before.whole AS earlier, after.whole AS later
        FROM before FULL JOIN after USING (identity)
        WHERE before.whole IS DISTINCT FROM after.whole
    )
    SELECT TG_TABLE_NAME, {KEY}, field,
           CASE WHEN field IS NULL THEN earlier::text ELSE earlier ->> field END,
           CASE WHEN field IS NULL THEN later::text ELSE later ->> field END,
           moment, session_user, claim
    FROM changed LEFT JOIN LATERAL (
        SELECT field FROM jsonb_each(earlier) AS each (field, value)
        WHERE later IS NOT NULL AND value IS DISTINCT FROM later -> field
    ) AS different ON true;
    RETURN NULL;
END $$;
"""

GUARDS = """
-- Its triggers run as its owner and one level down; whoever lacks either writes nothing.
CREATE FUNCTION refuse_own_log() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF TG_OP <> 'INSERT' OR pg_trigger_depth() < 2 OR NOT EXISTS (
        SELECT FROM pg_class WHERE oid = TG_RELID AND pg_get_userbyid(relowner) = current_user
    ) THEN
        RAISE EXCEPTION '% of % refused: the database alone writes it', TG_OP, TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION refuse_unrecorded() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'TRUNCATE of % refused: it would leave no trace', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', HINT = 'Use DELETE, which change_log records.';
END $$;

CREATE TRIGGER change_log_never_changes
    BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON change_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_own_log();
ALTER TABLE change_log ENABLE ALWAYS TRIGGER change_log_never_changes;
"""

KEEPS_ITS_ACTOR = """
CREATE TRIGGER {table}_keeps_its_actor BEFORE UPDATE OF actor, claimed ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_other_actor();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_keeps_its_actor;
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_names_its_actor;
"""

LOGGED = """
CREATE TRIGGER {table}_inserted AFTER INSERT ON {table}
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION note_inserted();
CREATE TRIGGER {table}_updated AFTER UPDATE ON {table}
    REFERENCING OLD TABLE AS stale NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION note_updated();
CREATE TRIGGER {table}_deleted AFTER DELETE ON {table}
    REFERENCING OLD TABLE AS stale FOR EACH STATEMENT EXECUTE FUNCTION note_deleted();
CREATE TRIGGER {table}_is_not_emptied BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_unrecorded();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_inserted;
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_updated;
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_deleted;
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_is_not_emptied;
"""
MASTER_DATA = ("department", "project", "employee", "rate", "app_user")


def upgrade() -> None:
    op.execute(CLAIM)
    for table in NAMED:
        op.execute(COLUMNS.format(table=table))
    for statements in (STAMPS, RUN_STATUS, CHANGE_LOG, NOTES, GUARDS):
        op.execute(statements)
    for table in NAMED:
        op.execute(KEEPS_ITS_ACTOR.format(table=table))
    for table in MASTER_DATA:
        op.execute(LOGGED.format(table=table))
