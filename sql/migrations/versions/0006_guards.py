"""
A ledger that refuses whoever asks: no trigger can be led astray, and a finished run stays as it is.

Attacks got through before, each with no more than INSERT and UPDATE: a temporary table that a
trigger takes for the real one, a setting that any session can make, totals of a run that nothing
guarded, two transactions that each look before the other commits, and values that no program here
can read, which stopped every run and report from then on.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# The mark "its invoices are checked" is an advisory lock of the transaction.  A session can take
# it, and so refuse itself, but no session can give it back before its transaction ends.  Each check
# of an invoice takes it in place: a function of its own would cost more than all that it checks.
MARK = "PERFORM pg_advisory_xact_lock_shared(5456495, 0);"
CHECKED = """
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

# What an invoice is checked for stays as 0001 has it, under another mark; besides, its number was
# taken from its series, or the next run would be given it again.
REMARKED = f"""
DO $$
DECLARE
    body text := pg_get_functiondef('check_invoice_adds_up'::regproc);
    old constant text :=
        'PERFORM set_config(''selfbill.checked_in'', pg_current_xact_id()::text, true);';
BEGIN
    IF strpos(body, old) = 0 THEN
        RAISE EXCEPTION 'check_invoice_adds_up is not as migration 0001 made it';
    END IF;
    EXECUTE replace(body, old, '{MARK}
    IF NOT EXISTS (
        SELECT FROM invoice_series WHERE series = NEW.series AND last_sequence >= NEW.sequence
    ) THEN
        RAISE EXCEPTION ''invoice % refused: its series has not given that number'', NEW.number
            USING ERRCODE = ''check_violation'';
    END IF;');
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

# A credit note states what its invoice stated: only these columns are its own.
CREDITS = f"""
CREATE OR REPLACE FUNCTION check_credit_note() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    its_own constant text[] := ARRAY[
        'id', 'number', 'sequence', 'previous_sequence', 'kind', 'credits_invoice_id', 'run_id',
        'period', 'subtotal', 'tax', 'total', 'issued_at', 'issued_on', 'due_on', 'content_sha256'
    ];
BEGIN
    {MARK}
    IF NOT EXISTS (
        SELECT FROM invoice AS original
        WHERE original.id = NEW.credits_invoice_id AND original.kind = 'invoice'
          AND (original.subtotal, original.tax, original.total)
              = (-NEW.subtotal, -NEW.tax, -NEW.total)
          AND pg_catalog.to_jsonb(original) - its_own = pg_catalog.to_jsonb(NEW) - its_own
    ) OR EXISTS (
        (SELECT position, project_code, project_name, kind, hours, unit_rate, amount
         FROM invoice_line WHERE invoice_id = NEW.credits_invoice_id)
        EXCEPT
        (SELECT position, project_code, project_name, kind, -hours, unit_rate, -amount
         FROM invoice_line WHERE invoice_id = NEW.id)
    ) OR EXISTS (
        (SELECT employee_id, work_date, project_id, kind, turn, position, workday_id
         FROM invoice_workday WHERE invoice_id = NEW.credits_invoice_id)
        EXCEPT
        (SELECT employee_id, work_date, project_id, kind, previous_turn, position, workday_id
         FROM invoice_workday WHERE invoice_id = NEW.id)
    ) THEN
        RAISE EXCEPTION 'credit note % refused: it is not the whole of its invoice, negated',
            NEW.number USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
"""

# As in 0001; besides, nobody bills a day that is not over when the invoice's month is.
LINEAGE = """
CREATE OR REPLACE FUNCTION check_lineage() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM (
            SELECT invoice_id, employee_id, credits_invoice_id, max(work_date) AS last_day
            FROM added GROUP BY invoice_id, employee_id, credits_invoice_id
        ) AS a
        JOIN invoice ON invoice.id = a.invoice_id
        WHERE invoice.employee_id <> a.employee_id
           OR invoice.credits_invoice_id IS DISTINCT FROM a.credits_invoice_id
           OR a.last_day >= invoice.period + interval '1 month'
    ) OR EXISTS (
        SELECT FROM added AS credit
        JOIN invoice_workday AS billed USING (employee_id, work_date, project_id, kind)
        WHERE credit.credits_invoice_id IS NOT NULL
          AND billed.turn = credit.previous_turn
          AND (billed.invoice_id, billed.workday_id, billed.hours, billed.unit_rate)
              IS DISTINCT FROM
              (credit.credits_invoice_id, credit.workday_id, -credit.hours, credit.unit_rate)
    ) THEN
        RAISE EXCEPTION 'lineage refused: it names a workday that its invoice cannot bill or credit'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;
