"""The local cloud: the deployed template answers, and the cloud survives what machines do."""

from __future__ import annotations

import email
import email.policy
import json
import os
import shutil
import smtplib
import socket
import stat
import time
from contextlib import suppress
from email.message import EmailMessage
from pathlib import Path

import psutil
import psycopg
import pytest
import requests
from botocore.exceptions import BotoCoreError, ClientError

from cloud import roles
from cloud.local import (
    accounts,
    aws_services,
    mailbox,
    page_server,
    page_upload,
    ports,
    postgres,
    processes,
)
from cloud.local.cloud import down, running, up
from cloud.local.home import Home
from cloud.migrate import migrate
from tests.conftest import scratch

from .conftest import quietly

EVERY_BYTE = bytes(range(256)) * 40


def eventually(what, seconds=30):
    """The first truthy answer of *what*."""
    deadline = time.monotonic() + seconds
    while not (answer := what()):
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.05)
    return answer


def remove(folder):
    """As somebody does who is told that a folder is not empty: once more."""
    while folder.exists():
        with suppress(OSError):
            shutil.rmtree(folder)


def cut_power(folder):
    """Kill all that runs for a cloud at one moment, without a chance to save anything."""
    own = Home.at(folder)
    parts = [
        processes.alive(own, name) for name in (aws_services.NAME, mailbox.NAME, page_server.NAME)
    ]
    server = postgres.postmaster(own)
    victims = [*parts, *(child for part in parts for child in part.children(recursive=True))]
    victims += [server, *server.children()]
    for process in victims:
        process.suspend()
    for process in victims:
        process.kill()
    assert processes.wait(victims) == []


class TestDeployedApi:
    def test_is_healthy(self, nobody):
        assert nobody.get("/health").status_code == 200

    def test_turns_away_who_has_no_token(self, nobody):
        assert nobody.get("/invoices").status_code == 401

    def test_shows_an_empty_list_to_an_account_that_is_no_user(self, stranger):
        answer = stranger.get("/invoices")

        assert (answer.status_code, answer.json()["invoices"]) == (200, [])

    def test_refuses_a_token_whose_signature_was_changed(self, stranger):
        head, body, signature = stranger.headers["Authorization"].split(".")
        # Not its last letter, some of whose bits mean nothing.
        changed = ("A" if signature[0] != "A" else "B") + signature[1:]
        forged = type(stranger)(stranger.url, {"Authorization": f"{head}.{body}.{changed}"})

        assert forged.get("/invoices").status_code == 401


class TestAccounts:
    def test_are_opened_once(self, cloud):
        people = ["Olena@example.org", "petro@example.org"]

        assert accounts.open_accounts(people, cloud) == 2
        assert accounts.open_accounts([*people, "OLENA@EXAMPLE.ORG"], cloud) == 0
        assert accounts.token("olena@example.org", cloud)

    def test_give_no_token_to_a_stranger(self, cloud):
        with pytest.raises(accounts.UnknownAccount, match=r"no account for nobody@example\.org"):
            accounts.token("nobody@example.org", cloud)

    def test_are_never_made_in_a_real_pool(self, cloud):
        real = {name: value for name, value in cloud.items() if name != "AWS_ENDPOINT_URL"}

        with pytest.raises(accounts.NotLocal):
            accounts.open_accounts(["olena@example.org"], real)


class TestMail:
    @pytest.mark.parametrize("encoding", ["7bit", "8bit"])
    def test_is_kept_with_its_attachment(self, cloud, encoding):
        letter = EmailMessage(policy=email.policy.SMTP.clone(cte_type=encoding))
        letter["From"] = cloud["MAIL_SENDER"]
        letter["To"] = f"{encoding}@example.org"
        letter["Subject"] = "Рахунок за жовтень"
        letter.set_content("Доброго дня, Їжаче!")
        letter.add_attachment(
            EVERY_BYTE, maintype="application", subtype="pdf", filename="ЇЖ-0001.pdf"
        )

        aws_services.client("ses", cloud).send_raw_email(RawMessage={"Data": letter.as_bytes()})

        mails = Path(cloud["MAIL_FOLDER"])
        [kept] = eventually(lambda: list(mails.glob(f"*-{encoding}@example.org*.eml")))
        mail = email.message_from_bytes(kept.read_bytes(), policy=email.policy.default)
        [attachment] = mail.iter_attachments()
        assert mail["Subject"] == "Рахунок за жовтень"
        assert mail.get_body().get_content().strip() == "Доброго дня, Їжаче!"
        assert attachment.get_content() == EVERY_BYTE


