"""Whether a web worker's memory stays where it is: `python -m bench --only memory`; 20,000 requests over the main pages."""

import time
from itertools import cycle, islice
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.test import RequestFactory

from bench.exports import resident_mb
from bench.pages import result_address, signed_in
from clients.models import Policy

REQUESTS = 20_000
EVERY = 2_000


def _ask(application: Any, address: str, cookies: str) -> None:
    """As a web server asks: Django's test client leaves a kilobyte behind with each request."""
    environ = RequestFactory(SERVER_NAME="localhost", HTTP_COOKIE=cookies).get(address).environ
    response = application(environ, lambda status, headers: None)
    b"".join(response)
    response.close()


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
    application, session = get_wsgi_application(), client.cookies[settings.SESSION_COOKIE_NAME].value
    start, after_first = time.perf_counter(), 0.0
    print(f"\n{'requests':>10}{'resident MB':>14}{'of the first 2,000':>20}{'requests/s':>12}")
    for number, address in enumerate(islice(cycle(turn), REQUESTS), start=1):
        cookies = "" if number % 50 == 0 else f"{settings.SESSION_COOKIE_NAME}={session}"
        _ask(application, next(clients_pages) if address == turn[-1] else address, cookies)
        if number % EVERY == 0:
            now = resident_mb()
            after_first = after_first or now
            speed = number / (time.perf_counter() - start)
            print(f"{number:>10,}{now:>14.0f}{now / after_first:>20.3f}{speed:>12.0f}", flush=True)