"""

# What a series gave is what was issued: were it ahead or behind, every run after would fail.
SERIES = """
CREATE FUNCTION check_series() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT last_sequence FROM invoice_series WHERE series = NEW.series)
       IS DISTINCT FROM (SELECT max(sequence) FROM invoice WHERE series = NEW.series)
    THEN
        RAISE EXCEPTION 'series % refused: the last number it gave is not the last one issued',
            NEW.series USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER invoice_series_is_issued AFTER INSERT OR UPDATE ON invoice_series
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_series();
CREATE TRIGGER invoice_series_never_vanishes BEFORE DELETE OR TRUNCATE ON invoice_series
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""

# A run counts while it is running.  What it says when it ends must be what it did, and stays.
RUNS = """
CREATE INDEX invoice_by_run ON invoice (run_id);

CREATE FUNCTION check_run_begins() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.status <> 'running' THEN
        RAISE EXCEPTION 'a run cannot begin as %', NEW.status
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.corrects_invoice_id IS NOT NULL
       AND NOT EXISTS (SELECT FROM invoice WHERE id = NEW.corrects_invoice_id)
    THEN
        RAISE EXCEPTION 'a run cannot correct an invoice that does not exist'
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
    holds bigint;
    isolation text;
BEGIN
    -- Nothing joins its invoices from here on: a line that came later would not be counted.
    PERFORM pg_advisory_xact_lock_shared(5456495, 0);
    -- No setting that could be made now: it is fixed before the transaction reads anything.  In any
    -- other, what was committed since its snapshot would not be counted.
    EXECUTE 'SHOW transaction_isolation' INTO isolation;
    IF isolation <> 'read committed' THEN
        RAISE EXCEPTION 'run % refused: it ends in a transaction that is READ COMMITTED', NEW.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    SELECT count(DISTINCT invoice.id),
           coalesce(sum(hours) FILTER (WHERE invoice.kind = 'invoice'), 0)
    INTO issued, billed
    FROM invoice LEFT JOIN invoice_line ON invoice_line.invoice_id = invoice.id
    WHERE invoice.run_id = NEW.id;
    SELECT count(*), coalesce(sum(hours), 0) INTO rejected_rows, rejected
    FROM rejected_workday WHERE run_id = NEW.id;
    SELECT count(*) INTO holds FROM held_employee WHERE run_id = NEW.id;
    IF NOT (CASE NEW.status
        WHEN 'failed' THEN issued = 0 AND rejected_rows = 0 AND holds = 0
        ELSE (issued > 0) = (NEW.status = 'issued')
             AND (billed, rejected_rows, rejected, holds > 0)
                 IS NOT DISTINCT FROM
                 (NEW.billed_hours, NEW.rejected_rows::bigint, NEW.rejected_hours,
                  NEW.held_rows > 0)
             AND holds <= NEW.held_rows
             AND (NEW.corrects_invoice_id IS NULL OR EXISTS (
                 SELECT FROM invoice
                 WHERE credits_invoice_id = NEW.corrects_invoice_id AND run_id = NEW.id
             ))
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

-- The run is locked, so that it cannot end meanwhile without what is added here.
CREATE FUNCTION refuse_unless_running() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM billing_run WHERE id IN (SELECT run_id FROM added) FOR SHARE;
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
DECLARE
    isolation text;
BEGIN
    EXECUTE 'SHOW transaction_isolation' INTO isolation;
    IF isolation <> 'read committed' THEN
        RAISE EXCEPTION 'INSERT into invoice refused: it is issued in a READ COMMITTED transaction'
            USING ERRCODE = 'restrict_violation';
    END IF;
    -- The period is not closed between this check and the commit.
    PERFORM pg_advisory_xact_lock_shared(5456496, period - date '2000-01-01')
    FROM (SELECT DISTINCT period FROM added ORDER BY period) AS of_periods;
    PERFORM FROM billing_run WHERE id IN (SELECT run_id FROM added) FOR SHARE;
    IF EXISTS (
        SELECT FROM (SELECT DISTINCT run_id, period FROM added) AS a
        LEFT JOIN billing_run ON billing_run.id = a.run_id
        WHERE billing_run.status IS DISTINCT FROM 'running'
           OR billing_run.period IS DISTINCT FROM a.period
    ) THEN
        RAISE EXCEPTION 'INSERT into invoice refused: its run is not a running one of its period'
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF EXISTS (SELECT FROM added JOIN closed_period USING (period)) THEN
        RAISE EXCEPTION 'INSERT into invoice refused: its period is closed'
            USING ERRCODE = 'restrict_violation';
    END IF;
    -- A correction credits its one invoice and bills its one employee; nothing else credits.
    IF EXISTS (
        SELECT FROM added
        JOIN billing_run AS run ON run.id = added.run_id
        LEFT JOIN invoice AS corrected ON corrected.id = run.corrects_invoice_id
        WHERE (run.corrects_invoice_id IS NULL AND added.kind <> 'invoice')
           OR (run.corrects_invoice_id IS NOT NULL
               AND corrected.employee_id IS DISTINCT FROM added.employee_id)
           OR added.credits_invoice_id <> run.corrects_invoice_id
           OR added.employee_id % run.shards <> run.shard - 1
    ) THEN
        RAISE EXCEPTION 'INSERT into invoice refused: its run is for other invoices'
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

# A month is closed once and for all, and not before what is being issued in it is committed.
CLOSINGS = """
CREATE FUNCTION wait_for_issue() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF isfinite(NEW.period) THEN
        PERFORM pg_advisory_xact_lock(5456496, NEW.period - date '2000-01-01');
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER closed_period_waits BEFORE INSERT ON closed_period
    FOR EACH ROW EXECUTE FUNCTION wait_for_issue();
