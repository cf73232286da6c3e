"""
Every command in every kind of trouble: one sentence, the right exit code, and nothing lost.

What a command has to do with a trouble is in a table each; `NOT_CONCERNED` says why the others are
left out.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from chalicelib.aws import s3
from chalicelib.billing.escapes import escaped
from chalicelib.billing.period import Period
from chalicelib.steps.bill_month import bill_month
from chalicelib.steps.render_invoice import render_invoice
from cloud.local import mailbox, postgres, processes
from cloud.local.home import Home
from cloud.project import PROJECT
from jobs.cli.main import COMMANDS
from tests.small_disk import fill, small_disk

OCTOBER = Period.month(2026, 10)
NOW = datetime(2026, 11, 1, 3, tzinfo=UTC)
NOWHERE = "postgresql://127.0.0.1:1/none"
TOGGL = PROJECT / "tests" / "samples" / "toggl.csv"

# Can be printed, so she is billed; Rich would read markup and an emoji in it, Excel a formula.
ANNA = "=1+1 [/] [red]Anna[/red] :smile:"
# Cannot be printed, so he is held; a terminal would obey it.
BO = "Bo\x1b[2J\x9b31m\u202egpj\u200b\nRun 9 is fine"
ATLAS = "[/red]:x:"
HIDDEN = "[/red]\x1b]0;owned\x07"

SUBJECTS = {
    "load": ["load", "{files}"],
    "import-time": ["import-time", TOGGL, "--format", "toggl"],
    "preview": ["preview", "2026-10"],
    "bill": ["bill", "2026-10"],
    "report": ["report", "2026-10"],
    "verify": ["verify", "2026-10"],
    "close": ["close", "2026-10"],
    "drift": ["drift", "2026-10"],
    "correct": ["correct", "ANNA-0001"],
    "resend": ["resend", "ANNA-0001"],
    "redrive": ["redrive"],
    "export": ["export", "2026-10"],
    "query": ["query", "SELECT * FROM invoices", "--from", "{export}"],
    "migrate": ["migrate"],
    "up": ["up"],
    "down": ["down"],
    "demo": ["demo"],
    "env": ["env"],
    "token": ["token", "\x1b[2Jnobody@company.example"],
    "package": ["package", "--out", "{disk}/build"],
}

NOT_CONCERNED = {
    "database away": {
        "query": "reads Parquet",
        "down": "stops what is there",
        "demo": "has a database of its own",
        "env": "reads the local cloud's folder",
        "token": "asks the local cloud",
        "package": "reads the project",
    },
    "full database": {
        "preview": "writes nothing",
        "report": "writes nothing",
        "verify": "writes nothing",
        "drift": "writes nothing that stays",
        "redrive": "writes to SQS",
        "export": "writes to S3",
        "import-time": "writes a file",
        "query": "writes a file",
        "migrate": "has nothing to write once it is up to date",
        "up": "is tried on a full disk as a whole",
        "down": "is tried on a full disk as a whole",
        "demo": "is tried on a full disk as a whole",
        "env": "writes nothing",
        "token": "writes nothing",
        "package": "has no database",
    },
    "hostile name": {
        "up": "prints addresses of users alone, which are ASCII",
        "down": "prints no name",
        "demo": "bills its own fixtures",
        "env": "prints settings alone",
        "package": "prints no name",
        "migrate": "prints no name",
    },
}


def names():
    return {f.__name__.replace("_", "-") for group in COMMANDS.values() for f in group}


def everything(books):
    """Every row of every table, but for the runs: a failed attempt is to be kept."""
    tables = books.column(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        " AND relname <> 'billing_run' ORDER BY 1"
    )
    return {name: sorted(books.column(f"SELECT x::text FROM {name} AS x")) for name in tables}


def told(answer):
    """Exit code and the one sentence; whatever else an error may be."""
    code, _, errors = answer
    lines = [line for line in errors.splitlines() if line]
    assert "Traceback" not in errors
    assert lines, "nothing was said"
    assert len([line for line in lines if line.startswith("Error: ")]) == 1, errors
    assert lines[-1].startswith("Error: "), errors
    return code, lines[-1]


@pytest.fixture
def environment(environment, database_url, owner_url, monkeypatch):
    """The settings, as the command line finds them."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("DATABASE_OWNER_URL", owner_url)


