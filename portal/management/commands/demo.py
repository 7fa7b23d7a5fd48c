"""`make demo`: the whole portal in one terminal."""

import json
import os
import signal
import socket
import sys
import threading
import types
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connection, connections
from django.db.migrations.exceptions import InconsistentMigrationHistory

from portal.demo_runtime import background, preparation
from portal.demo_runtime.greeting import address, greeting
from portal.demo_runtime.sites import PortBusy, Site, WebServer, free_port_after, listen
from portal.demo_runtime.terminal import LogFollower, label_standard_error
from portal.embedded.errors import EmbeddedPostgresError
from portal.embedded.postgres import EmbeddedPostgres
from portal.embedded.processes import command_line

STOP_SECONDS = 6.0


class Command(BaseCommand):
    help = (
        "Run the portal with worker, beat and its own database in this terminal; load demo data the first time. "
        "With DATABASE_URL and REDIS_URL in the environment those are used instead of the portal's own."
    )
    requires_system_checks: list[str] = []  # the first start should be quick; `make check` checks

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="port of the web server (8000)")
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1: this machine only)")
        parser.add_argument("--no-data", action="store_true", help="start with an empty database, load no demo data")

    def handle(self, *, host: str, port: int, no_data: bool, **_options: Any) -> None:
        self.stopping = False
        self.serving = False
        self.server: EmbeddedPostgres | None = None
        self.supervisor: background.Supervisor | None = None
        self.web: WebServer | None = None
        self.payment_listener: socket.socket | None = None
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self.on_signal)
        sites = self.sites(host, port)
        self.payment_listener = self.beside(host, port)
        # Links in emails lead to this server, also those that a worker of its own process writes.
        settings.PORTAL_URL = os.environ.setdefault("PORTAL_URL", address(host, port))
        runtime_dir = Path(settings.RUNTIME_DIR)
        runtime_dir.mkdir(parents=True, exist_ok=True)
        note = runtime_dir / f"demo-{port}.json"
        try:
            note.write_text(json.dumps({"pid": os.getpid(), "url": address(host, port)}))
            self.prepare(with_data=not no_data)
            self.run(
                sites, runtime_dir / f"celerybeat-schedule-{port}", greeting(host, port, with_accounts=not no_data)
            )
        except EmbeddedPostgresError as error:
            raise CommandError(str(error)) from error
        except InconsistentMigrationHistory as error:
            raise CommandError(
                "The database was made by another version of the portal that this one cannot go on from. "
                f"Begin afresh with make reset-demo. ({error})"
            ) from error
        except OperationalError as error:
            if self.server:
                raise
            raise CommandError(f"The database of DATABASE_URL does not answer: {str(error).strip()}") from error
        except KeyboardInterrupt:
            pass
        finally:
            self.stop()
            note.unlink(missing_ok=True)
        self.end()

    def sites(self, host: str, port: int) -> list[Site]:
        """What is served where. Ports are taken before anything slow, so that a busy one is said at once."""
        try:
            listener = listen(host, port)
        except PortBusy:
            raise CommandError(self.busy_words(host, port)) from None
        except (OSError, OverflowError) as error:
            raise CommandError(f"Cannot listen on {host}:{port}: {error}") from None
        if host not in {"127.0.0.1", "localhost", "::1"} and host not in settings.ALLOWED_HOSTS:
            settings.ALLOWED_HOSTS.append(host)
        return [Site("portal", listener, portal_application)]

    def beside(self, host: str, port: int) -> socket.socket | None:
        """The socket of the payment portal, on the next port; None where another payment service is used."""
        if settings.PAYMENT_GATEWAY != "simulated" or "PAYMENT_SERVICE_URL" in os.environ:
            return None
        try:
            listener = listen(host, port + 1)
        except (OSError, OverflowError, PortBusy):
            raise CommandError(
                f"Port {port + 1} is already in use. The payment portal listens there, on the port after the portal's: "
                "choose another port, or start without it: PAYMENT_GATEWAY= make demo"
            ) from None
        settings.PAYMENT_SERVICE_URL = address(host, port + 1).rstrip("/")
        os.environ["PAYMENT_SERVICE_URL"] = settings.PAYMENT_SERVICE_URL  # for a worker that is a process of its own
        return listener

    def busy_words(self, host: str, port: int) -> str:
        note = Path(settings.RUNTIME_DIR) / f"demo-{port}.json"
        other = free_port_after(host, port)
        instead = f"choose another port: make demo PORT={other}" if other else "choose another port."
        try:
            running = json.loads(note.read_text())
            if "demo" in (command_line(running["pid"]) or ""):
                return (
                    f"The demo is already running at {running['url']} (process {running['pid']}). Stop it, or {instead}"
                )
        except (OSError, ValueError, KeyError):
            pass
        return f"Port {port} is already in use by another program. Stop that program, or {instead}"

    def prepare(self, *, with_data: bool) -> None:
        if settings.EMBEDDED_POSTGRES:
            self.server = EmbeddedPostgres(settings.EMBEDDED_POSTGRES_DIR).start()
            self.server.ensure_database(settings.DATABASES["default"]["NAME"])
        connection.ensure_connection()
        with preparation.one_at_a_time():
            preparation.migrate_if_needed(self.say)
            if with_data:
                preparation.load_catalog_if_new(self.say)
                preparation.load_demo_if_empty(self.say)
        preparation.collect_static_if_changed(self.say)
        connections.close_all()

    def run(self, sites: list[Site], schedule_file: Path, ready: str) -> None:
        label_standard_error()
        self.web = WebServer(sites)
        self.supervisor = background.Supervisor(
            [
                *background.runners(schedule_file),
                *([background.payment_portal(self.payment_listener)] if self.payment_listener else []),
            ]
        )
        self.supervisor.start()
        followers = [LogFollower(self.server.log_file, "db")] if self.server else []
        supervisor = self.supervisor

        def look() -> None:
            supervisor.look()
            for follower in followers:
                follower.look()

        self.say(ready)
        self.serving = True
        self.web.serve_until(lambda: self.stopping, look)

    def stop(self) -> None:
        """Running requests and tasks may finish; the database goes last. Bounded, whatever hangs."""
        self.stopping = True
        if self.serving:
            self.say("\nStopping ...")
        if self.supervisor:
            self.supervisor.ask_to_stop()
        if self.web:
            self.web.close()
        if self.payment_listener:
            self.payment_listener.close()
        if self.supervisor:
            self.supervisor.wait(STOP_SECONDS)
        connections.close_all()
        if self.server:
            self.server.stop()

    def end(self) -> None:
        """Leave without waiting for a task that does not end: what it owed is a row and is done at the next start."""
        self.say("Stopped.")
        self.stdout.flush()
        sys.stderr.flush()
        if any(thread.name.startswith("ThreadPoolExecutor") for thread in threading.enumerate()):
            os._exit(0)

    def on_signal(self, _number: int, _frame: types.FrameType | None) -> None:
        if self.stopping:
            return
        if not self.serving:  # in the middle of preparing: leave it where it is
            raise KeyboardInterrupt
        self.stopping = True

    def say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def portal_application() -> Any:
    from portal.wsgi import application

    return application
