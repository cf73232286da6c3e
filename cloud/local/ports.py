"""The ports of a local cloud: chosen once and kept."""

from __future__ import annotations

import random
import socket
import time

from chalicelib.billing.errors import BillingError

from .home import Home

LOCALHOST = "127.0.0.1"

# Below the range that systems use for outgoing connections, so that a kept port is still free when
# the cloud starts again.
RANGE = range(18_000, 32_000)
PATIENCE_SECONDS = 2.0


class PortTaken(BillingError):
    """Another program listens on a port of this cloud."""

    def __init__(self, port: int, home: Home) -> None:
        self.port = port
        super().__init__(
            f"another program uses port {port} of the local cloud in {home.folder}; "
            "stop that program, or set SELFBILL_HOME to another folder for a new cloud"
        )


def kept(home: Home, name: str) -> int:
    """
    The port this cloud uses for *name*, free to listen on now.

    Raises:
        PortTaken: If it was chosen earlier and another program uses it now.
    """
    ports = home.recall("ports")
    if name in ports:
        port = int(ports[name])
        # The threads of a process that was just killed may hold it for another moment.
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not _free(port):
            if time.monotonic() > deadline:
                raise PortTaken(port, home)
            time.sleep(0.05)
        return port
    port = _choose()
    home.keep("ports", {**ports, name: port})
    return port


def _choose() -> int:
    candidates = random.sample(RANGE, k=100)
    return next(port for port in candidates if _free(port))


def _free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOCALHOST, port))
            probe.listen()
        except OSError:
            return False
    return True


def answers(port: int) -> bool:
    """Whether anything on this machine accepts connections on *port*."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((LOCALHOST, port)) == 0
