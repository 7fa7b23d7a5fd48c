"""Pages as ratios to the plainest signed-in page, each measured turn and turn about with it."""

from collections.abc import Callable
from datetime import timedelta

from django.core.management import call_command
from django.test import Client

from accounts.models import User
from bench.turns import HEADING, Timing, by_turns
from clients.models import Policy
from portal.common.dates import today_in
from reporting import kept
from reporting.reports import REPORTS

BASELINE = "/bench/page/"

# Who has a book worth measuring: the demo's people, or those of load_demo --members.
USUAL_PEOPLE = ("rsolberg7", "prairieagency", "bench3k", "bench30k", "bench100k")


def loaded_users() -> list[str]:
    """Usernames to measure: whichever of the usual ones this database holds. Loads the demo book into an empty one."""
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    call_command("load_demo", if_empty=True)
    found = set(User.objects.filter(username__in=USUAL_PEOPLE).values_list("username", flat=True))
    return [name for name in USUAL_PEOPLE if name in found]


def signed_in(username: str) -> Client:
    client = Client(SERVER_NAME="localhost")
    client.force_login(User.objects.get(username=username))
    return client


def time_page(name: str, client: Client, address: str, *, before: Callable[[], object] = lambda: None) -> Timing:
    """A page, which must answer 200, by turns with the baseline page."""
    assert client.get(address).status_code == 200, name
    return by_turns(name, lambda: client.get(address), lambda: client.get(BASELINE), before=before)


def result_address(client: Client, path: str, posted: dict[str, str]) -> str:
    return client.post(path, posted)["Location"]


def _reports(client: Client) -> dict[str, str]:
    """Each report that goes by dates, over the two months around today."""
    today = today_in()
    days = {"first": f"{today - timedelta(days=30):%m/%d/%Y}", "last": f"{today + timedelta(days=30):%m/%d/%Y}"}
    return {
        f"report: {report.label}": result_address(client, "/reports/new/", {"report": report.code, **days})
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
        everything = result_address(client, "/reports/new/", {"policy_status": "ALL"})
        addresses = {
            "home": "/",
            "search by account number": result_address(client, "/clients/", {"by": "account", "value": account}),
            "search by last 4 of SSN": result_address(client, "/clients/", {"by": "ssn4", "value": "1234"}),
            "client detail": f"/clients/{account}/",
            "report: Grace Period": result_address(client, "/reports/new/", {"policy_status": "GRACE"}),
            "report: All": everything,
            **_reports(client),
            "save-the-policy desk": "/reports/desk/",
            "desk: grace month 1": "/reports/desk/?why=grace-1",
            "desk: ended policies": "/reports/desk/?why=termed",
            "desk: call sheet": "/reports/desk/sheet/",
            "dashboard": "/reports/",
            "builder form": "/reports/new/",
            "report: All, last page": f"{everything}&page=9999",
            "commissions": "/reports/commissions/",
        }
        print(f"{'page, baseline ' + BASELINE:<36}{HEADING}")
        for name, address in addresses.items():
            if not only_reports or address == "/" or address.startswith("/reports/"):
                print(time_page(name, client, address), flush=True)
        if kept.is_large(user):
            for name, address in (("desk, counted anew", "/reports/desk/"), ("dashboard, counted anew", "/reports/")):
                print(time_page(name, client, address, before=kept.forget), flush=True)
