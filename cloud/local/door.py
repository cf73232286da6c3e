"""
Whom the servers of a local cloud answer: programs on this machine, and the cloud's own page.

Any web page can send requests to 127.0.0.1, and one whose host name suddenly leads there (DNS
rebinding) can read the answers. Browsers tell where a request comes from, and no page can make them
lie: by ``Host``, ``Origin`` and ``Sec-Fetch-Site``. Programs send the first alone.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from . import ports

REFUSAL = (
    "the local cloud answers only its own page and programs on this machine;"
    " use an address that python -m jobs env prints\n"
)

NOWHERE = re.compile(r"(?!)")

Headers = Iterable[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Door:
    """
    The way into one server.

    Attributes:
        hosts: The names it answers to, each a whole ``Host`` header.
        page: Gives the origin of the cloud's page; None while there is none.
        outer: More such names, at which the page's own server asks: whatever a browser asked it.
        inner: What the paths begin with that are for programs alone, at *hosts* alone.
        links: What the paths begin with that a browser may go to from anywhere, and go on from, as
            from any page of a web site.
    """

    hosts: re.Pattern[str]
    page: Callable[[], str | None]
    outer: re.Pattern[str] = NOWHERE
    inner: tuple[str, ...] = ()
    links: tuple[str, ...] = ()

    def opens(self, path: str, headers: Headers) -> bool:
        """Whether to answer a request for *path* with *headers*."""
        said: defaultdict[str, list[str]] = defaultdict(list)
        for name, value in headers:
            said[name.lower()].append(value)
        if len(said["host"]) != 1:
            return False
        [host] = said["host"]
        outside = bool(self.outer.fullmatch(host))
        if not outside and not self.hosts.fullmatch(host):
            return False
        origins, sites = said["origin"], said["sec-fetch-site"]
        if path.startswith(self.inner):
            return not (outside or origins or sites)
        linked = path.startswith(self.links)
        if origins:
            own = f"http://{host}"
            return origins == [self.page()] or (linked and origins == [own])
        # "none" is what a person typed.
        if sites in ([], ["none"]):
            return True
        return linked and (sites == ["same-origin"] or said["sec-fetch-mode"] == ["navigate"])


def loopback(port: int) -> re.Pattern[str]:
    """The names of this machine at *port*."""
    names = (re.escape(ports.LOCALHOST), "localhost")
    return re.compile(f"({'|'.join(names)}):{port}", re.IGNORECASE)
