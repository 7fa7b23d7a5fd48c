"""Kill what delivers while 100 emails are queued: afterwards each one has arrived, exactly once (F1, F3)."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg2
import pytest

from portal.embedded.location import locate
from tests.runtime.conftest import ROOT, server_processes, wait_until
from tests.runtime.test_demo import Demo, free_port, prepared  # noqa: F401

pytestmark = [pytest.mark.no_db, pytest.mark.processes]
QUEUED = 100
ENOUGH_SECONDS = 60
QUEUE = f"""
from django.db import transaction
from portal.common.messaging.send import send_email
with transaction.atomic():
    for number in range({QUEUED}):
        send_email(to=f"person{{number}}@people.example", kind="login_code", subject="Code", context={{"minutes": 10}}, code="ABCD2345")
"""


class Portal:
    """A demo on a runtime folder of its own, with a look into its database."""

    def __init__(self, folder: Path, **env: str) -> None:
        self.folder = folder
        self.delivery_log = folder / f"deliveries-{time.monotonic_ns()}.txt"
        self.env = {
            "DJANGO_SETTINGS_MODULE": "tests.support.slow_mail_settings",
            "DELIVERY_LOG": str(self.delivery_log),
            "OUTBOX_LEASE_SECONDS": "3",
            "OUTBOX_SWEEP_SECONDS": "1",
            **env,
        }
        self.started: list[Demo] = []
        self.demo = self.start()

    def start(self) -> Demo:
        demo = Demo(self.folder, free_port(), **self.env)
        self.started.append(demo)
        demo.wait_ready()
        return demo

    def close(self) -> None:
        for demo in self.started:
            demo.process.kill()
            demo.process.wait()

    def queue_emails(self) -> None:
        self.ask(
            "DELETE FROM common_outboxmessage; DELETE FROM common_outboundmessage; DELETE FROM common_mailboxentry"
        )
        subprocess.run(
            [sys.executable, "manage.py", "shell", "--no-imports", "-c", QUEUE],
            cwd=ROOT,
            env={**os.environ, "PORTAL_RUNTIME_DIR": str(self.folder), **self.env},
            check=True,
            capture_output=True,
        )

    def ask(self, sql: str) -> list[tuple]:
        place = locate(self.folder / "postgres")
        connection = psycopg2.connect(host=str(place.socket_dir), user="postgres", dbname="portal")
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(sql)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def delivered(self) -> int:
        return self.ask("SELECT count(*) FROM common_mailboxentry")[0][0]

    def wait_until_delivered(self, at_least: int) -> int:
        ends = time.monotonic() + ENOUGH_SECONDS
        while (count := self.delivered()) < at_least:
            assert time.monotonic() < ends, (
                f"only {count} of {at_least} delivered; {self.demo.output.read_text()[-3000:]}"
            )
            time.sleep(0.02)
        return count

    def assert_each_arrived_once(self) -> None:
        self.wait_until_delivered(QUEUED)
        ends = time.monotonic() + ENOUGH_SECONDS
        while self.ask("SELECT count(*) FROM common_outboxmessage WHERE status <> 'DONE'")[0][0]:
            assert time.monotonic() < ends, "some rows are not marked as done"
            time.sleep(0.05)
        assert self.ask('SELECT count(*), count(DISTINCT "to") FROM common_mailboxentry') == [(QUEUED, QUEUED)]
        assert self.ask("SELECT state, count(*) FROM common_outboundmessage GROUP BY state") == [("SENT", QUEUED)]
        # A crash between sending and marking repeats that one message under the same Message-ID, which its receiver
        # keeps once. Anything beyond one repeat a kill would be a claim that did not hold.
        calls = self.delivery_log.read_text().split()
        assert len(calls) - len(set(calls)) <= 4


@pytest.fixture
def open_portal(prepared: Path) -> Iterator[Callable[..., Portal]]:  # noqa: F811
    opened: list[Portal] = []

    def start(**env: str) -> Portal:
        opened.append(Portal(prepared, **env))
        return opened[-1]

    yield start
    for portal in opened:
        portal.close()
    wait_until(lambda: not server_processes(prepared / "postgres"))


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator["Redis"]:
    if shutil.which("redis-server") is None:
        pytest.skip("no redis-server on this machine: apt-get install redis-server")
    server = Redis(tmp_path)
    yield server
    server.kill()


class Redis:
    """A real Redis without persistence: killed, it has lost everything."""

    keeps: tuple[str, ...] = ("--save", "", "--appendonly", "no")

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self) -> None:
        command = ["redis-server", "--port", str(self.port), *self.keeps, "--bind", "127.0.0.1"]
        self.process = subprocess.Popen([*command, "--dir", str(self.folder)], stdout=subprocess.DEVNULL)
        for _ in range(200):
            ping = subprocess.run(["redis-cli", "-p", str(self.port), "ping"], capture_output=True, text=True)
            if ping.stdout.strip() == "PONG":
                return
            time.sleep(0.02)
        raise AssertionError("redis-server did not start")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def worker_pids(demo: Demo) -> list[int]:
    """The Celery worker of this demo: its main process and the processes of its pool."""
    listing = subprocess.run(["ps", "-ww", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in listing.splitlines()[1:]]
    family = {demo.process.pid}
    for _generation in range(4):
        family |= {int(pid) for pid, parent, _args in rows if int(parent) in family}
    return [int(pid) for pid, _parent, args in rows if int(pid) in family and "celery" in args and " worker " in args]


@pytest.mark.drill
@pytest.mark.feature("ISS_06")
def test_the_demo_process_is_killed(open_portal):
    portal = open_portal()
    portal.queue_emails()
    assert portal.wait_until_delivered(5) < QUEUED
    portal.demo.process.kill()
    portal.demo.process.wait()
    portal.demo = portal.start()
    portal.assert_each_arrived_once()


@pytest.mark.drill
@pytest.mark.feature("ISS_06")
def test_the_worker_process_is_killed(open_portal, redis_server):
    portal = open_portal(REDIS_URL=redis_server.url)
    portal.queue_emails()
    assert portal.wait_until_delivered(5) < QUEUED
    workers = worker_pids(portal.demo)
    assert len(workers) >= 2
    for pid in workers:
        os.kill(pid, signal.SIGKILL)
    portal.assert_each_arrived_once()


@pytest.mark.drill
@pytest.mark.feature("ISS_06")
def test_redis_is_killed_and_comes_back_empty(open_portal, redis_server):
    portal = open_portal(REDIS_URL=redis_server.url)
    portal.queue_emails()
    assert portal.wait_until_delivered(5) < QUEUED
    redis_server.kill()
    time.sleep(0.5)
    redis_server.start()
    portal.assert_each_arrived_once()