CREATE TRIGGER closed_period_never_changes BEFORE UPDATE OR DELETE OR TRUNCATE ON closed_period
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_without_migration();
"""

# The API gives whoever may see an invoice a link to what its document names.
DOCUMENTS = """
CREATE FUNCTION check_document() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM added JOIN invoice ON invoice.id = added.invoice_id
        WHERE strpos('/' || s3_key, '/' || number || '-' || content_sha256) = 0
    ) THEN
        RAISE EXCEPTION 'INSERT into document refused: its key is not of its invoice'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER document_is_its_invoices AFTER INSERT ON document
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION check_document();
"""

# An email goes to whom it is about: to the contractor's address, of the invoice or of today.
RECIPIENTS = """
CREATE OR REPLACE FUNCTION check_delivery_begins() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    refused text;
    isolation text;
BEGIN
    EXECUTE 'SHOW transaction_isolation' INTO isolation;
    IF isolation <> 'read committed' THEN
        RAISE EXCEPTION 'a delivery begins in a READ COMMITTED transaction'
            USING ERRCODE = 'restrict_violation';
    END IF;
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

# As in 0002; besides, neither when an email was sent nor how often it was tried is rewritten, and
# what was handed over is not queued again.
MOVES = """
CREATE OR REPLACE FUNCTION check_delivery_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.invoice_id, NEW.recipient, NEW.queued_at)
           IS DISTINCT FROM (OLD.id, OLD.invoice_id, OLD.recipient, OLD.queued_at)
       OR (NEW.message_id, NEW.sent_at) IS DISTINCT FROM
          (coalesce(OLD.message_id, NEW.message_id), coalesce(OLD.sent_at, NEW.sent_at))
       OR NEW.attempts < OLD.attempts
    THEN
        RAISE EXCEPTION 'delivery % refused: what is sent to whom never changes', OLD.id
            USING ERRCODE = 'restrict_violation', HINT = 'Queue another delivery.';
    END IF;
    IF NEW.status <> OLD.status AND NOT EXISTS (
        SELECT FROM delivery_transition
        WHERE from_status = OLD.status AND to_status = NEW.status
    ) THEN
        RAISE EXCEPTION 'delivery % refused: % is never followed by %',
            OLD.id, OLD.status, NEW.status USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.status = 'queued' AND num_nonnulls(NEW.message_id, NEW.sent_at) > 0 THEN
        RAISE EXCEPTION 'delivery % refused: it was handed over, and is not queued again', OLD.id
            USING ERRCODE = 'restrict_violation', HINT = 'Queue another delivery.';
    END IF;
    RETURN NEW;
END $$;
"""

# A series is its employee's for ever: under another code, numbers would begin again.
CODES = """
CREATE FUNCTION keep_invoiced_code() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    isolation text;
BEGIN
    EXECUTE 'SHOW transaction_isolation' INTO isolation;
    IF isolation <> 'read committed' THEN
        RAISE EXCEPTION 'the code of employee % changes in a transaction that is READ COMMITTED',
            OLD.code USING ERRCODE = 'restrict_violation';
    END IF;
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
CREATE OR REPLACE FUNCTION refuse_own_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' OR pg_trigger_depth() < 2 OR NOT EXISTS (
        SELECT FROM pg_class WHERE oid = TG_RELID AND pg_get_userbyid(relowner) = current_user
    ) THEN
        RAISE EXCEPTION '% of % refused: the database alone writes it', TG_OP, TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;

ALTER FUNCTION check_delivery_begins SECURITY DEFINER;
ALTER FUNCTION note_delivery_moved SECURITY DEFINER;
"""

