"""The web side of the demo: one or more WSGI applications, each on its own port, in this process."""

import errno
import logging
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from waitress import wasyncore
from waitress.server import create_server

THREADS = 8
LOOK_SECONDS = 0.5


class PortBusy(Exception):
    """Another program listens on the port."""


@dataclass(frozen=True)
class Site:
    """A WSGI application and the socket it is served on; the application is made late, when everything is prepared."""

    name: str
    listener: socket.socket
    make_application: Callable[[], Any]


def listen(host: str, port: int) -> socket.socket:
    """Take the port now, so that nobody else gets it while the database starts. Raises PortBusy or OSError.

    A browser that comes early waits instead of being refused.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(64)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise PortBusy(f"{host}:{port}") from error
        raise
    return listener


def free_port_after(host: str, port: int) -> int:
    """A port near ``port`` that is free at this moment, to suggest."""
    for candidate in range(port + 1, min(port + 100, 65536)):
        try:
            listen(host, candidate).close()
        except (PortBusy, OSError):
            continue
        return candidate
    return 0


class WebServer:
    """Serves all sites from one loop in the calling thread, requests in threads of each site."""

    def __init__(self, sites: Sequence[Site]) -> None:
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a page's files at once are no news
        self._sockets: dict[int, Any] = {}
        self._servers = [
            create_server(
                site.make_application(),
                map=self._sockets,
                sockets=[site.listener],
                threads=THREADS,
                ident=None,
                clear_untrusted_proxy_headers=True,
            )
            for site in sites
        ]

    def serve_until(self, stopped: Callable[[], bool], look: Callable[[], None]) -> None:
        """Serve until ``stopped()``; call ``look`` twice a second."""
        next_look = 0.0
        while not stopped():
            wasyncore.loop(timeout=LOOK_SECONDS, map=self._sockets, count=1)
            if time.monotonic() >= next_look:
                look()
                next_look = time.monotonic() + LOOK_SECONDS

    def close(self) -> None:
        """Take no more connections, let running requests finish for three seconds."""
        for server in self._servers:
            server.accepting = False
            server.socket.close()
        for server in self._servers:
            server.task_dispatcher.shutdown(timeout=3)
        wasyncore.close_all(self._sockets, ignore_all=True)
