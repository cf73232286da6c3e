from __future__ import annotations

import os
import socket
import sys
import time
from pathlib import Path

import pytest

from cloud.local import folder_watch, mailbox, page_server, ports, processes
from cloud.local.home import Home

STARTS = 60
SECONDS_TO_LISTEN = "0.7"


@pytest.fixture
def home(tmp_path: Path):
    home = Home.at(tmp_path)
    home.prepare()
    return home


class TestStart:
    def test_gives_processes_that_are_known_as_alive(self, home: Home):
        """Executed a moment ago, a process shows no arguments: one start in twenty was lost."""
        for number in range(STARTS):
            name = f"idle-{number}"
            process = processes.start(home, name, __name__, {})
            try:
                assert processes.alive(home, name) == process
            finally:
                processes.end([process])

    @pytest.mark.parametrize("part", [mailbox, page_server])
    def test_waits_for_one_that_somebody_else_started_a_moment_ago(self, home: Home, part):
        port = ports.kept(home, part.NAME)
        slow = {"PORT": str(port), "SECONDS": SECONDS_TO_LISTEN}
        process = processes.start(home, part.NAME, __name__, slow)
        try:
            part.start(home)

            assert ports.answers(port)
            assert processes.alive(home, part.NAME) == process
        finally:
            processes.end([process])


class TestBackgroundProcess:
    def test_works_for_a_cloud_that_knows_it(self, home: Home):
        home.keep("processes", {"other": {"pid": 1}, "this": {"pid": os.getpid()}})

        folder_watch.await_record(home)

    def test_ends_if_its_cloud_does_not_come_to_know_it(self, home: Home, monkeypatch):
        monkeypatch.setattr(folder_watch, "KNOWN_SECONDS", 0.1)
        home.keep("processes", {"other": {"pid": 1}})

        with pytest.raises(SystemExit, match="whoever started this was killed"):
            folder_watch.await_record(home)

    def test_is_found_by_what_it_works_on(self, home: Home):
        process = processes.start(home, "idle", __name__, {})
        try:
            assert process in processes.working_on(str(home.folder))
        finally:
            processes.end([process])
        assert processes.working_on(f"{home.folder}/postgres") == []


def listen() -> None:
    """Take connections, but not at once."""
    time.sleep(float(os.environ["SECONDS"]))
    with socket.create_server((ports.LOCALHOST, int(os.environ["PORT"]))):
        time.sleep(60)


if __name__ == "__main__":
    listen() if "PORT" in os.environ else time.sleep(60)
    sys.exit()
