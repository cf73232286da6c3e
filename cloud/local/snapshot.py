"""
What the AWS services remember, saved whole: all of them as of one moment, or nothing.

ministack saves one service after the other, each to a file of its own.  Killed in between, or in
the midst of a deployment, it would wake up with a stack whose queues, secret or user pool are of
another moment: what is there could not be deployed again, or only anew beside what is stored.
"""

from __future__ import annotations

import json
import logging
import os
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from ministack.core import persistence
from ministack.services import cloudformation, lambda_svc

from .home import Home

TRIES = 5

_log = logging.getLogger(__name__)


class Snapshots:
    """The newest snapshot of a cloud; the process that is its AWS has one of these."""

    def __init__(self, home: Home) -> None:
        # Names are looked up in this very folder, whatever becomes of its path: what is saved
        # neither brings a removed folder back nor ends up in another cloud of the same name.
        self._folder = os.open(home.state, os.O_RDONLY | os.O_DIRECTORY)
        self._file = home.snapshot.name
        self._saving = threading.Lock()
        self._saved = self._read()
        self._deployed: int | None = None
        self._prune = lambda_svc._prune_orphan_code_blobs  # noqa: SLF001 -- no public way
        self._code: set[str] | None = None
        lambda_svc._prune_orphan_code_blobs = self._remember_code  # noqa: SLF001

    def load(self, service: str) -> Any:  # noqa: ANN401 -- whatever the service keeps
        """What *service* remembered, or None; from ministack's own file if there is no snapshot."""
        if not self._saved:
            return persistence.load_state(service)
        hook = persistence._json_object_hook  # noqa: SLF001 -- no public way
        return json.loads(self._saved.get(service, "null"), object_hook=hook)

    def save(self, services: Mapping[str, Callable[[], Any]]) -> bool:
        """
        Save what all *services* remember now, which each function tells of one.

        Returns:
            Whether it was saved.  Nothing is while anything is being deployed: what was saved
            before stays, as if that deployment had never begun.
        """
        with self._saving:
            deployed = _deployed()
            states = {name: self._state(name, told) for name, told in services.items()}
            if deployed is None or deployed != _deployed():
                return False
            whole = all(states.values())
            if not whole and deployed != self._deployed:
                # What was saved of that service earlier knows nothing of what was deployed.
                return False
            try:
                self._write({**self._saved, **{n: state for n, state in states.items() if state}})
            except OSError:
                # No room, or no folder any more: the next one may fit.
                _log.exception("could not save anything")
                return False
            self._deployed = deployed
            self._drop_code()
            return True

    def _state(self, service: str, told: Callable[[], Any]) -> str | None:
        """As JSON; None if it cannot be told, and what was saved earlier if there is nothing."""
        try:
            state = _copied(told)
            if state is None:
                return self._saved.get(service, "null")
            default = persistence._json_default  # noqa: SLF001 -- no public way
            return json.dumps(state, default=default)
        except Exception:  # noqa: BLE001 -- whatever it is, the other services shall be saved
            _log.exception("could not save %s", service)
            return None

    def _read(self) -> dict[str, str]:
        try:
            with os.fdopen(os.open(self._file, os.O_RDONLY, dir_fd=self._folder)) as file:
                return {service: json.dumps(state) for service, state in json.load(file).items()}
        except FileNotFoundError:
            return {}

    def _write(self, states: dict[str, str]) -> None:
        text = ",\n".join(f"{json.dumps(service)}: {state}" for service, state in states.items())
        unfinished = f"{self._file}.new"
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        # It holds the database's URL, possibly with a password.
        with os.fdopen(os.open(unfinished, flags, 0o600, dir_fd=self._folder), "w") as file:
            file.write(f"{{{text}}}\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, self._file, src_dir_fd=self._folder, dst_dir_fd=self._folder)
        self._saved = states

    def _remember_code(self, in_use: set[str]) -> None:
        """Keep the code that no function uses now: functions of the last snapshot may."""
        self._code = in_use

    def _drop_code(self) -> None:
        if self._code is not None:
            self._prune(self._code)
            self._code = None


def _copied(told: Callable[[], Any]) -> Any:  # noqa: ANN401 -- whatever the service keeps
    for _ in range(TRIES - 1):
        # A request may change it under our hands.
        with suppress(RuntimeError):
            return told()
    return told()


def _deployed() -> int | None:
    """How many steps all stacks have taken so far; None while one is on its way."""
    stacks = list(cloudformation._stacks._data.values())  # noqa: SLF001 -- no public way
    if any(stack["StackStatus"].endswith("_IN_PROGRESS") for stack in stacks):
        return None
    steps = list(cloudformation._stack_events._data.values())  # noqa: SLF001 -- no public way
    return sum(len(events) for events in steps)
