"""A malware scanner on a socket that answers as it is told, and remembers what it was sent."""

import socket
import struct
import threading
from typing import Any

EICAR_FOUND = b"stream: Eicar-Test-Signature FOUND\n"


class FakeClamd:
    """Speaks INSTREAM. ``mode``: ``scan`` finds the EICAR text, ``hang`` says nothing, ``close`` hangs up in the middle,
    ``early`` hangs up at once; anything else is sent as the answer."""

    def __init__(self, mode: str | bytes = "scan") -> None:
        self.mode = mode
        self.received: list[bytes] = []
        self._stop = threading.Event()

    def __enter__(self) -> "FakeClamd":
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_exc: Any) -> None:
        self._stop.set()
        # Wakes the accept; closing the listener alone would not.
        socket.create_connection(("127.0.0.1", self.port)).close()
        self._thread.join(timeout=5)
        self._listener.close()

    def _serve(self) -> None:
        while True:
            peer, _ = self._listener.accept()
            with peer:
                if self._stop.is_set():
                    return
                try:
                    self._answer(peer)
                except OSError:
                    continue

    def _answer(self, peer: socket.socket) -> None:
        if self.mode == "early":
            return
        stream = peer.makefile("rb")
        with stream:
            assert stream.readline() == b"nINSTREAM\n"
            data = b""
            while size := struct.unpack("!L", stream.read(4))[0]:
                data += stream.read(size)
                if self.mode == "close":
                    return
            self.received.append(data)
            if self.mode == "hang":
                self._stop.wait(10)
            elif isinstance(self.mode, bytes):
                peer.sendall(self.mode)
            else:
                peer.sendall(EICAR_FOUND if b"EICAR-STANDARD-ANTIVIRUS" in data else b"stream: OK\n")
