"""What is in the dead-letter queues, by invoice number and reason."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.aws import sqs
from chalicelib.aws.ses_events import settlement
from chalicelib.aws.sqs import Message
from chalicelib.billing.errors import BillingError
from chalicelib.billing.period import Period
from chalicelib.store.connection import engine
from chalicelib.store.failures import Step, Subject, subjects

from .peek import look

BODY_LETTERS = 200
# What Postgres takes for an id.
LARGEST_ID = 2**63 - 1

NOT_OURS = "unrecognised message"
NOT_KNOWN = "the ledger does not know this id; check DATABASE_URL"
DONE = "already done by another message"
NOT_RECORDED = (
    "could not be recorded, or arrived before its email was known; see the function's log"
)
NO_REASON = (
    "no reason recorded: the function timed out, ran out of memory or was stopped; see its log"
)
NO_QUEUES = (
    "the queues are not known; set RENDER_QUEUE_URL and EMAIL_QUEUE_URL, or start the local cloud"
    " with: python -m jobs up"
)


@dataclass(frozen=True, slots=True)
class Station:
    """
    A step and its queue.

    Attributes:
        variable: The environment variable that holds the URL of its queue.
        subject: The id in the body of a message, or None if the message is not recognised.
        no_reason: What to say if no reason was recorded.
    """

    step: Step
    variable: str
    subject: Callable[[str], int | str | None]
    no_reason: str


def under(key: str) -> Callable[[str], int | None]:
    """Reads ``{key: id}``."""

    def subject(body: str) -> int | None:
        try:
            content = json.loads(body)
        except (ValueError, RecursionError):
            return None
        found = content.get(key) if isinstance(content, dict) else None
        return found if type(found) is int and 0 < found <= LARGEST_ID else None

    return subject


def mail_of(body: str) -> str | None:
    """The delivery or the message id that an event of SES is about."""
    try:
        event = settlement(body)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        # Anything that is not an event of SES.
        return None
    if event is None:
        return None
    return str(event.delivery_id or event.message_id)


STATIONS = (
    Station("render", "RENDER_QUEUE_URL", under("invoice_id"), NO_REASON),
    Station("email", "EMAIL_QUEUE_URL", under("delivery_id"), NO_REASON),
    Station("mail event", "MAIL_EVENT_QUEUE_URL", mail_of, NOT_RECORDED),
)


@dataclass(frozen=True, slots=True)
class SetAside:
    """
    Dead letters: all messages about one thing, or one message that is not recognised.

    Attributes:
        step: What failed.
        number: Of the invoice; None if the ledger does not know it.
        employee: The contractor's code.
        messages: How many there are about it.
        since: When the oldest of them was queued.
        body: The message as received, truncated, if there is no number.
    """

    step: str
    number: str | None
    employee: str | None
    name: str | None
    period: Period | None
    reason: str
    messages: int
    since: datetime
    body: str | None


@dataclass(frozen=True, slots=True)
class DeadLetters:
    """
    The contents of all dead-letter queues, by step and number.

    Attributes:
        unseen: How many messages another reader held the whole time.
        unknown: Why some or all of them could not be read.
        refused: Whether that is because a known queue did not answer.
    """

    found: list[SetAside] = field(default_factory=list)
    unseen: int = 0
    unknown: str | None = None
    refused: bool = False

    @property
    def needs_a_person(self) -> bool:
        return bool(self.found or self.unseen or self.refused)


def stations(named: Mapping[str, str]) -> list[Station]:
    """The steps whose queues are *named*."""
    return [station for station in STATIONS if named.get(station.variable)]


def find(
    named: Mapping[str, str], database_url: str, progress: Callable[[int], None]
) -> DeadLetters:
    """
    Read every dead-letter queue and leave it as it was.

    Args:
        named: The environment that names the queues.
        database_url: The ledger that knows the numbers.
        progress: Told now and then how many messages of a queue have been read.
    """
    asked = stations(named)
    if not asked:
        return DeadLetters(unknown=NO_QUEUES)
    with ThreadPoolExecutor(len(asked)) as threads:
        read = threads.map(lambda station: _read(named[station.variable], progress), asked)
    rows: list[SetAside] = []
    unseen, refusals = 0, []
    for station, outcome in zip(asked, read, strict=True):
        if isinstance(outcome, str):
            refusals.append(outcome)
            continue
        rows += by_number(station, outcome[0], database_url)
        unseen += outcome[1]
    return DeadLetters(rows, unseen, "; ".join(dict.fromkeys(refusals)) or None, bool(refusals))


def _read(queue_url: str, progress: Callable[[int], None]) -> tuple[list[Message], int] | str:
    """What `look` finds, or why it finds nothing."""
    try:
        return look(sqs.dead_letters_of(queue_url), progress)
    except (BillingError, BotoCoreError, ClientError) as error:
        return f"SQS could not be read: {error}"


def by_number(station: Station, messages: Iterable[Message], database_url: str) -> list[SetAside]:
    """*messages* of *station*: by invoice number, then those that the ledger does not know."""
    about: defaultdict[int | str | None, list[Message]] = defaultdict(list)
    for message in messages:
        about[station.subject(message.body)].append(message)
    known = known_subjects(station, about, database_url)
    named = [
        _named(station, known[subject], those)
        for subject, those in about.items()
        if subject in known
    ]
    strange = [
        _strange(station.step, message, NOT_OURS if subject is None else NOT_KNOWN)
        for subject, those in about.items()
        if subject not in known
        for message in those
    ]
    return sorted(named, key=lambda row: row.number or "") + strange


def known_subjects(
    station: Station, ids: Iterable[int | str | None], database_url: str
) -> Mapping[int | str | None, Subject]:
    """What the ledger knows of *ids*."""
    asked = [subject for subject in ids if subject is not None]
    with engine(database_url).connect() as connection:
        return dict(subjects(connection, station.step, asked).items())


def _named(station: Station, subject: Subject, messages: Sequence[Message]) -> SetAside:
    since = min(message.sent_at for message in messages)
    return SetAside(
        step=station.step,
        number=subject.number,
        employee=subject.employee,
        name=subject.name,
        period=subject.period,
        reason=_reason(subject, since) or station.no_reason,
        messages=len(messages),
        since=since,
        body=None,
    )


def _reason(subject: Subject, since: datetime) -> str | None:
    """Why it failed, if recorded; a failure from before it was queued does not explain it."""
    if subject.done:
        return DONE
    if subject.reason is None or subject.failed_at is None or subject.failed_at < since:
        return None
    return subject.reason


def _strange(step: Step, message: Message, reason: str) -> SetAside:
    return SetAside(
        step=step,
        number=None,
        employee=None,
        name=None,
        period=None,
        reason=reason,
        messages=1,
        since=message.sent_at,
        body=shortened(message.body),
    )


def shortened(body: str) -> str:
    return body if len(body) <= BODY_LETTERS else f"{body[:BODY_LETTERS]}…"
