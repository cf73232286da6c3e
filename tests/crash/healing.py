"""Killing a step at one boundary, running it again, and telling what is not as it should be."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from . import worker
from .worlds import EXPIRED, Site, Start, State, WorkerFailed, World

# Workers wait for the disk and for each other as much as they compute.
WORLDS_AT_ONCE = 3


@dataclass(frozen=True, slots=True)
class Step:
    """
    One step and how things stand before it.

    Attributes:
        queue: Whose messages it is called with; None if it is simply called.
    """

    name: str
    start: Start
    task: Callable[..., Any]
    queue: str | None = None


@dataclass(frozen=True, slots=True)
class Uninterrupted:
    """A step that nobody killed: the boundaries it crossed, and how things stood in the end."""

    crossed: list[str]
    state: State


def uninterrupted(site: Site, step: Step) -> Uninterrupted:
    with site.world(step.start) as world:
        with world.worker(watched=True) as process:
            process.do(step.task, world.event(step.queue))
        world.acknowledge(step.queue)
        with world.worker() as lambdas:
            lambdas.do(worker.drain)
        if odd := world.oddities():
            raise AssertionError(odd)
        return Uninterrupted(process.crossed, world.state())


def unhealed(site: Site, step: Step, clean: Uninterrupted, kills: Iterable[int]) -> list[str]:
    """
    Kill *step* at each of *kills*, each in a world of its own, and run it again.

    Returns:
        A sentence for each thing that a kill left otherwise than *clean*.
    """

    def judge(kill_at: int) -> list[str]:
        where = f"{step.name} killed at {kill_at} ({clean.crossed[kill_at]})"
        try:
            found = wrong_after(site, step, clean, kill_at)
        except WorkerFailed as error:  # the other kills are judged nevertheless
            found = [str(error)]
        return [f"{where}: {sentence}" for sentence in found]

    with ThreadPoolExecutor(WORLDS_AT_ONCE) as threads:
        return [sentence for found in threads.map(judge, kills) for sentence in found]


def wrong_after(site: Site, step: Step, clean: Uninterrupted, kill_at: int) -> list[str]:
    """What is wrong after *step* was killed at *kill_at* and run again."""
    with site.world(step.start) as world:
        label = kill(world, step, kill_at)
        if label != clean.crossed[kill_at]:
            return [f"it was killed elsewhere ({label})"]
        return wrong_when_run_again(world, step, clean)


def kill(world: World, step: Step, kill_at: int) -> str:
    """Begin *step* and kill it at a boundary; what that boundary is."""
    with world.worker(watched=True, kill_at=kill_at) as doomed:
        return doomed.die(step.task, world.event(step.queue))


def wrong_when_run_again(world: World, step: Step, clean: Uninterrupted) -> list[str]:
    """What is not as in *clean* once *step*, which was killed in *world*, has been run again."""
    return list(_wrong(world, step, clean.state))


def _wrong(world: World, step: Step, clean: State) -> Iterable[str]:
    claimed = []
    if step.queue == "email":
        world.left_alone()
        claimed = world.claimed()
    with world.worker() as process:
        if step.queue is None:
            process.do(step.task)
        unfinished = process.do(worker.drain)
        if unfinished != len(claimed):
            yield f"{unfinished} messages are not done, but {claimed} were claimed"
        if claimed:
            world.wait_for_claims_to_expire()
            process.do(worker.drain)
        yield from _differences(world, clean, claimed, "run again")
        process.do(worker.deliver_again, world.ids("invoice"), world.ids("delivery"))
        yield from _differences(world, clean, claimed, "delivered again")


def _differences(world: World, clean: State, claimed: list[str], after: str) -> Iterable[str]:
    found = world.state()
    expected = _with_unknown(clean, found, claimed)
    for name, rows in expected.items():
        if found[name] != rows:
            missing, surplus = _beyond(rows, found[name]), _beyond(found[name], rows)
            yield f"{after}, {name} lack {missing} and have {surplus} too much"
    yield from (f"{after}, {odd}" for odd in world.oddities())


def _beyond(rows: list[Any], others: list[Any]) -> list[Any]:
    """Those of *rows* that *others* do not have, or not as often."""
    return [row for row in rows if rows.count(row) > others.count(row)]


def _with_unknown(clean: State, found: State, claimed: list[str]) -> State:
    """*clean*, but for deliveries that were *claimed*: those end unknown, mailed once or never."""
    deliveries = [
        (number, recipient, "unknown", attempts, EXPIRED, False, False, queued_at)
        if number in claimed
        else (number, recipient, status, attempts, *others, queued_at)
        for number, recipient, status, attempts, *others, queued_at in clean["deliveries"]
    ]
    never_mailed = [
        (to, subject)
        for to, subject in clean["mails"]
        if (to, subject) not in found["mails"]
        and any(f" {number} " in subject for number in claimed)
    ]
    mails = [mail for mail in clean["mails"] if mail not in never_mailed]
    return clean | {"deliveries": deliveries, "mails": mails}
