"""gunicorn reads this by itself when it is started in this folder. What a deployment chooses stands on the command line.

On SIGTERM readiness says no first, for SHUTDOWN_DRAIN_SECONDS, while requests are still served: a load balancer that asks
/health/ready/ sends its next ones elsewhere. Then gunicorn stops as always: running requests end, nothing new is taken.

A process takes only as many connections as it has threads (adr/0035): what waits, waits where the next one that is free takes
it. Otherwise the first to wake takes all there are, keeps them, and half of the machine stands idle.
"""

import contextlib
import os
import tempfile
import time
from pathlib import Path

DRAIN_SECONDS = float(os.environ.get("SHUTDOWN_DRAIN_SECONDS", "0"))
# Made by the first process and seen by all (portal/common/draining.py), which this file does not import: it is read
# before an application is chosen.
MARK = Path(tempfile.gettempdir(), f"portal-draining-{os.getpid()}")
os.environ["PORTAL_DRAINING_FILE"] = str(MARK)
MARK.unlink(missing_ok=True)

keepalive = 0  # a connection kept open between requests holds a place


def take_what_can_be_answered(server):
    connections = server.cfg.settings["worker_connections"]
    if connections.get() == connections.default:
        server.cfg.set("worker_connections", server.cfg.threads)


on_starting = on_reload = take_what_can_be_answered


def when_ready(server):
    stop = server.handle_term

    def drain_and_stop():
        if DRAIN_SECONDS:
            with contextlib.suppress(OSError):
                MARK.touch()
            server.log.info("Not ready any more; stopping in %g seconds", DRAIN_SECONDS)
            time.sleep(DRAIN_SECONDS)
        stop()

    server.handle_term = drain_and_stop


def on_exit(_server):
    MARK.unlink(missing_ok=True)