@pytest.fixture
def world(books, settings, environment, aside, tmp_path, monkeypatch):
    """
    October billed: Anna's invoice, which was not sent and has drifted, and Bo held.

    Anna has a day more since, and a dead letter is strange.

    The folders are what the commands read: CSV files, the export, and nothing of a local cloud.
    """
    monkeypatch.setenv("SELFBILL_HOME", str(tmp_path / "home"))
    books.employee("ANNA", full_name=ANNA)
    books.employee("BO", full_name=BO)
    books.project(ATLAS, "@SUM(1+1)")
    books.workday("ANNA", 1, project=ATLAS)
    books.workday("ANNA", 2, "25.00", project=ATLAS)
    books.workday("BO", 1, project=HIDDEN)
    bill_month(settings, OCTOBER, NOW)
    render_invoice(settings, 1)
    books.workday("ANNA", 3, project=ATLAS)
    for status in ("sending", "failed"):
        # So long that no other delivery fits on the page of a database that is full.
        books.execute("UPDATE delivery SET status = %s, error = %s", status, "no " * 300)
    books.execute("UPDATE workday SET hours = 7 WHERE work_date = '2026-10-01' AND hours = 8")
    aside("render", f"\x1b[2J\u202e{BO}")
    return books


@pytest.fixture
def places(settings, tmp_path):
    """What stands for the folders in `SUBJECTS`."""
    files, export = tmp_path / "files", tmp_path / "export"
    shutil.copytree(PROJECT / "data" / "fixtures", files)
    for name, row in {
        "projects.csv": f"{HIDDEN},@SUM(1+1)",
        "users.csv": "\x1b[2J[/]\u202e,boss",
    }.items():
        with (files / name).open("a", encoding="utf-8") as file:
            file.write(f"{row}\n")
    for key in s3.keys(settings.export_bucket, "exports/"):
        (export / key).parent.mkdir(parents=True, exist_ok=True)
        (export / key).write_bytes(s3.get(settings.export_bucket, key))
    return {"files": files, "export": export}


def called(name, places, *more):
    return [str(word).format(**places) for word in (*SUBJECTS[name], *more)]


def concerned(trouble):
    return [name for name in SUBJECTS if name not in NOT_CONCERNED[trouble]]


class TestEveryCommand:
    def test_is_in_the_table(self):
        assert set(SUBJECTS) == names()


class TestWithTheDatabaseAway:
    def test_a_command_says_so_and_ends_with_2(self, run_job, environment, tmp_path, monkeypatch):
        for name in ("DATABASE_URL", "DATABASE_OWNER_URL"):
            monkeypatch.setenv(name, NOWHERE)
        monkeypatch.setenv("SELFBILL_HOME", str(tmp_path / "home"))
        places = {"files": PROJECT / "data" / "fixtures"}
        asked = [name for name in concerned("database away") if name != "up"]

        outcomes = {name: told(run_job(*called(name, places))) for name in asked}

        assert {code for code, _ in outcomes.values()} == {2}
        for sentence in (sentence for _, sentence in outcomes.values()):
            assert "the database at DATABASE_URL is not answering (" in sentence
            assert "start it or correct the URL" in sentence
        assert not (tmp_path / "home").exists()

    def test_up_says_so_and_down_stops_what_it_started(self, run_job, tmp_path, monkeypatch):
        monkeypatch.setenv("DATABASE_URL", NOWHERE)
        monkeypatch.setenv("SELFBILL_HOME", str(tmp_path))

        code, sentence = told(run_job("up"))
        stopped, *_ = run_job("down")

        assert (code, stopped) == (2, 0)
        assert "the database at DATABASE_URL is not answering" in sentence
        assert processes.unrecorded(Home.at(tmp_path)) == []

    @pytest.mark.parametrize("url", ["hello", "postgresql://me:s3cret@db:port/x", "mysql://x/y"])
    def test_a_url_that_is_none_is_not_quoted(self, run_job, environment, monkeypatch, url):
        monkeypatch.setenv("DATABASE_URL", url)

        code, sentence = told(run_job("report", "2026-10"))

        assert code == 2
        assert "s3cret" not in sentence