# What no program here can read stops every run and every report, whosever row it is in.  Dates and
# moments are those of Python, months those that have a month before and after them.
DATES = {
    "employee": ("self_billing_agreed_on",),
    "rate": ("valid_from",),
    "workday": ("work_date",),
    "rejected_workday": ("work_date",),
    "invoice": ("issued_on", "due_on"),
    "invoice_workday": ("work_date",),
}
MONTHS = {"billing_run": ("period",), "closed_period": ("period",), "invoice": ("period",)}
MOMENTS = {
    "billing_run": ("started_at", "finished_at"),
    "closed_period": ("closed_at",),
    "invoice": ("issued_at",),
    "document": ("rendered_at",),
    "delivery": ("queued_at", "claimed_at", "sent_at", "event_at"),
    "step_failure": ("failed_at",),
}
RANGES = (
    (DATES, "{} BETWEEN '0001-01-01' AND '9999-12-31'"),
    (MONTHS, "{} BETWEEN '0002-01-01' AND '9998-12-01'"),
    (MOMENTS, "{} BETWEEN '0002-01-01 00:00:00+00' AND '9998-12-31 00:00:00+00'"),
)
# As `load` has it: an index holds no longer ones, and invoices print composed letters alone.
CODE = {"code_is_short": "length(code) <= 100", "code_is_composed": "code IS NFC NORMALIZED"}
# A comparison with not-a-number is one with something larger than every number.
VALUES = {
    "invoice": {"tax_is_a_share": "tax_rate BETWEEN 0 AND 1"},
    # What is rejected may come to nothing or less; what is billed or held is good work.
    "billing_run": {
        f"{side}_is_a_count": f"{side}_rows >= 0 AND {side}_hours < 'NaN'"
        f" AND ({side}_rows > 0 OR {side}_hours = 0)"
        for side in ("extracted", "rejected")
    }
    | {
        f"{side}_is_a_count": f"{side}_rows >= 0 AND {side}_hours < 'NaN'"
        f" AND ({side}_rows > 0) = ({side}_hours > 0) AND {side}_hours >= 0"
        for side in ("billed", "held")
    },
    "rejected_workday": {"hours_are_a_number": "hours <> 'NaN'"},
    "department": CODE,
    "project": CODE,
}

# In all of them a name is looked up in the session's temporary schema last, after what is ours.
FUNCTIONS = (
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
    "check_series",
    "check_document",
    "wait_for_issue",
)

ALWAYS = {
    "billing_run": ("begins", "moves", "adds_up", "never_vanishes"),
    "rejected_workday": ("never_changes", "joins_its_run"),
    "held_employee": ("never_changes", "joins_its_run"),
    "invoice": ("joins_its_run",),
    "invoice_series": ("is_issued", "never_vanishes"),
    "closed_period": ("never_changes", "waits"),
    "document": ("is_its_invoices",),
    "employee": ("keeps_its_code",),
}


def upgrade() -> None:
    for statements in (
        FAILURES,
        CHECKED,
        REMARKED,
        CREDITS,
        LINEAGE,
        SERIES,
        RUNS,
        CLOSINGS,
        DOCUMENTS,
        RECIPIENTS,
        MOVES,
        CODES,
        HISTORY,
    ):
        op.execute(statements)
    for function in FUNCTIONS:
        op.execute(f"ALTER FUNCTION {function} SET search_path = pg_catalog, public, pg_temp")
    for table, triggers in ALWAYS.items():
        for trigger in triggers:
            op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_{trigger}")
    for tables, within in RANGES:
        for table, columns in tables.items():
            for column in columns:
                _constrain(table, f"{column}_is_readable", within.format(column))
    for table, checks in VALUES.items():
        for name, check in checks.items():
            _constrain(table, name, check)


def _constrain(table: str, name: str, check: str) -> None:
    """A rule for what is written from now on; for what is there too, if all of it keeps it."""
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {table}_{name} CHECK ({check}) NOT VALID")
    broken = sa.text(f"SELECT EXISTS (SELECT FROM {table} WHERE NOT ({check}))")
    if not op.get_bind().execute(broken).scalar_one():
        op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {table}_{name}")
