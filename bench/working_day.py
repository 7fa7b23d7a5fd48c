"""A working day on a portal as in production: `python -m bench --only day`.

gunicorn with two workers, a Celery worker with two processes, beat, Redis and PostgreSQL, all on this machine, in a portal
of 200,000 policies. Two things are measured: 32 people at once for a minute, and fifty ID cards ordered by fifty people.
"""

import json
import random
import shutil
import statistics
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MEMBERS = 155_000  # about 200,000 policies
CONNECTIONS, SECONDS = 32, 60
CARDS = 50
PEOPLE = ("rsolberg7", "prairieagency", "bench3k", "bench30k")
# What a day is made of: how often each page is opened among a hundred. A name in braces is an address of the person's own.
PAGES = {
    "/": 14,
    "{search}": 14,
    "{client}": 22,
    "/clients/prospects/": 5,
    "{grace}": 7,
    "{everything}": 4,
    "/reports/desk/": 8,
    "/reports/": 4,
    "/enroll/": 5,
    "/enroll/quotes/": 4,
    "/enroll/applications/": 6,
    "/messages/": 4,
    "/accounts/my-information/": 3,
}


@contextmanager
def _portal() -> Iterator:
    from portal.embedded.postgres import EmbeddedPostgres, remove_cluster
    from tests.support.installation import Installation
    from tests.support.ports import free_port
    from tests.support.redis_server import Redis

    folder = Path(tempfile.mkdtemp(prefix="portal-bench-", dir="/tmp"))
    folder.chmod(0o755)
    (folder / "redis").mkdir()
    redis = Redis(folder / "redis")
    try:
        with EmbeddedPostgres(folder / "postgres") as server:
            server.ensure_database("portal")
            portal = Installation(
                folder,
                port=free_port(),
                redis_port=redis.port,
                DJANGO_SETTINGS_MODULE="tests.support.drill_settings",
                LOG_LEVEL="WARNING",
            )
            try:
                yield portal
            finally:
                portal.close()
    finally:
        redis.kill()
        remove_cluster(folder / "postgres")
        shutil.rmtree(folder)


def _told(name: str, taken: list[float]) -> str:
    cuts = statistics.quantiles(taken, n=100)
    p50, p95, p99 = cuts[49] * 1000, cuts[94] * 1000, cuts[98] * 1000
    return f"{name:<44}{len(taken):>8}{p50:>9.0f}{p95:>9.0f}{p99:>9.0f}{p99 / p50:>9.1f}"


def measure() -> None:
    """Print what the answers were, how long they took, and how the slow ones stand to the usual one."""
    with _portal() as portal:
        start = time.perf_counter()
        portal.manage("migrate", "--noinput")
        portal.manage("load_demo", "--members", str(MEMBERS), "--force")
        portal.prepare(CARDS)
        people = json.loads(portal.run("-m", "bench.working_day").strip().splitlines()[-1])
        policies = portal.ask("SELECT count(*) FROM clients_policy")[0][0]
        print(f"\nA portal of {policies:,} policies, made in {time.perf_counter() - start:.0f} s")
        portal.start_web()
        portal.start_worker()
        portal.start_beat()
        _mixed(portal, people)
        _cards(portal)


