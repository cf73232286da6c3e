"""Whatever was killed, wherever: running it again ends as if nothing had happened."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from chalicelib.store.runs import INTERRUPTED

from . import worker
from .healing import kill, unhealed, wrong_after, wrong_when_run_again

# Besides those of commits, one boundary in so many is in the sample.
STRIDE = 41

WAYS_OUT = {
    "bill_month": ("INSERT INTO billing_run", 'COPY "invoice" ', "sqs SendMessageBatch"),
    "correct_invoice": ("INSERT INTO invoice ", 'COPY "delivery" ', "s3 PutObject"),
    "render_invoice": ("s3 PutObject", "INSERT INTO document", "sqs SendMessageBatch"),
    "email_invoice": ("UPDATE delivery", "s3 GetObject", "ses SendRawEmail"),
}

every_step = pytest.mark.parametrize("name", list(WAYS_OUT))


def sample(crossed: Sequence[str]) -> list[int]:
    """All boundaries of commits, and one in `STRIDE`."""
    return [
        place for place, label in enumerate(crossed) if "COMMIT" in label or place % STRIDE == 0
    ]


def first(crossed: Sequence[str], label: str, start: int = 0) -> int:
    """The first boundary from *start* whose label begins with *label*."""
    return next(place for place in range(start, len(crossed)) if crossed[place].startswith(label))


def once_committed(crossed: Sequence[str], statement: str) -> int:
    """The boundary right after *statement* was committed."""
    return first(crossed, "after COMMIT", first(crossed, f"after {statement}"))


@every_step
class TestKilledSteps:
    def test_can_be_killed_on_every_way_out(self, name, clean):
        for way_out in (*WAYS_OUT[name], "COMMIT"):
            for side in ("before", "after"):
                first(clean[name].crossed, f"{side} {way_out}")

    def test_are_healed_by_running_again(self, name, site, steps, clean):
        wrong = unhealed(site, steps[name], clean[name], sample(clean[name].crossed))

        assert not wrong, "\n".join(wrong)

    @pytest.mark.prove
    def test_are_healed_by_running_again_wherever_they_were_killed(self, name, site, steps, clean):
        everywhere = range(len(clean[name].crossed))

        wrong = unhealed(site, steps[name], clean[name], everywhere)

        assert not wrong, "\n".join(wrong)


class TestKilledRuns:
    @pytest.fixture
    def runs_after(self, site, steps, clean):
        """The runs there are after the month's was killed at a boundary and run again."""

        def runs_after(kill_at):
            with site.world(steps["bill_month"].start) as world:
                kill(world, steps["bill_month"], kill_at)
                assert wrong_when_run_again(world, steps["bill_month"], clean["bill_month"]) == []
                return world.runs()

        return runs_after

    def test_are_kept_as_failed_with_the_reason(self, runs_after, clean):
        begun = once_committed(clean["bill_month"].crossed, "INSERT INTO billing_run")

        assert runs_after(begun) == [("failed", INTERRUPTED), ("issued", None)]

    def test_are_kept_as_issued_if_they_had_issued(self, runs_after, clean):
        issued = once_committed(clean["bill_month"].crossed, 'COPY "invoice" ')

        assert runs_after(issued) == [("issued", None), ("empty", None)]


class TestKilledMails:
    @pytest.mark.parametrize(("moment", "mails"), [("before", 0), ("after", 1)])
    def test_end_unknown_and_are_never_sent_again(self, site, steps, clean, moment, mails):
        step = steps["email_invoice"]
        kill_at = first(clean[step.name].crossed, f"{moment} ses SendRawEmail")

        with site.world(step.start) as world:
            kill(world, step, kill_at)
            assert wrong_when_run_again(world, step, clean[step.name]) == []

            statuses = {number: status for number, _, status, *_ in world.state()["deliveries"]}
            assert statuses == {"ANNA-0001": "unknown", "BORYS-0001": "sent", "DORA-0001": "failed"}
            subjects = [mail["Subject"] for mail in world.mails()]
            assert sum("ANNA-0001" in subject for subject in subjects) == mails


class TestKilledCorrections:
    def test_are_sent_on_by_running_them_again(self, site, steps, clean):
        step = steps["correct_invoice"]
        committed = once_committed(clean[step.name].crossed, 'COPY "invoice" ')

        assert wrong_after(site, step, clean[step.name], committed) == []

    def test_do_not_run_for_ever_if_the_month_is_closed_next(self, site, steps, clean):
        step = steps["correct_invoice"]
        begun = once_committed(clean[step.name].crossed, "INSERT INTO billing_run")

        with site.world(step.start) as world:
            kill(world, step, begun)
            with world.worker() as process:
                process.do(worker.close_month)
                process.do(step.task)

            assert world.oddities() == []
            assert world.runs() == [("issued", None), ("failed", INTERRUPTED), ("issued", None)]