class TestQueues:
    def test_set_aside_what_cannot_be_processed(self, cloud):
        sqs = aws_services.client("sqs", cloud)
        queue = cloud["RENDER_QUEUE_URL"]
        patience = {"VisibilityTimeout": "360"}
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "0"})

        sqs.send_message(QueueUrl=queue, MessageBody=json.dumps({"invoice_id": "none"}))

        def set_aside():
            dead = cloud["RENDER_DEAD_LETTERS_URL"]
            return sqs.receive_message(QueueUrl=dead, WaitTimeSeconds=1).get("Messages")

        [message] = eventually(set_aside)
        sqs.set_queue_attributes(QueueUrl=queue, Attributes=patience)
        assert json.loads(message["Body"]) == {"invoice_id": "none"}


class TestItsDoors:
    """Any web page can send requests to this machine, and make its own name lead here."""

    @pytest.fixture
    def ask(self, cloud):
        def ask(server, method, path, **headers):
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            answer = requests.request(method, cloud[server] + path, headers=named, timeout=30)
            return answer.status_code

        return ask

    @pytest.mark.parametrize(
        "headers",
        [
            {"Origin": "https://evil.example"},
            {"Sec_Fetch_Site": "same-origin"},
            {"Host": "evil.example"},
        ],
    )
    def test_let_no_page_wipe_the_services(self, cloud, ask, headers):
        s3 = aws_services.client("s3", cloud)
        s3.put_object(Bucket=cloud["DOCUMENT_BUCKET"], Key="here", Body=b"still")

        assert ask("AWS_ENDPOINT_URL", "POST", "/_ministack/reset", **headers) == 403

        kept = s3.get_object(Bucket=cloud["DOCUMENT_BUCKET"], Key="here")
        assert kept["Body"].read() == b"still"

    def test_let_no_link_to_the_page_s_server_reach_what_lies_behind_it(self, ask):
        link = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate"}

        assert ask("WEB_ORIGIN", "GET", "/_ministack/ses/messages", **link) == 403

    @pytest.mark.parametrize("server", ["AWS_ENDPOINT_URL", "WEB_ORIGIN"])
    def test_let_nobody_in_from_elsewhere(self, ask, server):
        for headers in (
            {"Origin": "https://evil.example"},
            {"Sec_Fetch_Site": "cross-site"},
            {"Host": "evil.example"},
        ):
            assert ask(server, "GET", "/", **headers) == 403

    def test_let_the_page_in(self, cloud, ask):
        assert ask("WEB_ORIGIN", "GET", "/", Sec_Fetch_Site="none") == 200
        assert ask("WEB_ORIGIN", "GET", "/config.json", Sec_Fetch_Site="same-origin") == 200
        page = {"Origin": cloud["WEB_ORIGIN"], "Sec_Fetch_Site": "same-site"}
        assert ask("API_URL", "GET", "/health", **page) == 200
        assert ask("API_URL", "OPTIONS", "/invoices", **page) == 200

    def test_of_the_mailbox_take_no_email_out_of_a_page_s_request(self, cloud, cloud_home):
        """A body of SMTP commands, sent by a form; browsers send many headers before it."""
        port = Home.at(cloud_home).recall("ports")[mailbox.NAME]
        commands = "HELO x\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@x>\r\nDATA\r\nforged\r\n.\r\nQUIT\r\n"

        with suppress(requests.RequestException):
            requests.post(
                f"http://{ports.LOCALHOST}:{port}/",
                data=commands,
                headers={"Origin": "https://evil.example"},
                timeout=10,
            )

        emails = Path(cloud["MAIL_FOLDER"]).glob("*.eml")
        assert not [file for file in emails if b"forged" in file.read_bytes()]


