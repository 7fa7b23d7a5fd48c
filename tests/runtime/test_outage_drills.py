"""Parts of a production portal fail or are replaced while people work: nothing is lost or doubled, pages tell the truth.

F2 a pool process killed, F4 Redis away, F13 clocks that jump, F14 a deployment, F16 poison jobs; graceful ends.
DRILL_OUTAGE_SECONDS makes Redis stay away longer than the half minute that shows everything (figure F4: 600).
"""

import os
import re
import shutil
import signal
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.embedded.postgres import EmbeddedPostgres, remove_cluster
from tests.support.factories import PASSWORD
from tests.support.installation import FAKETIME, Answer, Browser, Installation, measured, pool_children
from tests.support.ports import free_port
from tests.support.proxy import BreakableNetwork
from tests.support.redis_server import Redis

pytestmark = [pytest.mark.no_db, pytest.mark.processes, pytest.mark.drill, pytest.mark.timeout(1800)]

PEOPLE = 20
OUTAGE_SECONDS = float(os.environ.get("DRILL_OUTAGE_SECONDS", "45"))
PAGES = ("/", "/clients/prospects/", "/clients/", "/reports/", "/messages/")
LATE = "Some things are taking longer than usual right now"
QUEUE = """
from django.db import transaction
from portal.common.messaging.send import send_email
from django.utils import timezone
with transaction.atomic():
    for number in range({count}):
        send_email(to=f"{prefix}{{number}}@people.example", kind="login_code", subject="Code",
                   context={{"minutes": 10, "requested_at": timezone.now()}}, code="ABCD2345")
"""


@pytest.fixture(scope="module")
def redis_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="portal-redis-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def redis(redis_folder: Path) -> Iterator[Redis]:
    if shutil.which("redis-server") is None:
        pytest.skip("no redis-server on this machine: apt-get install redis-server")
    server = Redis(redis_folder)
    yield server
    server.kill()


@pytest.fixture(scope="module")
def network(redis: Redis) -> Iterator[BreakableNetwork]:
    made = BreakableNetwork(redis.port)
    yield made
    made.close()


@pytest.fixture(scope="module")
def prepared(network: BreakableNetwork) -> Iterator[Installation]:
    """A migrated portal with its people, made once; nothing runs but PostgreSQL and Redis."""
    folder = Path(tempfile.mkdtemp(prefix="portal-test-", dir="/tmp"))
    folder.chmod(0o755)
    with EmbeddedPostgres(folder / "postgres") as server:
        server.ensure_database("portal")
        made = Installation(
            folder,
            port=free_port(),
            redis_port=network.port,
            DJANGO_SETTINGS_MODULE="tests.support.drill_settings",
        )
        made.prepare(PEOPLE)
        yield made
    remove_cluster(folder / "postgres")
    shutil.rmtree(folder)


@pytest.fixture
def portal(prepared: Installation, network: BreakableNetwork) -> Iterator[Installation]:
    """Nothing owed, nothing running; what the test starts is ended with it."""
    network.state = "passes"
    prepared.processes = {}
    for log in prepared.folder.glob("*.log"):
        log.unlink()
    prepared.ask(
        "DELETE FROM common_outboxmessage; DELETE FROM common_outboundmessage; DELETE FROM common_mailboxentry"
    )
    yield prepared
    prepared.close()


def queue_emails(portal: Installation, count: int, prefix: str = "person") -> None:
    portal.shell(QUEUE.format(count=count, prefix=prefix))


def delivered(portal: Installation) -> int:
    return portal.ask("SELECT count(*) FROM common_mailboxentry")[0][0]


def assert_each_arrived_once(portal: Installation, count: int, seconds: float = 120) -> float:
    took = portal.wait_until(lambda: delivered(portal) >= count, seconds, what="the delivery")
    portal.wait_until(
        lambda: not portal.ask("SELECT 1 FROM common_outboxmessage WHERE status = 'PENDING' LIMIT 1"),
        180,
        what="the marking",
    )
    assert portal.ask('SELECT count(*), count(DISTINCT "to") FROM common_mailboxentry') == [(count, count)]
    return took


def order_card(browser: Browser, person: dict, *, patience: float = 0.0) -> Answer:
    path = f"/clients/{person['account']}/id-cards/temporary/confirm/?policy={person['policy']}"
    return browser.post(path, {"bundle": "PDF"}, patience=patience)


def cards(portal: Installation) -> dict[str, int]:
    return dict(portal.ask("SELECT state, count(*) FROM clients_idcardrequest GROUP BY 1"))