def _mixed(portal, people: list[dict]) -> None:
    from tests.support.installation import Browser

    mix = [page for page, often in PAGES.items() for _ in range(often)]
    taken: dict[str, list[float]] = {page: [] for page in PAGES}
    statuses: Counter[int] = Counter()
    guard = threading.Lock()

    def address(page: str, person: dict, chance: random.Random) -> str:
        return page.format(
            search=chance.choice(person["searches"]),
            client=f"/clients/{chance.choice(person['accounts'])}/",
            grace=person["grace"],
            everything=person["everything"],
        )

    def work(place: int) -> None:
        person, chance = people[place % len(people)], random.Random(place)  # noqa: S311 - the same day each time
        browser = Browser(portal.port, {"__Host-sessionid": person["session"]})
        while time.monotonic() < ends:
            page = chance.choice(mix)
            answer = browser.get(address(page, person, chance))
            with guard:
                statuses[answer.status] += 1
                taken[page].append(answer.seconds)

    for person in people:  # each web process and the database's caches have seen each page
        browser, chance = Browser(portal.port, {"__Host-sessionid": person["session"]}), random.Random(1)  # noqa: S311 - the same addresses each time
        for page in [*PAGES, *PAGES]:
            answer = browser.get(address(page, person, chance))
            assert answer.status == 200, (page, answer.status, answer.location)
    ends = time.monotonic() + SECONDS
    threads = [threading.Thread(target=work, args=[place]) for place in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    everything = [one for each in taken.values() for one in each]
    print(f"\n{'':<44}{'requests':>8}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}{'99 to 50':>9}")
    print(_told(f"{CONNECTIONS} people at once for {SECONDS} s", everything))
    for page, each in taken.items():
        if len(each) > 10:
            print(_told(f"  {page}", each))
    print(f"answers by status (0: none): {dict(statuses)}")


def _cards(portal) -> None:
    """One card alone, five times, is what the fifty are compared with."""

    def order(place: int) -> float:
        person = portal.people[place]
        path = f"/clients/{person['account']}/id-cards/temporary/confirm/?policy={person['policy']}"
        browser = portal.browser_of(place)
        page = browser.get(path)
        started = time.monotonic()
        answer = browser.post(path, {"bundle": "PDF"})
        assert (page.status, answer.status) == (200, 302), (page.status, answer.status)
        return time.monotonic() - started

    def ready() -> int:
        return portal.ask("SELECT count(*) FROM clients_idcardrequest WHERE state = 'READY'")[0][0]

    before = ready()
    alone = []
    for place in range(5):
        started = time.monotonic()
        order(place)
        portal.wait_until(lambda place=place: ready() >= before + place + 1, 60, what="a card")
        alone.append(time.monotonic() - started)
    started = time.monotonic()
    asked = [order(place) for place in range(5, CARDS)] + [order(place) for place in range(5)]
    sent = time.monotonic() - started
    portal.wait_until(lambda: ready() >= before + 5 + CARDS, 300, what="the cards")
    everything = time.monotonic() - started
    print(f"\nOne ID card alone, from the order to the file: {statistics.median(alone):.2f} s (median of five)")
    print(_told("ordering, with the page before it", asked))
    print(
        f"{CARDS} cards: ordered within {sent:.1f} s, the last file {everything:.1f} s after the first order, "
        f"{everything / statistics.median(alone):.1f} times one alone (aim: at most 90 s)"
    )


def sessions() -> list[dict]:
    """People with books of 400 to 30,000 policies, signed in, with addresses of their own; asked within the portal's settings."""
    from django.conf import settings
    from django.test import Client

    from accounts.models import User
    from bench.pages import result_address
    from clients.models import Policy

    settings.ALLOWED_HOSTS = ["*"]
    made = []
    for user in User.objects.filter(username__in=PEOPLE):
        browser = Client(SERVER_NAME="localhost", HTTP_X_FORWARDED_PROTO="https")
        browser.force_login(user)
        book = Policy.objects.for_user(user).exclude(account__number=None).order_by("id")
        accounts = list(book.values_list("account__number", flat=True)[:200])
        made.append(
            {
                "session": browser.cookies[settings.SESSION_COOKIE_NAME].value,
                "accounts": accounts,
                "searches": [
                    result_address(browser, "/clients/", {"by": "account", "value": number}) for number in accounts[:3]
                ],
                "grace": result_address(browser, "/reports/new/", {"policy_status": "GRACE"}),
                "everything": result_address(browser, "/reports/new/", {"policy_status": "ALL"}),
            }
        )
    return made


if __name__ == "__main__":
    import django

    django.setup()
    print(json.dumps(sessions()))
