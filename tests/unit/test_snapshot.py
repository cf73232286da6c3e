"""What the AWS services of a local cloud remember, at whatever moment they are killed."""

import errno
import json
import os
import shutil

import pytest
from ministack.services import cloudformation, lambda_svc

from cloud.local.home import Home
from cloud.local.rooted import only_below
from cloud.local.snapshot import Snapshots

STACK = ("000000000000", "us-east-1", "selfbill")


class Killed(BaseException):
    """Nothing of ministack's or ours catches it."""


def killed():
    raise Killed


def telling(**states):
    """Services by name, each of which remembers this."""
    return {name: lambda state=state: {"is": state} for name, state in states.items()}


def steps(status, number):
    """The stack after so many steps."""
    cloudformation._stacks._data[STACK] = {"StackStatus": status}
    cloudformation._stack_events._data[STACK] = list(range(number))


@pytest.fixture
def home(tmp_path, monkeypatch):
    for store in (cloudformation._stacks, cloudformation._stack_events):
        monkeypatch.setattr(store, "_data", {})
    monkeypatch.setattr(lambda_svc, "CODE_BLOB_DIR", str(tmp_path / "aws" / "lambda-blobs"))
    # Replaced by each Snapshots, and put back with this.
    monkeypatch.setattr(lambda_svc, "_prune_orphan_code_blobs", lambda_svc._prune_orphan_code_blobs)
    home = Home.at(tmp_path)
    home.prepare()
    return home


@pytest.fixture
def snapshots(home):
    return Snapshots(home)


def remembered(home, *services):
    return [(Snapshots(home).load(service) or {}).get("is") for service in services]


class TestSnapshot:
    def test_is_read_by_the_next_process(self, home, snapshots):
        assert snapshots.save(telling(sqs="one", s3="two"))

        assert remembered(home, "sqs", "s3", "sns") == ["one", "two", None]

    def test_is_of_all_services_or_of_none_when_killed_in_between(self, home, snapshots):
        snapshots.save(telling(sqs="old", s3="old"))

        with pytest.raises(Killed):
            snapshots.save({**telling(sqs="new"), "s3": killed})

        assert remembered(home, "sqs", "s3") == ["old", "old"]

    def test_survives_a_kill_while_it_is_written(self, home, snapshots):
        snapshots.save(telling(sqs="old"))
        home.snapshot.with_name("services.json.new").write_text('{"sqs": {"i')

        assert remembered(home, "sqs") == ["old"]

    def test_is_not_made_during_a_deployment(self, home, snapshots):
        snapshots.save(telling(s3="before"))
        steps("CREATE_IN_PROGRESS", 1)

        assert not snapshots.save(telling(s3="half made"))
        assert remembered(home, "s3") == ["before"]

    def test_is_not_made_of_what_a_deployment_changed_meanwhile(self, home, snapshots):
        steps("CREATE_COMPLETE", 1)
        snapshots.save(telling(s3="before"))

        def deployed_meanwhile():
            steps("UPDATE_COMPLETE", 3)
            return {"is": "deployed"}

        assert not snapshots.save({"s3": lambda: {"is": "old"}, "sqs": deployed_meanwhile})
        assert remembered(home, "s3", "sqs") == ["before", None]

    def test_is_tried_again_when_a_request_comes_between(self, home, snapshots):
        answers = iter([RuntimeError("dictionary changed size during iteration"), {"is": "new"}])

        def busy():
            if isinstance(answer := next(answers), RuntimeError):
                raise answer
            return answer

        assert snapshots.save({"sqs": busy})
        assert remembered(home, "sqs") == ["new"]

    def test_keeps_the_last_of_a_service_that_cannot_tell(self, home, snapshots):
        steps("CREATE_COMPLETE", 1)
        snapshots.save(telling(sqs="old", s3="old"))

        assert snapshots.save({**telling(s3="new"), "sqs": lambda: {"is": object()}})
        assert remembered(home, "sqs", "s3") == ["old", "new"]

    def test_takes_no_old_state_for_what_was_deployed_since(self, home, snapshots):
        steps("CREATE_COMPLETE", 1)
        snapshots.save(telling(sqs="old"))
        steps("UPDATE_COMPLETE", 3)

        assert not snapshots.save({"sqs": lambda: {"is": object()}})

    def test_shows_the_database_url_to_nobody_else(self, home, snapshots):
        snapshots.save(telling(secretsmanager="a password"))

        assert home.snapshot.stat().st_mode & 0o077 == 0

    def test_does_not_bring_a_removed_folder_back(self, home, snapshots):
        shutil.rmtree(home.folder)

        assert not snapshots.save(telling(s3="late"))
        assert not home.folder.exists()

    def test_does_not_bring_back_a_folder_that_is_removed_meanwhile(
        self, home, snapshots, monkeypatch
    ):
        monkeypatch.setattr(os, "makedirs", only_below(home.folder, os.makedirs))
        function = {("000000000000", "us-east-1", "bill"): {"code_zip": b"code"}}
        monkeypatch.setattr(lambda_svc._functions, "_data", function)

        told = {"sqs": lambda: shutil.rmtree(home.folder), "lambda": lambda_svc.get_state}

        assert not snapshots.save(told)
        assert not home.folder.exists()

    def test_waits_for_room_on_the_disk(self, home, snapshots, monkeypatch):
        def full(_file):
            raise OSError(errno.ENOSPC, "No space left on device")

        with monkeypatch.context() as patched:
            patched.setattr(os, "fsync", full)
            assert not snapshots.save(telling(s3="first"))

        assert snapshots.save(telling(s3="second"))
        assert remembered(home, "s3") == ["second"]

    def test_is_not_put_into_another_cloud_of_the_same_name(self, home, snapshots):
        home.folder.rename(home.folder.with_name("moved away"))
        home.prepare()

        snapshots.save(telling(s3="of the other"))

        assert not home.snapshot.exists()

    def test_is_made_of_what_ministack_saved_itself_before(self, home, snapshots, monkeypatch):
        (home.state / "sqs.json").write_text(json.dumps({"is": "kept"}))
        monkeypatch.setattr("ministack.core.persistence.PERSIST_STATE", True)
        monkeypatch.setattr("ministack.core.persistence.STATE_DIR", str(home.state))

        assert snapshots.load("sqs") == {"is": "kept"}


class TestCode:
    """Of functions: ministack keeps it in files of its own, and removes what is not in use."""

    @staticmethod
    def function(monkeypatch, code):
        data = {("000000000000", "us-east-1", "bill"): {"code_zip": code}}
        monkeypatch.setattr(lambda_svc._functions, "_data", data)

    @staticmethod
    def kept(home):
        return sorted(file.read_bytes() for file in (home.state / "lambda-blobs").iterdir())

    def test_of_the_last_snapshot_stays_until_there_is_a_newer_one(
        self, home, snapshots, monkeypatch
    ):
        told = {"lambda": lambda_svc.get_state}
        self.function(monkeypatch, b"old")
        snapshots.save(told)
        self.function(monkeypatch, b"new")

        with pytest.raises(Killed):
            snapshots.save({**told, "s3": killed})
        assert self.kept(home) == [b"new", b"old"]

        snapshots.save(told)
        assert self.kept(home) == [b"new"]