def round_of(browsers: list[Browser]) -> list[Answer]:
    return [browser.get(path) for browser in browsers for path in PAGES]


def p95(answers: list[Answer]) -> float:
    return statistics.quantiles([answer.seconds for answer in answers], n=20)[-1]


# --- F4 ---


def test_redis_is_away_and_people_go_on_working(portal, network):
    portal.start_web(DELAYS_LOOK_SECONDS="1")
    portal.start_worker()
    portal.start_beat()
    browsers = [portal.browser_of(place) for place in range(4)]
    round_of(browsers)
    before = [answer for _ in range(3) for answer in round_of(browsers)]
    assert {answer.status for answer in before} == {200}
    assert LATE not in before[0].body

    network.refuse()
    began, during, ordered = time.monotonic(), [], 0
    while time.monotonic() - began < OUTAGE_SECONDS:
        during += round_of(browsers)
        if ordered < 10:
            answer = order_card(portal.browser_of(ordered), portal.people[ordered])
            assert answer.status == 302, answer
            during.append(answer)
            ordered += 1
    assert {answer.status for answer in during} == {200, 302}
    assert portal.ask("SELECT count(*) FROM clients_idcardorder") == [(ordered,)]
    assert LATE in browsers[0].get("/").body
    assert LATE in Browser(portal.port).get("/accounts/login/").body
    network.state = "passes"
    took = portal.wait_until(lambda: cards(portal).get("READY") == ordered, 120, what="the cards")
    assert cards(portal) == {"READY": ordered}
    portal.wait_until(lambda: LATE not in browsers[0].get("/").body, 20, what="the notice's end")
    # The machine has other work: the same pages before and after are what they are compared with.
    after = [answer for _ in range(3) for answer in round_of(browsers)]
    normal, slow = p95(before + after), p95([answer for answer in during if answer.status == 200])
    measured(
        f"F4: {OUTAGE_SECONDS:.0f} s without Redis, {len(during)} requests, p95 {slow * 1000:.0f} ms (before and after: "
        f"{normal * 1000:.0f} ms), {ordered} of {ordered} orders taken, done {took:.0f} s after it was back"
    )
    assert slow <= 2 * normal + 0.1
    portal.ask("DELETE FROM clients_idcardrequest; DELETE FROM clients_idcardorder")


# --- F2 ---


def test_a_killed_pool_process_costs_its_row_no_lease(portal):
    worker = portal.start_worker(OUTBOX_LEASE_SECONDS="600")
    portal.start_beat()
    portal.wait_until(lambda: "ready." in portal.log("worker"), 60, what="the worker's start")
    queue_emails(portal, 100)
    portal.wait_until(lambda: delivered(portal) >= 5, 30)
    for victim in pool_children(worker)[:1]:
        os.kill(victim, signal.SIGKILL)
    took = assert_each_arrived_once(portal, 100)
    assert worker.poll() is None
    measured(f"F2: a pool process killed among 100 emails, all delivered once, {took:.0f} s later (lease: 600 s)")


# --- F16 ---


def test_poison_jobs_are_parked_in_sight_and_the_others_flow(portal):
    """One kind fails, the other ends its process. The pauses between tries (half an hour in the end) are cut short here."""
    worker = portal.start_worker()
    portal.start_beat()
    queue_emails(portal, 2, prefix="kills-")
    queue_emails(portal, 2, prefix="fails-")
    queue_emails(portal, 50)
    others = portal.wait_until(lambda: delivered(portal) == 50, 120, what="the delivery of the others")
    hurry = "UPDATE common_outboxmessage SET not_before = now() WHERE status = 'PENDING' AND lease_until IS NULL"
    dead = "SELECT count(*) FROM common_outboxmessage WHERE status = 'DEAD'"

    def parked() -> bool:
        portal.ask(hurry)
        time.sleep(0.5)
        return portal.ask(dead) == [(4,)]

    took = portal.wait_until(parked, 240, what="the parking")
    rows = portal.ask("SELECT attempts, last_error FROM common_outboxmessage WHERE status = 'DEAD'")
    assert {attempts for attempts, _ in rows} <= {8, 9}
    assert sorted({error.split(":")[0] for _, error in rows}) == ["GiveUp", "ValueError"]
    assert delivered(portal) == 50
    assert worker.poll() is None
    health = portal.shell(
        "from portal.common import outbox; print(outbox.problems(), [m.samples for m in outbox.metrics() if 'given' in m.name])"
    )
    assert "owed_work_given_up" in health
    queue = portal.shell(
        "from django.contrib.admin import site; from django.test import RequestFactory\n"
        "from portal.common.staff_queues import counted; from tests.support.factories import UserFactory\n"
        "request = RequestFactory().get('/admin/'); request.user = UserFactory(username='drilladmin', carrier_admin=True)\n"
        "print({one.label: one.count for one in counted(site, request)}['Given up deliveries and jobs'])"
    )
    assert queue.strip().splitlines()[-1] == "4"
    measured(
        f"F16: 50 others delivered {others:.0f} s beside 2 jobs that fail and 2 that kill; these parked after 8 tries each "
        f"({took:.0f} s with the pauses cut short), 4 in the administration's queue"
    )


