"""A mail server that takes everything and remembers it: enough SMTP for the portal's own backend."""

import socketserver
import threading
from email import message_from_bytes, policy
from email.message import EmailMessage


class MailServer:
    """Listens on a port of its own. ``taken``: the messages in the order in which they came."""

    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []
        taken = self.taken

        class Session(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                self.say("220 ready")
                while line := self.rfile.readline().strip().upper():
                    if line == b"DATA":
                        self.say("354 go on")
                        taken.append(message_from_bytes(self.text(), policy=policy.default))
                        self.say("250 taken")
                    elif line == b"QUIT":
                        self.say("221 bye")
                        return
                    else:
                        self.say("250 fine")

            def text(self) -> bytes:
                lines = []
                while (line := self.rfile.readline()) not in (b".\r\n", b""):
                    lines.append(line)
                return b"".join(lines)

            def say(self, words: str) -> None:
                self.wfile.write(f"{words}\r\n".encode())

        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session)
        self.server.daemon_threads = True
        self.port: int = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