class TestOnAFullDisk:
    def test_an_output_that_nobody_can_write_ends_with_2(
        self, run_job, world, places, monkeypatch, tmp_path
    ):
        # The others are tried below; migrate prints only what is left to do.
        others = {"up", "down", "demo", "package", "migrate"}
        asked = [name for name in SUBJECTS if name not in others]
        before = everything(world)
        reading = [n for n in asked if n not in {"load", "bill", "close", "correct", "resend"}]
        outcomes, kept = {}, {}
        for name in (*reading, "load", "bill", "resend", "correct", "close"):
            with Path("/dev/full").open("w", encoding="utf-8") as full:
                monkeypatch.setattr(sys, "stdout", full)
                outcomes[name] = told(run_job(*called(name, places)))
            kept[name] = everything(world)

        assert {code for code, _ in outcomes.values()} == {2}
        local = {"env", "token"}
        for name, (_, sentence) in outcomes.items():
            assert name in local or "No space left on device; make room on the disk" in sentence
        assert all(kept[name] == before for name in reading)
        # What was to be written in the database was, whole.
        assert [n for n in world.numbers() if "ANNA" in n] == [f"ANNA-000{n}" for n in (1, 2, 3, 4)]
        assert world.column("SELECT count(*) FROM closed_period") == [1]

    @pytest.mark.parametrize(
        "arguments",
        [
            ("import-time", TOGGL, "--format", "toggl", "--out", "{disk}/workdays.csv"),
            ("report", "2026-10", "--html", "{disk}/report.html"),
            *(
                ("query", "SELECT * FROM invoices", "--from", "{export}", "--out", f"{{disk}}/{f}")
                for f in ("x.csv", "x.json", "x.parquet", "x.txt")
            ),
            ("package", "--out", "{disk}/build"),
            ("package", "--out", "{disk}"),
        ],
        ids=lambda words: f"{words[0]} {words[-1]}",
    )
    def test_a_file_that_does_not_fit_ends_with_2(self, run_job, world, places, arguments):
        before = everything(world)
        with small_disk("nr_inodes=1") as disk:
            where = places | {"disk": disk}
            code, sentence = told(run_job(*(str(word).format(**where) for word in arguments)))

            assert list(disk.iterdir()) == []
        assert code == 2
        assert "No space left on device" in sentence
        assert everything(world) == before

    def test_a_database_that_is_full_keeps_what_it_has(self, run_job, world, places):
        # First what a run that failed would be refused for.
        asked = sorted(concerned("full database"), key="close".__ne__)
        tables = ("invoice", "delivery", "closed_period", "workday", "employee")
        with small_disk("size=2m") as disk, ExitStack() as leaving:
            folder = disk / "space"
            folder.mkdir()
            shutil.chown(folder, *owner_of(world))
            world.execute(f"CREATE TABLESPACE small LOCATION '{folder}'")
            leaving.callback(world.execute, "DROP TABLESPACE small")
            for table in tables:
                # So that the next row needs a page of its own.
                world.execute(f"ALTER TABLE {table} SET (fillfactor = 10)")
                world.execute(f"ALTER TABLE {table} SET TABLESPACE small")
                leaving.callback(world.execute, f"ALTER TABLE {table} SET TABLESPACE pg_default")
            before = everything(world)
            filling = fill(disk)
            leaving.callback(filling.unlink)
            outcomes = {name: told(run_job(*called(name, places))) for name in asked}
            after = everything(world)

        assert {code for code, _ in outcomes.values()} == {2}
        full = {name for name, (_, sentence) in outcomes.items() if "its disk is full" in sentence}
        assert full == set(outcomes), outcomes
        assert after == before

    def test_up_ends_with_2_and_down_stops_what_it_started(self, run_job, monkeypatch):
        monkeypatch.delenv("DATABASE_URL", raising=False)
        with small_disk("size=64k") as disk:
            monkeypatch.setenv("SELFBILL_HOME", str(disk / "home"))

            code, sentence = told(run_job("up"))
            stopped, *_ = run_job("down")

            assert (code, stopped) == (2, 0)
            assert "initdb ended with exit code 1, as it does if the disk is full" in sentence
            assert processes.unrecorded(Home.at(disk / "home")) == []

    @pytest.mark.parametrize("command", ["up", "demo"])
    def test_a_folder_that_cannot_be_made_ends_with_2(self, run_job, monkeypatch, command):
        with small_disk("nr_inodes=1") as disk:
            monkeypatch.setenv("SELFBILL_HOME", str(disk / "home"))

            code, sentence = told(run_job(command))

        assert code == 2
        assert "cannot be used for the local cloud (No space left on device)" in sentence

    def test_down_stops_every_part_though_nothing_can_be_written(self, run_job, monkeypatch):
        with small_disk("size=96m") as disk:
            home = Home.at(disk / "home")
            monkeypatch.setenv("SELFBILL_HOME", str(home.folder))
            home.prepare()
            mailbox.start(home)
            postgres.start(home)
            filling = fill(disk)

            code, sentence = told(run_job("down"))

            assert code == 2
            assert "cloud.json cannot be used (No space left on device); make room" in sentence
            assert processes.unrecorded(home) == []
            assert postgres.postmaster(home) is None
            filling.unlink()
            assert run_job("down")[0] == 0


