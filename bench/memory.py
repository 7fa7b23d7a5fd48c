"""Whether a web worker's memory stays where it is: `python -m bench --only memory`; 20,000 requests over the main pages."""

import time
from itertools import cycle, islice

from django.test import Client

from bench.exports import resident_mb
from bench.pages import result_address, signed_in
from clients.models import Policy

REQUESTS = 20_000
EVERY = 2_000


def measure(username: str) -> None:
    """Print the resident memory of this process after every 2,000 requests; the first 2,000 are those that warm up."""
    client = signed_in(username)
    user = client.get("/").wsgi_request.user
    book = Policy.objects.for_user(user).exclude(account__number=None).order_by("id")
    accounts = list(book.values_list("account__number", flat=True)[:50])
    pages = [
        "/bench/page/",
        "/",
        result_address(client, "/clients/", {"by": "account", "value": accounts[0]}),
        "/accounts/my-information/",
        result_address(client, "/reports/new/", {"policy_status": "GRACE"}),
        "/reports/desk/",
        "/enroll/applications/",
        *(f"/clients/{number}/" for number in accounts),
    ]
    # As often each of the first seven as the clients' pages together.
    turn = [*pages[:7], pages[7]]
    clients_pages = cycle(pages[7:])
    anybody = Client(SERVER_NAME="localhost")
    start, after_first = time.perf_counter(), 0.0
    print(f"\n{'requests':>10}{'resident MB':>14}{'of the first 2,000':>20}{'requests/s':>12}")
    for number, address in enumerate(islice(cycle(turn), REQUESTS), start=1):
        # A browser of its own for each request: Django's test client leaves a kilobyte with itself each time.
        browser = Client(SERVER_NAME="localhost")
        browser.cookies = (anybody if number % 50 == 0 else client).cookies
        browser.get(next(clients_pages) if address == turn[-1] else address)
        if number % EVERY == 0:
            now = resident_mb()
            after_first = after_first or now
            speed = number / (time.perf_counter() - start)
            print(f"{number:>10,}{now:>14.0f}{now / after_first:>20.3f}{speed:>12.0f}", flush=True)
