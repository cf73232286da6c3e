"""Whatever was killed, wherever: running it again ends as if nothing had happened."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.store.runs import INTERRUPTED
from tests.crash.healing import kill, unhealed, wrong_after

# Besides those of commits, one boundary in so many is in the sample.
STRIDE = 7

REACHED_BY = {
    "bill_month": ("INSERT INTO billing_run", 'COPY "invoice" ', "sqs SendMessageBatch"),
    "correct_invoice": ("INSERT INTO invoice ", 'COPY "delivery" ', "s3 PutObject"),
    "render_invoice": ("s3 PutObject", "INSERT INTO document", "sqs SendMessageBatch"),
    "email_invoice": ("UPDATE delivery", "s3 GetObject", "ses SendRawEmail"),
}

every_step = pytest.mark.parametrize("name", list(REACHED_BY))


def sample(crossed: list[str]) -> list[int]:
    """All boundaries of commits, and every seventh."""
    return [
        place for place, label in enumerate(crossed) if "COMMIT" in label or place % STRIDE == 0
    ]


def commit_after(crossed: list[str], statement: str) -> int:
    """The boundary right after *statement* has been committed."""
    return crossed.index("after COMMIT", crossed.index(f"after {statement}"))


@every_step
class TestKilledSteps:
    def test_can_be_killed_on_every_way_out(self, name, clean):
        for way_out in (*REACHED_BY[name], "COMMIT"):
            for side in ("before", "after"):
                assert any(
                    label.startswith(f"{side} {way_out}") for label in clean[name].crossed
                ), f"{side} {way_out}"

    def test_are_healed_by_running_again(self, name, site, steps, clean):
        assert unhealed(site, steps[name], clean[name], sample(clean[name].crossed)) == []

    @pytest.mark.prove
    def test_are_healed_by_running_again_wherever_they_were_killed(
        self, name, site, steps, clean, capsys
    ):
        everywhere = range(len(clean[name].crossed))

        assert unhealed(site, steps[name], clean[name], everywhere) == []

        with capsys.disabled():
            print(f"\n{name}: {len(everywhere)} kill points, all healed")
