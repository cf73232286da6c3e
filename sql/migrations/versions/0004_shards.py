"""
Which part of a month a run billed, where the month is split over several.

A run of the whole month, and a correction, has neither number.
"""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

SHARD = """
ALTER TABLE billing_run
    ADD COLUMN shard integer,
    ADD COLUMN shards integer,
    ADD CONSTRAINT billing_run_shard_of_shards CHECK (
        num_nulls(shard, shards) IN (0, 2)
        AND (shard IS NULL OR shard BETWEEN 1 AND shards)
        AND (shard IS NULL OR corrects_invoice_id IS NULL)
    );
"""


def upgrade() -> None:
    op.execute(SHARD)