def owner_of(books):
    """User and group of the server, which must own where a tablespace is."""
    folder = books.value("SHOW data_directory")
    found = Path(folder).stat()
    return found.st_uid, found.st_gid


class TestWithAHostileName:
    def test_every_command_prints_it_escaped_and_ends_as_with_any_other(
        self, run_job, world, places
    ):
        asked = [name for name in concerned("hostile name") if name not in {"correct", "close"}]
        variants = {
            "report --json": ["report", "2026-10", "--json"],
            "preview --json": ["preview", "2026-10", "--json"],
            **{
                f"query {form}": called("query", places, "--format", form)
                for form in ("table", "csv", "json")
            },
        }
        calls = {name: called(name, places) for name in asked} | variants
        calls |= {"correct": called("correct", places), "close": called("close", places)}

        outcomes = {name: run_job(*words) for name, words in calls.items()}

        assert {name: code for name, (code, _, _) in outcomes.items()} == {
            **dict.fromkeys(calls, 1),
            **dict.fromkeys(("export", "resend", "query", "close", "correct", "verify"), 0),
            **dict.fromkeys(("query table", "query csv", "query json"), 0),
            **dict.fromkeys(("token",), 2),
        }
        for _, output, errors in outcomes.values():
            assert escaped(output + errors) == output + errors
            assert "Traceback" not in errors
        # As it is written, neither markup nor an emoji.
        shown = "[/] [red]Anna[/red] :smile:"
        for name in ("preview", "drift", "report --json", "preview --json", "query csv"):
            assert shown in outcomes[name][1], name
        assert f"'{ANNA}" in outcomes["query csv"][1]

    def test_the_report_s_page_shows_it_escaped(self, run_job, world, places, tmp_path):
        run_job("report", "2026-10", "--html", tmp_path / "report.html")

        page = (tmp_path / "report.html").read_text(encoding="utf-8")

        assert escaped(page) == page
        assert r"Bo\x1b[2J\x9b31m\u202egpj\u200b" in page

    def test_a_name_that_cannot_be_printed_holds_its_contractor(self, run_job, world):
        run_job("bill", "2026-10")

        assert world.helds() == {"BO": "unprintable"}

    def test_a_file_s_name_is_escaped(self, run_job, environment, tmp_path):
        code, sentence = told(run_job("load", tmp_path / "\x1b[2J\udcff\u202e"))

        assert code == 2
        assert r"\x1b[2J\udcff\u202e contains none of" in sentence

    def test_what_was_typed_is_escaped(self, run_job, environment):
        code, _, errors = run_job("bill", "2026-10", "\x1b[2J\u202e", "--nothing\x9b")

        assert code == 2
        assert escaped(errors) == errors

    @pytest.mark.parametrize(
        "words",
        [
            ["correct", "\udcff"],
            ["resend", "\udcff"],
            ["query", "SELECT '\udcff'", "--from", "{export}"],
        ],
    )
    def test_bytes_that_are_no_text_are_called_so(self, run_job, world, places, words):
        code, sentence = told(run_job(*(word.format(**places) for word in words)))

        assert code == 2
        assert "not UTF-8; type it again" in sentence


class TestWithAnEmptyFile:
    @pytest.mark.parametrize(
        ("arguments", "sentence"),
        [
            *(
                (("load", "{empty}", name), "is empty; its first line must name the columns")
                for name in ("departments.csv", "employees.csv", "workdays.csv", "users.csv")
            ),
            (("import-time", "{file}", "--format", "toggl"), "these columns are missing"),
            (
                ("import-time", TOGGL, "--format", "toggl", "--from", "{empty}", "projects.csv"),
                "is empty; its first line must name the columns",
            ),
            (("query", "{file}", "--from", "{export}"), "it is empty; write a SELECT"),
            (("load", "{empty}"), "contains none of departments.csv"),
            (("query", "SELECT 1", "--from", "{empty}"), "is missing or incomplete"),
        ],
        ids=lambda words: " ".join(map(str, words)) if isinstance(words, tuple) else "",
    )
    def test_a_command_says_so_and_ends_with_2(
        self, run_job, world, places, tmp_path, arguments, sentence
    ):
        empty, file = tmp_path / "empty", tmp_path / "file"
        empty.mkdir()
        file.touch()
        words = [str(word).format(empty=empty, file=file, **places) for word in arguments]
        if words[-1].endswith("s.csv"):
            shutil.copy(places["files"] / "employees.csv", empty)
            (empty / words.pop()).write_text("")
        before = everything(world)

        code, said = told(run_job(*words))

        assert code == 2
        assert sentence in said
        assert everything(world) == before

    def test_a_local_cloud_s_record_that_says_nothing_is_as_good_as_none(
        self, run_job, tmp_path, monkeypatch
    ):
        monkeypatch.setenv("SELFBILL_HOME", str(tmp_path))
        for content in (
            b"",
            b"\xff\xfe{",
            b"[]",
            b'{"processes": 7}',
            b'{"processes": {"mail": 7}}',
        ):
            (tmp_path / "cloud.json").write_bytes(content)

            code, sentence = told(run_job("env"))

            assert code == 2
            assert "no local cloud is running in" in sentence
            assert run_job("down")[0] == 0

    @pytest.mark.parametrize("command", ["env", "down", "up"])
    def test_a_folder_in_the_record_s_place_ends_with_2(
        self, run_job, tmp_path, monkeypatch, command
    ):
        monkeypatch.setenv("SELFBILL_HOME", str(tmp_path))
        (tmp_path / "cloud.json").mkdir()

        code, sentence = told(run_job(command))

        assert code == 2
        assert "cloud.json cannot be used (Is a directory); make room on the disk, or" in sentence


