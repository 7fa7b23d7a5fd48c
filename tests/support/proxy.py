"""A network between the portal and a server that the test can break: pass on, say nothing, or refuse."""

import contextlib
import select
import socket
import threading
from pathlib import Path

CHUNK = 65_536


class BreakableNetwork:
    """Listens on a port of its own and passes everything on to a server (a Unix socket, or a port of this machine), as long as
    ``state`` is "passes".

    "hangs" takes connections and answers nothing, also on those that are open; "refuses" closes them all.
    """

    def __init__(self, target: Path | int) -> None:
        self.target = target
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.state = "passes"
        self.connections: set[socket.socket] = set()
        self.closed = False
        threading.Thread(target=self._accept, daemon=True).start()

    def refuse(self) -> None:
        self.state = "refuses"
        for connection in list(self.connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.closed = True
        self.refuse()
        self.listener.close()

    def _accept(self) -> None:
        while not self.closed:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            if self.state == "refuses":
                connection.close()
            else:
                threading.Thread(target=self._carry, args=[connection], daemon=True).start()

    def _carry(self, connection: socket.socket) -> None:
        server = socket.socket(socket.AF_INET if isinstance(self.target, int) else socket.AF_UNIX)
        pair = {connection, server}
        self.connections |= pair
        try:
            server.connect(("127.0.0.1", self.target) if isinstance(self.target, int) else str(self.target))
            while not self.closed:
                if self.state == "hangs":
                    threading.Event().wait(0.05)
                    continue
                for end in select.select([connection, server], [], [], 0.05)[0]:
                    if self.state != "passes":
                        break
                    data = end.recv(CHUNK)
                    if not data:
                        return
                    (server if end is connection else connection).sendall(data)
        except OSError:
            pass
        finally:
            self.connections -= pair
            connection.close()
            server.close()