# --- F14 ---


def test_a_deployment_while_twenty_people_work(portal):
    """A migration, then the web server by its successor on the same socket, workers and beat replaced."""
    portal.start_web("--pid", str(portal.folder / "gunicorn.pid"))
    portal.start_worker()
    portal.start_beat()
    stop, answers, made = threading.Event(), [], []

    def work(place: int) -> None:
        browser, person, round_ = portal.browser_of(place), portal.people[place], 0
        while not stop.is_set():
            round_ += 1
            answers.extend(browser.get(path, patience=8) for path in PAGES[:3])
            lead = {"first_name": "Ann", "last_name": f"Lead{'abcdefghijklmnopqrstuvwxyz'[round_ % 26]}{place}"}
            name = f"Drill {place} {round_}"
            answer = browser.post(
                "/clients/prospects/new/",
                {**lead, "us_state": "IL", "zip": "60563", "email": f"lead{place}.{round_}@people.example"},
                patience=8,
            )
            answers.append(answer)
            if answer.status == 302:
                made.append(name)
            stop.wait(0.2)
        answers.append(order_card(browser, person, patience=8))

    threads = [threading.Thread(target=work, args=[place]) for place in range(PEOPLE)]
    for thread in threads:
        thread.start()
    queue_emails(portal, 300)
    time.sleep(3)
    # The migration first, as every release does it: a column that may be empty, an index without a lock.
    portal.ask("SET lock_timeout = '2s'; ALTER TABLE clients_prospect ADD COLUMN IF NOT EXISTS drill integer NULL")
    portal.manage("migrate", "--noinput")
    successor = portal.folder / "gunicorn.pid.2"
    portal.processes["web"].send_signal(signal.SIGUSR2)
    portal.wait_until(successor.exists, 60, what="the start of the web server's successor")
    portal.wait_until(lambda: len(_children(int(successor.read_text()))) >= 2, 60, what="its workers' start")
    old = portal.processes.pop("worker")
    portal.start_worker(name="worker-new")
    old.send_signal(signal.SIGTERM)
    portal.stop("beat")
    portal.start_beat()
    time.sleep(10)  # as an orchestrator gives new processes their time
    web = portal.processes["web"]
    web.send_signal(signal.SIGTERM)
    web_took, old_took = _ended(web), _ended(old)
    time.sleep(5)
    stop.set()
    for thread in threads:
        thread.join()
    portal.ask("ALTER TABLE clients_prospect DROP COLUMN drill")
    failed = [answer for answer in answers if answer.status not in (200, 302)]
    assert failed == []
    kept = portal.ask("SELECT count(*), count(DISTINCT email) FROM clients_prospect WHERE email LIKE 'lead%'")
    assert kept == [(len(made), len(made))]
    assert_each_arrived_once(portal, 300)
    portal.wait_until(lambda: cards(portal) == {"READY": PEOPLE}, 180, what="the cards")
    measured(
        f"F14: {len(answers)} requests of {PEOPLE} people, 0 failed; {len(made)} prospects once each, 300 emails and "
        f"{PEOPLE} cards once each; the slowest request took {max(one.seconds for one in answers):.1f} s, the old web server "
        f"ended in {web_took:.0f} s, the old worker in {old_took:.0f} s"
    )


def _children(pid: int) -> list[str]:
    return subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True).stdout.split()


def _ended(process: subprocess.Popen[bytes]) -> float:
    began = time.monotonic()
    process.wait(60)
    return time.monotonic() - began


# --- F13 ---

