"""When the process that is AWS here saves what it knows."""

import threading
import time
from types import SimpleNamespace

from cloud.local import aws_process

SLOWLY = 0.3


class TestSaving:
    def test_begins_when_all_is_loaded_however_long_that_takes(self, monkeypatch):
        """A start on a busy machine took longer than a save waits: it saved that all was gone."""
        happened = []
        saved = threading.Event()

        def load():
            time.sleep(SLOWLY)
            happened.append("loaded")

        def save():
            happened.append("saved")
            saved.set()
            # Once is enough.
            threading.Event().wait()

        monkeypatch.setattr(aws_process, "SAVE_SECONDS", 0)
        app = SimpleNamespace(_load_persisted_state=load)
        aws_process._save_often_once_loaded(app, save)
        time.sleep(SLOWLY)

        app._load_persisted_state()

        assert saved.wait(10)
        assert happened == ["loaded", "saved"]
