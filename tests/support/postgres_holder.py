"""Hold the portal's own PostgreSQL in a process of its own, for tests that kill things.

    python postgres_holder.py FOLDER

Prints `owner` or `sharer` once the server answers; then answers each line on standard input: `ask` prints the same
again after proving that the server answers, anything else (or the end of input) stops.
"""

import sys
import time
from pathlib import Path

from portal.embedded.postgres import EmbeddedPostgres


def main() -> None:
    server = EmbeddedPostgres(Path(sys.argv[1])).start()
    say("owner" if server.owned else "sharer")
    for line in sys.stdin:
        if line.strip() != "ask":
            break
        deadline = time.monotonic() + 20
        while not server.answers():
            if time.monotonic() > deadline:
                say("dead")
                return
            time.sleep(0.05)
        say("owner" if server.owned else "sharer")
    server.stop()
    say("stopped")


def say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
