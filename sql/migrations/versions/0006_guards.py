"""
A ledger that refuses whoever asks: no trigger can be led astray, and a finished run stays as it is.

Three kinds of attack got through before, each with no more than INSERT and UPDATE: a temporary
table that a trigger takes for the real one, a setting that any session can make, and totals of a
run that nothing guarded.
"""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# The mark "its invoices are checked" is an advisory lock of the transaction.  A session can take
# it, and so refuse itself, but no session can give it back before its transaction ends.
CHECKED = """
CREATE FUNCTION close_issue() RETURNS void LANGUAGE sql AS $$
    SELECT pg_advisory_xact_lock_shared(5456495, 0);
$$;

CREATE FUNCTION issue_is_closed() RETURNS boolean LANGUAGE sql AS $$
    SELECT EXISTS (
        SELECT FROM pg_locks
        WHERE locktype = 'advisory' AND classid = 5456495 AND objid = 0 AND objsubid = 2
          AND pid = pg_backend_pid()
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    );
$$;

CREATE OR REPLACE FUNCTION refuse_late_addition() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    checked boolean := issue_is_closed();
BEGIN
    IF checked OR EXISTS (
        SELECT FROM (SELECT DISTINCT invoice_id FROM added) AS a
        LEFT JOIN invoice ON invoice.id = a.invoice_id
        WHERE invoice.xmin IS DISTINCT FROM pg_current_xact_id()::xid
    ) THEN
        RAISE EXCEPTION 'INSERT into % refused: its invoice was % in this transaction',
            TG_TABLE_NAME, CASE WHEN checked THEN 'checked already' ELSE 'not issued' END
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;
"""

# What an invoice is checked for stays as 0001 has it; only the mark is another.
REMARKED = """
DO $$
DECLARE
    body text := pg_get_functiondef('check_invoice_adds_up'::regproc);
    old constant text :=
        'PERFORM set_config(''selfbill.checked_in'', pg_current_xact_id()::text, true);';
BEGIN
    IF strpos(body, old) = 0 THEN
        RAISE EXCEPTION 'check_invoice_adds_up is not as migration 0001 made it';
    END IF;
    EXECUTE replace(body, old, 'PERFORM close_issue();');
    body := pg_get_functiondef('check_credit_note'::regproc);
    EXECUTE replace(body, E'BEGIN\\n', E'BEGIN\\n    PERFORM close_issue();\\n');
END $$;
"""

# What stopped a run, or a document, was kept in the database's words, which quote the row.  Their
# first line says which rule it was; a value that it quotes comes after a colon.
FAILURES = r"""
UPDATE billing_run
SET failure = regexp_replace(split_part(failure, E'\n', 1), ': ".*', ': (not shown)')
WHERE failure IS NOT NULL;
UPDATE step_failure
SET reason = regexp_replace(split_part(reason, E'\n', 1), ': ".*', ': (not shown)');
"""

# A run counts while it is running.  What it says when it ends must be what it did, and stays.
RUNS = """
CREATE FUNCTION check_run_begins() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.status <> 'running' THEN
        RAISE EXCEPTION 'a run cannot begin as %', NEW.status
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION check_run_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status <> 'running' THEN
        RAISE EXCEPTION 'UPDATE of billing_run refused: finished run % never changes', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF (NEW.id, NEW.period, NEW.started_at, NEW.corrects_invoice_id, NEW.shard, NEW.shards)
       IS DISTINCT FROM
       (OLD.id, OLD.period, OLD.started_at, OLD.corrects_invoice_id, OLD.shard, OLD.shards)
    THEN
        RAISE EXCEPTION 'UPDATE of billing_run refused: what run % is for never changes', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

-- Rows of lineage are counted by verify; their hours are those of the lines, which are fewer.
CREATE FUNCTION check_run_adds_up() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    issued bigint;
    billed numeric;
    rejected_rows bigint;
    rejected numeric;
    holds boolean;
BEGIN
    SELECT count(DISTINCT invoice.id),
           coalesce(sum(hours) FILTER (WHERE invoice.kind = 'invoice'), 0)
    INTO issued, billed
    FROM invoice LEFT JOIN invoice_line ON invoice_line.invoice_id = invoice.id
    WHERE invoice.period = NEW.period AND invoice.run_id = NEW.id;
    SELECT count(*), coalesce(sum(hours), 0) INTO rejected_rows, rejected
    FROM rejected_workday WHERE run_id = NEW.id;
    holds := EXISTS (SELECT FROM held_employee WHERE run_id = NEW.id);
    IF NOT (CASE NEW.status
        WHEN 'failed' THEN issued = 0 AND rejected_rows = 0 AND NOT holds
        ELSE (issued > 0) = (NEW.status = 'issued')
             AND (billed, rejected_rows, rejected, holds)
                 IS NOT DISTINCT FROM
                 (NEW.billed_hours, NEW.rejected_rows::bigint, NEW.rejected_hours,
                  NEW.held_rows > 0)
    END) THEN
        RAISE EXCEPTION 'run % refused: its totals are not what it issued, rejected and held',
            NEW.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % refused: what a run found never changes', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION refuse_unless_running() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM (SELECT DISTINCT run_id FROM added) AS a
        LEFT JOIN billing_run ON billing_run.id = a.run_id
        WHERE billing_run.status IS DISTINCT FROM 'running'
    ) THEN
        RAISE EXCEPTION 'INSERT into % refused: its run is not running', TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION check_invoice_is_of_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM (SELECT DISTINCT run_id, period FROM added) AS a
        LEFT JOIN billing_run ON billing_run.id = a.run_id
        WHERE billing_run.status IS DISTINCT FROM 'running'
           OR billing_run.period IS DISTINCT FROM a.period
    ) THEN
        RAISE EXCEPTION 'INSERT into invoice refused: its run is not a running one of its period'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER billing_run_begins BEFORE INSERT ON billing_run
    FOR EACH ROW EXECUTE FUNCTION check_run_begins();
CREATE TRIGGER billing_run_moves BEFORE UPDATE ON billing_run
    FOR EACH ROW EXECUTE FUNCTION check_run_moves();
CREATE TRIGGER billing_run_adds_up AFTER UPDATE ON billing_run
    FOR EACH ROW WHEN (NEW.status <> 'running') EXECUTE FUNCTION check_run_adds_up();
CREATE TRIGGER billing_run_never_vanishes BEFORE DELETE OR TRUNCATE ON billing_run
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();
CREATE TRIGGER rejected_workday_never_changes
    BEFORE UPDATE OR DELETE OR TRUNCATE ON rejected_workday
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();
CREATE TRIGGER rejected_workday_joins_its_run AFTER INSERT ON rejected_workday
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION refuse_unless_running();
CREATE TRIGGER held_employee_never_changes
    BEFORE UPDATE OR DELETE OR TRUNCATE ON held_employee
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();
CREATE TRIGGER held_employee_joins_its_run AFTER INSERT ON held_employee
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION refuse_unless_running();
CREATE TRIGGER invoice_joins_its_run AFTER INSERT ON invoice
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION check_invoice_is_of_run();
"""