FAKED = {"LD_PRELOAD": str(FAKETIME), "TZ": "UTC"}
NEGATIVE = re.compile(r"-\d+\s+(second|minute|hour|day|month)s?\b")
SIGN_IN = """
from django.conf import settings; from django.test import Client; from accounts.models import User
settings.ALLOWED_HOSTS = ["*"]
browser = Client(HTTP_HOST="localhost"); browser.force_login(User.objects.get(username="{username}"))
print(browser.cookies[settings.SESSION_COOKIE_NAME].value)
"""
DAYS = """
from datetime import UTC, datetime; from zoneinfo import ZoneInfo; from portal.common.dates import today_in
zones = {"IL": "Chicago", "OK": "Chicago", "TX": "Chicago", "MT": "Denver", "NM": "Denver"}
now = datetime.now(UTC)
days = {state: str(today_in(state)) for state in zones}
assert days == {state: str(now.astimezone(ZoneInfo(f"America/{zone}")).date()) for state, zone in zones.items()}, days
print(now.isoformat(), days)
"""


@pytest.fixture
def faketime() -> None:
    if not FAKETIME.exists():
        pytest.skip("no libfaketime on this machine: apt-get install faketime")


@pytest.mark.parametrize(("jump", "place"), [("+1h", 10), ("-1h", 11), ("+90d", 12)])
def test_a_web_process_with_another_clock_opens_nothing_early_and_shows_no_negative_age(portal, faketime, jump, place):
    username = portal.people[place]["username"]
    portal.start_web(workers=1)
    off = free_port()
    portal.start_web(workers=1, name="off", port=off, FAKETIME=jump, **FAKED)
    for _ in range(5):
        Browser(portal.port).post("/accounts/login/", {"username": username, "password": "not this one"})
    answer = Browser(off).post("/accounts/login/", {"username": username, "password": PASSWORD})
    assert answer.status == 200
    wait = re.search(r"try again in (\d+) minute", answer.body)
    assert wait, answer.body[-3000:]
    session = portal.shell(SIGN_IN.format(username=portal.people[0]["username"]), FAKETIME=jump, **FAKED).split()[-1]
    browser = Browser(off, {"__Host-sessionid": session})
    pages = [browser.get(path) for path in (*PAGES, f"/clients/{portal.people[0]['account']}/", "/reports/desk/")]
    assert [page.status for page in pages] == [200] * len(pages)
    assert [found for page in pages if (found := NEGATIVE.search(page.body))] == []
    assert "clock_differs" in Browser(off).get("/health/").body
    assert "clock_differs" not in Browser(portal.port).get("/health/").body
    measured(f"F13: web process {jump}: still locked for {wait[1]} min, {len(pages)} pages without a negative age")


@pytest.mark.parametrize(
    "moment", ["2026-11-01 05:00:30", "2026-11-01 06:59:30", "2026-03-08 07:59:59", "2027-01-01 06:30:00"]
)
def test_each_state_has_its_own_day_at_midnight_and_when_the_clocks_change(portal, faketime, moment):
    said = portal.shell(DAYS, FAKETIME=f"@{moment}", **FAKED)
    measured(f"F13: {said.strip().splitlines()[-1]}")


# --- graceful ends ---


def test_each_process_ends_by_itself_when_it_is_asked_to(portal):
    """Readiness says no first and requests are served meanwhile; a worker finishes its task; beat keeps its schedule."""
    portal.start_web(SHUTDOWN_DRAIN_SECONDS="3")
    worker = portal.start_worker()
    portal.start_beat()
    portal.wait_until(lambda: "ready." in portal.log("worker"), 60, what="the worker's start")
    queue_emails(portal, 60)
    portal.wait_until(lambda: delivered(portal) >= 5, 30)
    browser = portal.browser_of(0)
    web = portal.processes["web"]
    web.send_signal(signal.SIGTERM)
    time.sleep(1)
    drained = [browser.get(path).status for path in ("/health/ready/", "/health/live/", "/health/", "/")]
    assert drained == [503, 200, 200, 200]
    web_took = portal.stop("web")
    assert browser.get("/").status == 0
    worker_took = portal.stop("worker")
    assert worker.returncode == 0
    unfinished = portal.ask("SELECT count(*) FROM common_outboxmessage WHERE lease_until IS NOT NULL")
    assert unfinished == [(0,)]
    beat_took = portal.stop("beat")
    portal.start_worker(name="worker-new")
    portal.start_beat()
    assert_each_arrived_once(portal, 60)
    measured(
        f"graceful ends: web {web_took:.1f} s after its 3 s of not being ready, worker {worker_took:.1f} s without an open "
        f"lease, beat {beat_took:.1f} s"
    )
