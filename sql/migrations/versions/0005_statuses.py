"""
What runs and deliveries are asked for, said once: which run is of the whole month and completed,
and which delivery of an invoice is its newest.
"""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# chalicelib/billing/statuses.py says the same of each status; a test compares the two.
VIEWS = """
-- One row per run.  Shards are parts of a month and corrections are of one invoice: only a run of
-- kind 'month' knows all that its month rejected and held.
CREATE VIEW run_status AS
SELECT id, period, status, started_at, finished_at, failure, corrects_invoice_id, shard, shards,
       extracted_rows, extracted_hours, billed_rows, billed_hours,
       rejected_rows, rejected_hours, held_rows, held_hours,
       CASE WHEN corrects_invoice_id IS NOT NULL THEN 'correction'
            WHEN shard IS NOT NULL THEN 'shard'
            ELSE 'month' END AS kind,
       status IN ('issued', 'empty') AS completed
FROM billing_run;

-- One row per invoice that has a delivery: its newest.
CREATE VIEW newest_delivery AS
SELECT id, invoice_id, recipient, status, attempts, message_id, error, queued_at, claimed_at,
       sent_at, event_id, event_at,
       status IN ('queued', 'sending') AS on_its_way,
       status IN ('sent', 'delivered') AS arrived,
       status IN ('bounced', 'complained', 'failed', 'unknown') AS lost
FROM delivery
WHERE NOT EXISTS (
    SELECT FROM delivery AS newer
    WHERE newer.invoice_id = delivery.invoice_id AND newer.id > delivery.id
);
"""


def upgrade() -> None:
    op.execute(VIEWS)