class TestLife:
    """A cloud of its own, because it is stopped and killed."""

    @pytest.fixture
    def home(self):
        with scratch() as folder:
            home = folder / "a home"
            home.mkdir()
            (home / "notes.txt").write_text("mine")
            yield home
            down(home, quietly)

    @pytest.fixture
    def lived_in(self, home):
        cloud = up(home, {}, quietly, migrate)
        aws_services.client("s3", cloud).put_object(
            Bucket=cloud["DOCUMENT_BUCKET"], Key="invoices/1", Body=b"kept"
        )
        accounts.open_accounts(["olena@example.org"], cloud)
        with psycopg.connect(cloud["DATABASE_URL"]) as connection:
            connection.execute("INSERT INTO department (code, name) VALUES ('D', 'kept')")
        return cloud

    @staticmethod
    def assert_all_kept(home, before):
        after = up(home, {}, quietly, migrate)
        [stack] = aws_services.client("cloudformation", after).describe_stacks()["Stacks"]
        kept = aws_services.client("s3", after).get_object(
            Bucket=after["DOCUMENT_BUCKET"], Key="invoices/1"
        )
        assert after == before == running(home)
        assert stack["StackStatus"] == "CREATE_COMPLETE"
        assert kept["Body"].read() == b"kept"
        assert accounts.token("olena@example.org", after)
        with psycopg.connect(after["DATABASE_URL"]) as connection:
            assert connection.execute("SELECT name FROM department").fetchall() == [("kept",)]
        assert (home / "notes.txt").read_text() == "mine"

    def test_goes_on_after_down_and_up(self, home, lived_in):
        down(home, quietly)
        assert running(home) is None

        self.assert_all_kept(home, lived_in)

    @pytest.mark.prove
    def test_takes_over_what_knew_no_roles(self, home, lived_in):
        """As an earlier release left it: all is the superuser's, and so is every URL."""
        url = postgres.url(Home.at(home))
        names = ", ".join(roles.ROLES)
        with psycopg.connect(url, autocommit=True) as superuser:
            superuser.execute(f"REASSIGN OWNED BY {names} TO postgres")
            superuser.execute(f"DROP OWNED BY {names}")
            superuser.execute(f"DROP ROLE {names}")
        Home.at(home).keep("environment", {**lived_in, "DATABASE_URL": url})
        assert running(home)

        after = up(home, {"DATABASE_URL": url}, quietly, migrate)

        assert after == lived_in
        with psycopg.connect(after["DATABASE_URL"]) as operator:
            assert operator.execute("SELECT name FROM department").fetchall() == [("kept",)]

    def test_goes_on_after_a_power_cut(self, home, lived_in):
        saved = Home.at(home).snapshot
        eventually(lambda: "olena@example.org" in saved.read_text())
        cut_power(home)
        assert running(home) is None

        self.assert_all_kept(home, lived_in)

    @pytest.mark.prove
    def test_knows_after_a_power_cut_what_was_deployed_a_moment_before(self, home, monkeypatch):
        saved, deployed = [], []
        save = aws_services.save

        def publish_in_the_dark(_source, environment):
            # Not only by chance, as the services do every few seconds.
            assert saved == [Home.at(home)]
            deployed.append(environment)
            cut_power(home)
            raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr(aws_services, "save", lambda own: (save(own), saved.append(own)))
            patched.setattr(page_upload, "publish", publish_in_the_dark)
            with pytest.raises(KeyboardInterrupt):
                up(home, {}, quietly, migrate)

        assert deployed == [up(home, {}, quietly, migrate)]

    @pytest.mark.prove
    def test_begins_anew_if_nothing_was_saved_but_objects(self, home, lived_in):
        """As a power cut leaves it that comes before the first deployment is done."""
        cut_power(home)
        shutil.rmtree(Home.at(home).state)

        after = up(home, {}, quietly, migrate)

        [stack] = aws_services.client("cloudformation", after).describe_stacks()["Stacks"]
        assert stack["StackStatus"] == "CREATE_COMPLETE"
        assert after == running(home)

    @pytest.mark.prove
    def test_makes_its_database_again_if_that_was_cut_short(self, home, monkeypatch):
        def cut_short(server):
            (server.pgdata / "PG_VERSION").write_text("18\n")
            raise KeyboardInterrupt

        own = Home.at(home)
        own.prepare()
        with monkeypatch.context() as patched:
            patched.setattr(postgres.PostgresServer, "ensure_pgdata_inited", cut_short)
            with pytest.raises(KeyboardInterrupt):
                postgres.start(own)

        with psycopg.connect(postgres.start(own)) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)

    @pytest.mark.prove
    def test_answers_as_the_template_says_if_it_was_killed_before_it_was_told(self, home, lived_in):
        api = lived_in["API_URL"].split("/restapis/")[1].split("/")[0]
        apigateway = aws_services.client("apigateway", lived_in)
        for answer in apigateway.get_gateway_responses(restApiId=api)["items"]:
            if not answer["defaultResponse"]:
                kind = answer["responseType"]
                apigateway.delete_gateway_response(restApiId=api, responseType=kind)
        apigateway.create_deployment(restApiId=api, stageName="api", description="rolled out")

        up(home, {}, quietly, migrate)

        answer = requests.get(f"{lived_in['API_URL']}/invoices", timeout=30)
        assert answer.status_code == 401
        assert answer.headers["Access-Control-Allow-Origin"] == lived_in["WEB_ORIGIN"]

    def test_is_readable_by_its_owner_only(self, home, lived_in):
        """What an earlier release left open is closed, and what was there before is left alone."""
        down(home, quietly)
        own = Home.at(home)
        for folder in (own.mail, own.state, own.objects, own.logs):
            folder.chmod(0o755)
        before = home.stat().st_mode
        mail = EmailMessage()
        mail["Subject"] = "private"
        up(home, {}, quietly, migrate)
        with smtplib.SMTP(ports.LOCALHOST, own.recall("ports")[mailbox.NAME]) as smtp:
            smtp.send_message(mail, "a@x.example", ["b@x.example"])
        aws_services.save(own)

        ours = [path for path in home.iterdir() if path.name != "notes.txt"]
        open_folders = [path for path in ours if path.is_dir() and path.stat().st_mode & 0o077]
        # Both are empty: what counts is that they are there.
        marks = ("cloud.lock", "postgres.unfinished")
        open_files = [
            path
            for path in ours
            if path.is_file() and path.name not in marks and path.stat().st_mode & 0o077
        ]
        [email] = own.mail.glob("*.eml")
        secrets = [email, own.snapshot, home / "cloud.json", *own.objects.rglob("*")]
        assert (open_folders, open_files) == ([], [])
        assert [path for path in secrets if path.stat().st_mode & 0o077] == []
        assert home.stat().st_mode == before

    def test_makes_its_folder_for_its_owner_alone(self, home):
        own = Home.at(home / "new" / "cloud")
        try:
            own.prepare()
            postgres.start(own)

            # Root's server is another user's, who must pass.
            passing = 0o011 if os.geteuid() == 0 else 0
            assert stat.S_IMODE(own.folder.stat().st_mode) == 0o700 | passing
            assert stat.S_IMODE(own.postgres.stat().st_mode) == 0o700
        finally:
            postgres.stop(own)

    def test_does_not_take_a_strangers_pid_for_its_own(self, home, lived_in):
        down(home, quietly)
        stranger = psutil.Process()
        own = Home.at(home)
        own.keep(
            "processes",
            {aws_services.NAME: {"pid": stranger.pid, "created": stranger.create_time()}},
        )
        (own.postgres / "postmaster.pid").write_text(f"{stranger.pid}\n")

        down(home, quietly)

        assert stranger.is_running()
        self.assert_all_kept(home, lived_in)

    @pytest.mark.prove
    def test_starts_its_own_database_again_in_a_shell_that_knows_it(self, home, lived_in):
        down(home, quietly)

        assert up(home, lived_in, quietly, migrate) == lived_in == running(home)

    def test_names_the_port_that_another_program_took(self, home, lived_in):
        down(home, quietly)
        port = Home.at(home).recall("ports")[aws_services.NAME]

        with (
            socket.create_server((ports.LOCALHOST, port)),
            pytest.raises(
                ports.PortTaken, match=f"another program uses port {port} of the local cloud"
            ),
        ):
            up(home, {}, quietly, migrate)

    def test_ends_with_its_folder(self, home, lived_in):
        own = Home.at(home)
        parts = [
            processes.alive(own, name)
            for name in (aws_services.NAME, mailbox.NAME, page_server.NAME)
        ]

        remove(home)

        assert processes.wait(parts) == []
        assert not home.exists()

    @pytest.mark.prove
    def test_stays_away_when_something_is_stored_after_its_folder_is_gone(self, home, lived_in):
        own = Home.at(home)
        parts = [
            processes.alive(own, name)
            for name in (aws_services.NAME, mailbox.NAME, page_server.NAME)
        ]
        s3 = aws_services.client("s3", lived_in)

        # Removing takes a while, and they might have ended by then.
        away = home.rename(home.with_name("away"))
        with suppress(BotoCoreError, ClientError):
            s3.put_object(Bucket=lived_in["DOCUMENT_BUCKET"], Key="new/2", Body=b"late")

        assert processes.wait(parts) == []
        assert not home.exists()
        remove(away)

    def test_stands_beside_another(self, cloud, home, lived_in):
        assert lived_in["API_URL"] != cloud["API_URL"]
        with pytest.raises(accounts.UnknownAccount):
            accounts.token("only-there@example.org", lived_in)