class TestAtTheCalendarsEnds:
    @pytest.mark.parametrize("command", ["preview", "bill", "report", "verify", "close", "drift"])
    @pytest.mark.parametrize("month", ["0000-01", "0001-01", "9999-11", "9999-12", "2026-13"])
    def test_a_month_is_refused(self, run_job, command, month):
        code, sentence = told(run_job(command, month))

        assert code == 2
        assert f"{month!r} is not a month" in sentence

    @pytest.mark.parametrize("month", ["0002-01", "9998-12"])
    def test_the_last_months_are_billed(self, run_job, environment, aside, month):
        assert run_job("bill", month)[0] == 0
        assert run_job("report", month)[0] == 0
        assert run_job("close", month)[0] == 0


class TestAReaderThatLeaves:
    @pytest.mark.parametrize("words", [["report", "2026-10"], ["report", "2026-10", "--json"]])
    def test_ends_a_command_without_a_word(self, database_url, environment, tmp_path, words):
        finished = subprocess.run(
            f"{sys.executable} -m jobs {' '.join(words)} | true; echo ${{PIPESTATUS[0]}}",
            shell=True,
            executable="/bin/bash",
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=True,
        )

        assert (finished.stdout, finished.stderr) == ("141\n", "")

    def test_has_lost_nothing_of_the_database(self, database_url):
        with psycopg.connect(database_url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)


class TestWithoutAScreen:
    @pytest.mark.parametrize(
        ("line", "code"),
        [
            ("--help >&-", 0),
            ("bill 2026-13 >&- 2>&-", 2),
            ("bill 2026-13 2>/dev/full", 2),
            ("bogus 2>/dev/full", 2),
        ],
    )
    def test_a_command_ends_as_with_one(self, line, code):
        finished = subprocess.run(
            f"{sys.executable} -m jobs {line}",
            shell=True,
            executable="/bin/bash",
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=False,
        )

        assert (finished.returncode, finished.stderr) == (code, "")


class TestCtrlC:
    def test_while_python_still_imports_ends_a_command_without_a_word(self, tmp_path):
        slow = "import os, signal, time; os.kill(os.getpid(), signal.SIGINT); time.sleep(30)"
        (tmp_path / "typer.py").write_text(slow)

        finished = subprocess.run(
            [sys.executable, "-m", "jobs", "--help"],
            cwd=PROJECT,
            env={**os.environ, "PYTHONPATH": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )

        assert (finished.returncode, finished.stderr) == (-signal.SIGINT, "")

    def test_ends_a_query_with_130(self, run_job, world, places, monkeypatch):
        def interrupted(*_given):
            raise RuntimeError("Query interrupted") from KeyboardInterrupt()

        monkeypatch.setattr("jobs.query.ask._run", interrupted)

        assert run_job(*called("query", places)) == (130, "", "")


def test_a_defect_is_told_by_its_place_alone(run_job, environment, monkeypatch):
    def broken(*_given):
        raise ValueError(f"cannot read {ANNA}")

    monkeypatch.setattr("jobs.bill.report", broken)

    code, sentence = told(run_job("report", "2026-10"))

    assert code == 2
    assert re.search(r"unexpected ValueError in integration/\w+\.py line \d+; this is a", sentence)
    assert "Anna" not in sentence
