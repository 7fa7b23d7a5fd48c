"""Worker and beat for the demo: threads of this process over `memory://`, or processes of their own with Redis."""

import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from celery import beat
from celery.worker import state
from django.conf import settings
from django.utils.module_loading import import_string

from portal.celery import app
from portal.demo_runtime.terminal import copy_lines
from portal.embedded.processes import bound_to_us

logger = logging.getLogger("portal.demo")

WORKER_THREADS = 4
WORKER_PROCESSES = 2
BEAT_LOOK_SECONDS = 1
FIRST_WAIT_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 30.0


class Runner(Protocol):
    """Something that runs beside the web server."""

    name: str

    def start(self) -> None: ...

    def alive(self) -> bool: ...

    def ask_to_stop(self) -> None: ...

    def wait(self, seconds: float) -> None:
        """Wait for the end; insist where that is possible."""


def runners(schedule_file: Path) -> list[Runner]:
    """Worker and beat, as the settings ask for them."""
    if not settings.REDIS_URL:
        return [WorkerThread(), BeatThread(schedule_file)]
    as_root_is_fine_here = "ignore:You're running the worker:RuntimeWarning"
    celery = [sys.executable, "-W", as_root_is_fine_here, "-m", "celery", "--quiet", "-A", "portal"]
    node = f"demo-{os.getpid()}@%h"  # two demos on one Redis must not share a name
    worker_options = ["--concurrency", str(WORKER_PROCESSES), "--without-gossip", "--without-mingle", "-n", node]
    return [
        ChildProcess("worker", [*celery, "worker", "--loglevel", "INFO", *worker_options]),
        ChildProcess(
            "beat", [*celery, "beat", "--loglevel", "WARNING", "--schedule", str(schedule_file), "--pidfile="]
        ),
    ]


def payment_portal(listener: socket.socket) -> Runner:
    """The simulated payment portal: another program with settings of its own, on the socket next to ours (PAY_01)."""
    return ChildProcess(
        "pay",
        [sys.executable, "-m", "enrollment.payment_service", "--socket", str(listener.fileno())],
        environment={
            "PAYMENT_SERVICE_SECRET": settings.PAYMENT_SERVICE_SECRET,
            "PAYMENT_SERVICE_PUBLIC_URL": os.environ.get("PAYMENT_SERVICE_PUBLIC_URL") or settings.PAYMENT_SERVICE_URL,
            "PAYMENT_SERVICE_ALLOWED_HOSTS": os.environ.get("PAYMENT_SERVICE_ALLOWED_HOSTS")
            or ",".join(settings.ALLOWED_HOSTS),
            "PORTAL_RUNTIME_DIR": str(settings.RUNTIME_DIR),
        },
        listener=listener,
    )


class Supervisor:
    """Starts runners and starts them again when they die, with growing pauses."""

    def __init__(self, watched: Sequence[Runner]) -> None:
        self._watched = watched
        self._pause = {runner.name: FIRST_WAIT_SECONDS for runner in watched}
        self._started_at: dict[str, float] = {}
        self._restart_at: dict[str, float] = {}

    def start(self) -> None:
        for runner in self._watched:
            self._start(runner)

    def look(self) -> None:
        now = time.monotonic()
        for runner in self._watched:
            name = runner.name
            if runner.alive():
                if now - self._started_at[name] > 60:
                    self._pause[name] = FIRST_WAIT_SECONDS
            elif name not in self._restart_at:
                logger.warning("The %s ended; starting it again in %.0f seconds.", name, self._pause[name])
                self._restart_at[name] = now + self._pause[name]
                self._pause[name] = min(self._pause[name] * 2, LONGEST_WAIT_SECONDS)
            elif now >= self._restart_at[name]:
                del self._restart_at[name]
                self._start(runner)

    def ask_to_stop(self) -> None:
        for runner in self._watched:
            runner.ask_to_stop()

    def wait(self, seconds: float) -> None:
        """Wait for the end of all, ``seconds`` together."""
        deadline = time.monotonic() + seconds
        for runner in self._watched:
            runner.wait(max(0.1, deadline - time.monotonic()))

    def _start(self, runner: Runner) -> None:
        self._started_at[runner.name] = time.monotonic()
        runner.start()


class InThread:
    """A runner whose ``work`` is the body of one thread."""

    name = ""

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._guarded, name=self.name, daemon=True)
        self._thread.start()

    def alive(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def ask_to_stop(self) -> None:
        raise NotImplementedError

    def wait(self, seconds: float) -> None:
        if self._thread:
            self._thread.join(seconds)

    def work(self) -> None:
        raise NotImplementedError

    def _guarded(self) -> None:
        try:
            self.work()
        except Exception:
            logger.exception("The %s failed.", self.name)


class WorkerThread(InThread):
    """A Celery worker without its command line: that would take over signals and standard output."""

    name = "worker"
    node = f"demo-{os.getpid()}@localhost"

    def start(self) -> None:
        state.should_stop = None
        super().start()

    def work(self) -> None:
        worker = app.WorkController(
            pool="threads",
            concurrency=WORKER_THREADS,
            hostname=self.node,
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
        )
        worker.start()

    def ask_to_stop(self) -> None:
        state.should_stop = 0  # type: ignore[assignment]  # an exit code stops, None runs on
        app.control.shutdown(destination=[self.node])  # wakes the worker, which looks at the line above every 2 seconds


class BeatThread(InThread):
    name = "beat"

    def __init__(self, schedule_file: Path) -> None:
        super().__init__()
        self._schedule_file = schedule_file
        self._service: Any = None

    def start(self) -> None:
        self._service = beat.Service(
            app,
            max_interval=BEAT_LOOK_SECONDS,
            schedule_filename=str(self._schedule_file),
            scheduler_cls=import_string(settings.CELERY_BEAT_SCHEDULER),
        )
        super().start()

    def work(self) -> None:
        self._service.start()

    def ask_to_stop(self) -> None:
        if self._service:
            self._service.stop()


class ChildProcess:
    """A process of its own that ends with this one; its output appears here behind its name."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        listener: socket.socket | None = None,
    ) -> None:
        """``environment``: variables besides ours; ``listener``: an open socket that the program takes over by its number."""
        self.name = name
        self._command = command
        self._environment = environment or {}
        self._files = [listener.fileno()] if listener else []
        self._process: subprocess.Popen[str] | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - our own worker, by the path of this Python
            bound_to_us(self._command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            cwd=settings.BASE_DIR,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **self._environment},
            pass_fds=self._files,
            start_new_session=True,  # Ctrl-C in the terminal is for us, who stop it in order
        )
        assert self._process.stdout is not None  # noqa: S101 - said by stdout=PIPE
        copy_lines(self._process.stdout, self.name)

    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def ask_to_stop(self) -> None:
        if self._process and self.alive():
            self._process.terminate()

    def wait(self, seconds: float) -> None:
        if not self._process:
            return
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            logger.warning("The %s does not end; it is killed. Its work is done again later.", self.name)
            try:
                os.killpg(self._process.pid, signal.SIGKILL)
            except ProcessLookupError:
                return
            self._process.wait(5)
