"""
Why a document could not be rendered, or a mail not be handed over: the last failure of each.

Written by the step itself when it fails, and only then.  What was done since supersedes it, so that
success costs no statement: a failure older than the document or the accepted mail is history.
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

STEP_FAILURE = """
CREATE TABLE step_failure (
    invoice_id bigint NOT NULL REFERENCES invoice,
    step text NOT NULL CHECK (step IN ('render', 'email')),
    failures integer NOT NULL CHECK (failures > 0),
    failed_at timestamptz NOT NULL,
    reason text NOT NULL CHECK (reason <> '' AND length(reason) <= 500),
    PRIMARY KEY (invoice_id, step)
);
"""


def upgrade() -> None:
    op.execute(STEP_FAILURE)