# An email goes to whom it is about: to the contractor's address, of the invoice or of today.
RECIPIENTS = """
CREATE OR REPLACE FUNCTION check_delivery_begins() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    refused text;
BEGIN
    SELECT min(status) INTO refused FROM added WHERE NOT EXISTS (
        SELECT FROM delivery_transition WHERE from_status = 'new' AND to_status = added.status
    );
    IF refused IS NOT NULL THEN
        RAISE EXCEPTION 'a delivery cannot begin as %', refused
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF EXISTS (
        SELECT FROM added
        JOIN invoice ON invoice.id = added.invoice_id
        JOIN employee ON employee.id = invoice.employee_id
        WHERE added.recipient IS NOT NULL
          AND added.recipient IS DISTINCT FROM employee.email
          AND added.recipient IS DISTINCT FROM invoice.supplier_email
    ) THEN
        RAISE EXCEPTION 'a delivery goes to the address of its invoice''s contractor, no other'
            USING ERRCODE = 'restrict_violation';
    END IF;
    INSERT INTO delivery_event (delivery_id, at, from_status, to_status, detail)
    SELECT id, clock_timestamp(), 'new', status, error FROM added ORDER BY id;
    RETURN NULL;
END $$;
"""

# A series is its employee's for ever: under another code, numbers would begin again.
CODES = """
CREATE FUNCTION keep_invoiced_code() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM invoice WHERE employee_id = OLD.id) THEN
        RAISE EXCEPTION 'the invoices of employee % are numbered by this code: it never changes',
            OLD.code USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER employee_keeps_its_code BEFORE UPDATE ON employee
    FOR EACH ROW WHEN ((NEW.id, NEW.code) IS DISTINCT FROM (OLD.id, OLD.code))
    EXECUTE FUNCTION keep_invoiced_code();
"""

# The history is written by these triggers with their owner's rights, so that nobody else needs any.
HISTORY = """
ALTER FUNCTION check_delivery_begins SECURITY DEFINER;
ALTER FUNCTION note_delivery_moved SECURITY DEFINER;
"""

# In all of them a name is looked up in the session's temporary schema last, after what is ours.
FUNCTIONS = (
    "close_issue",
    "issue_is_closed",
    "refuse_change",
    "refuse_late_addition",
    "check_lineage",
    "check_invoice_adds_up",
    "check_credit_note",
    "check_delivery_begins",
    "check_delivery_moves",
    "note_delivery_moved",
    "refuse_own_history",
    "refuse_without_migration",
    "check_run_begins",
    "check_run_moves",
    "check_run_adds_up",
    "refuse_rewriting",
    "refuse_unless_running",
    "check_invoice_is_of_run",
    "keep_invoiced_code",
)

ALWAYS = {
    "billing_run": ("begins", "moves", "adds_up", "never_vanishes"),
    "rejected_workday": ("never_changes", "joins_its_run"),
    "held_employee": ("never_changes", "joins_its_run"),
    "invoice": ("joins_its_run",),
    "employee": ("keeps_its_code",),
}


def upgrade() -> None:
    for statements in (FAILURES, CHECKED, REMARKED, RUNS, RECIPIENTS, CODES, HISTORY):
        op.execute(statements)
    for function in FUNCTIONS:
        op.execute(f"ALTER FUNCTION {function} SET search_path = pg_catalog, public, pg_temp")
    for table, triggers in ALWAYS.items():
        for trigger in triggers:
            op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_{trigger}")
