"""Starting and stopping the local cloud."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from chalicelib.billing.errors import BillingError
from cloud.grants import Outstanding
from cloud.project import PROJECT

from . import (
    aws_services,
    deploy,
    mail_events,
    mailbox,
    page_server,
    page_upload,
    postgres,
    processes,
    secret,
)
from .databases import OWNER_URL, Databases, are_same
from .home import Home, UnusableHome

NOT_IN_ORDER = (
    "the database's roles do not have the rights they should; python -m jobs migrate lists what an"
    " administrator must run"
)

# The payer unless another one is set: a company that does not exist.
EXAMPLE = {
    "MAIL_SENDER": "invoices@prykladna.example",
    "MAIL_REPLY_TO": "accounts@prykladna.example",
    "BILLING_TIMEZONE": "Europe/Kyiv",
    "LINK_SECONDS": "300",
    "BILLING_SHARDS": "1",
    "PAYER_NAME": "Prykladna Sprava LLC",
    "PAYER_ADDRESS": "12 Volodymyrska Street, 01001 Kyiv",
    "PAYER_TAX_ID": "UA123456789012",
    "PAYER_COUNTRY": "UA",
    "PAYMENT_TERMS_DAYS": "14",
}


class NotStopped(BillingError):
    """Something went wrong while a local cloud was stopped."""

    def __init__(self, folder: Path, reasons: list[str]) -> None:
        self.folder = folder
        self.reasons = list(dict.fromkeys(reasons))
        super().__init__(
            f"the local cloud in {folder} was not stopped in order: {'; '.join(self.reasons)};"
            " once that is done, run: python -m jobs down"
        )


def up(
    home: Path,
    environment: Mapping[str, str],
    say: Callable[[str], None],
    migrate: Callable[[str], Outstanding],
    source: Path = PROJECT,
    build: Callable[[Path, Path], Path] = deploy.package,
) -> dict[str, str]:
    """
    Start what is not running, bring the database up to its schema and deploy the template.

    Args:
        home: The cloud's folder; created if it does not exist.
        environment: Its ``DATABASE_URL``, if any, replaces the cloud's own PostgreSQL (see
            `databases`), and its names in `EXAMPLE` replace the examples.
        say: Told what is happening, a sentence at a time.
        migrate: Called with the database's URL before anything is deployed; what it leaves
            outstanding is said.
        source: The project to deploy.
        build: What packages it; see `deploy.deploy`.

    Returns:
        The environment that everything else needs to find this cloud.

    Raises:
        BillingError: If anything does not start or deploy; `down` stops the rest.
    """
    own = Home.at(home)
    with own.locked():
        own.prepare()
        say(f"starting the local cloud in {own.folder}")
        aws_services.launch(own, smtp=mailbox.start(own))
        databases = _databases(own, environment)
        if migrate(databases.migrator).statements:
            say(NOT_IN_ORDER)
        aws_services.wait(own)
        say("deploying the template")
        chosen = {name: environment.get(name) or value for name, value in EXAMPLE.items()}
        access = aws_services.access(own)
        settings = {
            "DATABASE_URL": databases.operator,
            OWNER_URL: databases.owner,
            "DATABASE_SECRET_ARN": secret.keep(databases.writer, access),
            "DATABASE_READER_SECRET_ARN": secret.keep(databases.reader, access),
            **access,
            **chosen,
            "WEB_ORIGIN": page_server.start(own),
        }
        names = deploy.deploy(own, source, settings, build)
        # Before anything is put into what was deployed: after a power cut it would be in nothing.
        aws_services.save(own)
        complete = {**settings, **names, "MAIL_FOLDER": str(own.mail)}
        mail_events.subscribe(complete)
        page_upload.publish(source, complete)
        own.keep("environment", complete)
        return complete


def running(home: Path) -> dict[str, str] | None:
    """What `up` returned, if that cloud is alive."""
    own = Home.at(home)
    environment = own.recall("environment")
    parts = [
        processes.alive(own, mailbox.NAME),
        processes.alive(own, aws_services.NAME),
        processes.alive(own, page_server.NAME),
        postgres.postmaster(own) or _is_elsewhere(own, environment.get("DATABASE_URL", "")),
    ]
    return environment if environment and all(parts) else None


def down(home: Path, say: Callable[[str], None]) -> None:
    """
    Stop whatever is running of this cloud and save its state; `up` continues from there.

    Each part is stopped whatever becomes of the others, on a full disk as well.

    Raises:
        HomeBusy: If another program is starting or stopping it.
        NotStopped: If anything went wrong, with every reason.
    """
    own = Home.at(home)
    if not own.folder.is_dir():
        return
    with _locked_if_possible(own):
        say(f"stopping the local cloud in {own.folder}")
        reasons = [
            *_stopped(lambda: processes.stop(own, page_server.NAME)),
            *_stopped(lambda: processes.stop(own, aws_services.NAME)),
            *_stopped(lambda: processes.stop(own, mailbox.NAME)),
            *_stopped(lambda: postgres.stop(own)),
            *_stopped(lambda: processes.end(processes.unrecorded(own))),
            *_stopped(lambda: own.keep("environment", {})),
        ]
    if reasons:
        raise NotStopped(own.folder, reasons)


@contextmanager
def _locked_if_possible(home: Home) -> Iterator[None]:
    """What cannot be locked, on a disk without room, must be stopped nevertheless."""
    with ExitStack() as held:
        with suppress(UnusableHome):
            held.enter_context(home.locked())
        yield


def _stopped(stop: Callable[[], object]) -> list[str]:
    """Why *stop* failed, if it did."""
    try:
        stop()
    except BillingError as error:
        return [str(error)]
    except Exception as error:  # noqa: BLE001 -- whatever it is, the other parts must be stopped
        return [f"{type(error).__name__}: {error}"]
    return []


def _databases(home: Home, environment: Mapping[str, str]) -> Databases:
    """The database to use, running."""
    if _is_elsewhere(home, environment.get("DATABASE_URL", "")):
        return Databases.named(environment)
    postgres.start(home)
    return Databases.own(home)


def _is_elsewhere(home: Home, database_url: str) -> bool:
    """
    Whether the database is not run by this cloud.

    A shell that has read this cloud's environment names the cloud's own, and one that has read it
    from an earlier release names it as its superuser.
    """
    return database_url != "" and not are_same(database_url, postgres.url(home))
