"""Pages as ratios to the plainest signed-in page, each measured turn and turn about with it."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from django.core.management import call_command
from django.db import connection
from django.test import Client

from accounts.models import User
from clients.models import Policy
from portal.common.dates import today_in
from reporting import kept
from reporting.reports import REPORTS

ROUNDS = 40


BASELINE = "/bench/page/"


@dataclass(frozen=True)
class Timing:
    """Milliseconds of a page, and of the baseline page asked for turn and turn about with it.

    ``cpu`` is the processor's time of this process and its database backend, as a ratio to the baseline's: on a machine that
    has other things to do it tells more than the clock.
    """

    name: str
    p50: float
    p95: float
    base50: float
    base95: float
    cpu: float

    def __str__(self) -> str:
        ratios = f"{self.p50 / self.base50:>8.2f}{self.p95 / self.base95:>8.2f}{self.cpu:>8.2f}"
        return f"{self.name:<36}{self.p50:>9.1f}{self.p95:>9.1f}{self.base50:>9.1f}{self.base95:>9.1f}{ratios}"


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


def _time(name: str, client: Client, address: str, *, before: Callable[[], object] = lambda: None) -> Timing:
    for _ in range(3):
        assert client.get(address).status_code == 200, name
        client.get(BASELINE)
    page: list[float] = []
    baseline: list[float] = []
    used = [0.0, 0.0]
    for _ in range(ROUNDS):
        # By turns: whatever else the machine does meanwhile slows both.
        before()
        for place, (taken, wanted) in enumerate(((page, address), (baseline, BASELINE))):
            cpu, start = _processor_seconds(), time.perf_counter()
            client.get(wanted)
            taken.append((time.perf_counter() - start) * 1000)
            used[place] += _processor_seconds() - cpu
    return Timing(
        name, statistics.median(page), _p95(page), statistics.median(baseline), _p95(baseline), used[0] / used[1]
    )


def _processor_seconds() -> float:
    """Of this process and of the database's process that serves it; the latter where the system tells it."""
    own = time.process_time()
    if connection.connection is None:
        return own
    try:
        # Nanoseconds on a processor; more exact than the ticks of /proc/PID/stat.
        told = Path(f"/proc/{connection.connection.info.backend_pid}/schedstat").read_text()
    except OSError:
        return own
    return own + int(told.split()[0]) / 1e9


def _p95(taken: list[float]) -> float:
    return sorted(taken)[int(len(taken) * 0.95) - 1]


def _result_address(client: Client, path: str, posted: dict[str, str]) -> str:
    return client.post(path, posted)["Location"]


def _reports(client: Client) -> dict[str, str]:
    """Each report that goes by dates, over the two months around today."""
    today = today_in()
    days = {"first": f"{today - timedelta(days=30):%m/%d/%Y}", "last": f"{today + timedelta(days=30):%m/%d/%Y}"}
    return {
        f"report: {report.label}": _result_address(client, "/reports/new/", {"report": report.code, **days})
        for report in REPORTS
    }


def measure(usernames: list[str], *, only_reports: bool = False) -> None:
    """Print one line a page: milliseconds, those of the baseline page beside it, and the ratios.

    The figures of a large book are kept for two minutes; what it takes to count them has lines of its own.
    """
    for username in usernames:
        client = signed_in(username)
        user = User.objects.get(username=username)
        book = Policy.objects.for_user(user)
        print(f"\n{username}: {book.count():,} policies in view of {Policy.objects.count():,} in the portal")
        account = book.exclude(account__number=None).order_by("id").values_list("account__number", flat=True)[0]
        everything = _result_address(client, "/reports/new/", {"policy_status": "ALL"})
        addresses = {
            "home": "/",
            "search by account number": _result_address(client, "/clients/", {"by": "account", "value": account}),
            "search by last 4 of SSN": _result_address(client, "/clients/", {"by": "ssn4", "value": "1234"}),
            "client detail": f"/clients/{account}/",
            "report: Grace Period": _result_address(client, "/reports/new/", {"policy_status": "GRACE"}),
            "report: All": everything,
            **_reports(client),
            "save-the-policy desk": "/reports/desk/",
            "desk: grace month 1": "/reports/desk/?why=grace-1",
            "desk: call sheet": "/reports/desk/sheet/",
            "dashboard": "/reports/",
            "builder form": "/reports/new/",
            "report: All, last page": f"{everything}&page=9999",
            "commissions": "/reports/commissions/",
        }
        print(f"{'page':<36}{'p50 ms':>9}{'p95 ms':>9}{'base 50':>9}{'base 95':>9}{'p50 x':>8}{'p95 x':>8}{'cpu x':>8}")
        for name, address in addresses.items():
            if not only_reports or address == "/" or address.startswith("/reports/"):
                print(_time(name, client, address), flush=True)
        if kept.is_large(user):
            for name, address in (("desk, counted anew", "/reports/desk/"), ("dashboard, counted anew", "/reports/")):
                print(_time(name, client, address, before=kept.forget), flush=True)
