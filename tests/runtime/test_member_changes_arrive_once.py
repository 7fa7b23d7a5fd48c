"""Kill workers with kill -9 and wipe Redis while changes go out: each has one effect, in order, and none is lost (CON_03)."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.runtime.conftest import ROOT, server_processes, wait_until
from tests.runtime.test_demo import prepared  # noqa: F401
from tests.runtime.test_nothing_owed_is_lost import Portal, redis_server, worker_pids  # noqa: F401

pytestmark = [pytest.mark.no_db, pytest.mark.processes, pytest.mark.drill, pytest.mark.feature("CON_03")]
MEMBERS, EACH = 60, 4
QUEUED = MEMBERS * EACH
ENOUGH_SECONDS = 120
SETTINGS = "tests.support.sync_demo_settings"
QUEUE = f"""
from django.utils import timezone
from accounts.models import User
from clients.models import Member, MemberChange, SimulatedReceipt
from clients.services import member_changes
from tests.support.factories import PolicyFactory, ProducerNumberFactory, UserFactory
MemberChange.objects.all().delete()
SimulatedReceipt.objects.all().delete()
by = User.objects.filter(username="drill").first() or UserFactory(username="drill")
number = by.producer.numbers.first() or ProducerNumberFactory(producer=by.producer)
members = list(Member.objects.filter(role="PRIMARY").select_related("account"))
if not members:
    members = [Member.objects.get(account=PolicyFactory(producer_number=number).account) for _ in range({MEMBERS})]
for member in members:
    for place in range({EACH}):
        member_changes.queue(
            kind=MemberChange.Kind.ID_CARD, policy=member.account.policies.get(), member=member, payload={{}},
            reference=f"drill-{{place}}", by=by, now=timezone.now(),
        )
"""


class Sync(Portal):
    def queue(self) -> None:
        done = subprocess.run(
            [sys.executable, "manage.py", "shell", "--no-imports", "-c", QUEUE],
            cwd=ROOT,
            env={**os.environ, "PORTAL_RUNTIME_DIR": str(self.folder), **self.env},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr

    def received(self) -> int:
        return self.ask("SELECT count(*) FROM clients_simulatedreceipt")[0][0]

    def wait_until_received(self, at_least: int) -> int:
        ends = time.monotonic() + ENOUGH_SECONDS
        while (count := self.received()) < at_least:
            assert time.monotonic() < ends, (
                f"only {count} of {at_least} received; {self.demo.output.read_text()[-3000:]}"
            )
            time.sleep(0.02)
        return count

    def assert_each_had_one_effect(self, *, kills: int) -> None:
        ends = time.monotonic() + ENOUGH_SECONDS
        while self.ask("SELECT count(*) FROM clients_memberchange WHERE status <> 'ACKED'")[0][0]:
            assert time.monotonic() < ends, self.ask("SELECT status, count(*) FROM clients_memberchange GROUP BY 1")
            time.sleep(0.05)
        receipts, deliveries = self.ask("SELECT count(*), sum(deliveries) FROM clients_simulatedreceipt")[0]
        assert receipts == QUEUED
        assert deliveries - QUEUED <= kills, "more repeats than kills"
        # A receipt's id is its place in the order of arrival; the reference ends with the change's id.
        wrong = self.ask(
            "WITH came AS (SELECT r.id AS place, c.id AS change, c.member_id FROM clients_simulatedreceipt r "
            "JOIN clients_memberchange c ON c.bgn02 = r.reference) SELECT count(*) FROM came a JOIN came b "
            "ON a.member_id = b.member_id AND a.change < b.change AND a.place > b.place"
        )
        assert wrong == [(0,)]


@pytest.fixture
def open_sync(prepared: Path) -> Iterator[Callable[..., Sync]]:  # noqa: F811
    opened: list[Sync] = []

    def start(**env: str) -> Sync:
        opened.append(Sync(prepared, DJANGO_SETTINGS_MODULE=SETTINGS, **env))
        opened[-1].queue()
        return opened[-1]

    yield start
    for portal in opened:
        portal.close()
    wait_until(lambda: not server_processes(prepared / "postgres"))


def test_the_demo_process_is_killed(open_sync):
    portal = open_sync()
    assert portal.wait_until_received(10) < QUEUED
    portal.demo.process.kill()
    portal.demo.process.wait()
    portal.demo = portal.start()
    portal.assert_each_had_one_effect(kills=1)


def test_workers_are_killed_again_and_again_and_redis_is_wiped(open_sync, redis_server):  # noqa: F811
    portal = open_sync(REDIS_URL=redis_server.url)
    kills = 0
    for share in (0.1, 0.3, 0.5):
        assert portal.wait_until_received(int(QUEUED * share)) < QUEUED
        workers = worker_pids(portal.demo)
        assert len(workers) >= 2
        for pid in workers:
            os.kill(pid, signal.SIGKILL)
            kills += 1
        if share == 0.3:
            subprocess.run(["redis-cli", "-p", str(redis_server.port), "flushall"], check=True, capture_output=True)
        if share == 0.5:
            redis_server.kill()
            time.sleep(0.5)
            redis_server.start()
    portal.assert_each_had_one_effect(kills=kills)
