from __future__ import annotations

import time
from pathlib import Path

from cloud.local import processes
from cloud.local.home import Home

STARTS = 60


class TestStart:
    def test_gives_processes_that_are_known_as_alive(self, tmp_path: Path):
        """Executed a moment ago, a process shows no arguments: one start in twenty was lost."""
        home = Home.at(tmp_path)
        home.prepare()
        for number in range(STARTS):
            name = f"idle-{number}"
            process = processes.start(home, name, __name__, {})
            try:
                assert processes.alive(home, name) == process
            finally:
                processes.end([process])


if __name__ == "__main__":
    time.sleep(60)
