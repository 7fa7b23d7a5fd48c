"""Pages of the slice as ratios to the plainest signed-in page, measured in one run."""

import statistics
import time
from dataclasses import dataclass

from django.core.management import call_command
from django.test import Client

from accounts.models import User
from clients.models import Policy

ROUNDS = 40


@dataclass(frozen=True)
class Timing:
    name: str
    p50: float
    p95: float


# Who has a book worth measuring: the demo's people, or those of load_demo --members.
USUAL_PEOPLE = ("rsolberg7", "prairieagency", "bench3k", "bench30k", "bench100k")


def loaded_users() -> list[str]:
    """Usernames to measure: whichever of the usual ones this database holds. Loads the demo book into an empty one."""
    call_command("migrate", verbosity=0)
    call_command("load_demo", if_empty=True)
    found = set(User.objects.filter(username__in=USUAL_PEOPLE).values_list("username", flat=True))
    return [name for name in USUAL_PEOPLE if name in found]


def signed_in(username: str) -> Client:
    client = Client(SERVER_NAME="localhost")
    client.force_login(User.objects.get(username=username))
    return client


def _time(name: str, client: Client, address: str) -> Timing:
    for _ in range(3):
        assert client.get(address).status_code == 200, name
    taken = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        client.get(address)
        taken.append((time.perf_counter() - start) * 1000)
    taken.sort()
    return Timing(name, statistics.median(taken), taken[int(len(taken) * 0.95) - 1])


def _result_address(client: Client, path: str, posted: dict[str, str]) -> str:
    return client.post(path, posted)["Location"]


def measure(usernames: list[str]) -> None:
    """Print one line a page: milliseconds and the ratio to the baseline page of the same run."""
    for username in usernames:
        client = signed_in(username)
        user = User.objects.get(username=username)
        book = Policy.objects.for_user(user)
        print(f"\n{username}: {book.count():,} policies in view of {Policy.objects.count():,} in the portal")
        account = book.exclude(account__number=None).order_by("id").values_list("account__number", flat=True)[0]
        addresses = {
            "home": "/",
            "search by account number": _result_address(client, "/clients/", {"by": "account", "value": account}),
            "search by last 4 of SSN": _result_address(client, "/clients/", {"by": "ssn4", "value": "1234"}),
            "client detail": f"/clients/{account}/",
            "report: Grace Period": _result_address(client, "/reports/new/", {"policy_status": "GRACE"}),
            "report: All": _result_address(client, "/reports/new/", {"policy_status": "ALL"}),
        }
        baseline = _time("baseline: /bench/page/", client, "/bench/page/")
        timings = [baseline, *(_time(name, client, address) for name, address in addresses.items())]
        print(f"{'page':<28}{'p50 ms':>9}{'p95 ms':>9}{'p50 x':>8}{'p95 x':>8}")
        for timing in timings:
            ratios = f"{timing.p50 / baseline.p50:>8.2f}{timing.p95 / baseline.p95:>8.2f}"
            print(f"{timing.name:<28}{timing.p50:>9.1f}{timing.p95:>9.1f}{ratios}")
