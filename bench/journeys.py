"""Logging in, the steps of an application and ordering ID cards, each by turns with a named baseline.

The password is measured against one Argon2 verification of the same hash, which is what it is meant to cost; pages and
forms against the plainest signed-in page. Everything that is written is taken back.
"""

from collections.abc import Callable
from itertools import count
from typing import Any

from django.contrib.auth.hashers import check_password
from django.db import transaction
from django.test import Client
from django.utils import timezone

from accounts.models import ProducerNumber, User
from bench.pages import BASELINE, signed_in, time_page
from bench.turns import HEADING, by_turns
from clients.models import Policy
from clients.models.id_cards import IdCardOrder
from clients.selectors.id_cards import policies_to_choose
from enrollment.models import Application
from enrollment.services import catalog_import, shipped_catalog
from enrollment.wizard.steps import STEPS
from portal.demo_data.logins import PASSWORD

BARE = "/bench/bare/"
LOGIN = "/accounts/login/"


def measure(username: str) -> None:
    """Print a line each."""
    user = User.objects.get(username=username)
    _measure_login(user)
    with transaction.atomic():
        _measure_wizard(user)
        transaction.set_rollback(True)
    _measure_id_cards(user)


def _undone(act: Callable[[], Any], status: int) -> Callable[[], None]:
    """Does it and takes it back; it must answer with this status."""

    def done() -> None:
        with transaction.atomic():
            answer = act()
            assert answer.status_code == status, (answer.status_code, getattr(answer, "url", ""))
            transaction.set_rollback(True)

    return done


def _measure_login(user: User) -> None:
    number = count()

    def login(password: str, username: str) -> Any:
        return Client(SERVER_NAME="localhost").post(LOGIN, {"username": username, "password": password})

    anybody = Client(SERVER_NAME="localhost")
    print(f"\n{f'log in, baseline {BARE}':<36}{HEADING}")
    print(by_turns("log in page", lambda: anybody.get(LOGIN), lambda: anybody.get(BARE)))
    print(f"{'log in, baseline one Argon2 check':<36}{HEADING}")

    def argon() -> None:
        assert check_password(PASSWORD, user.password)

    print(by_turns("right password", _undone(lambda: login(PASSWORD, user.username), 302), argon))
    print(by_turns("wrong password", _undone(lambda: login("Wrong#Kite58", user.username), 200), argon))
    print(by_turns("unknown user", _undone(lambda: login(PASSWORD, f"nobody{next(number)}"), 200), argon))


def _measure_wizard(user: User) -> None:
    from tests.support import pages, wizard
    from tests.support.applications import ready_application

    if shipped_catalog.missing():
        shipped_catalog.load(now=timezone.now())
        catalog_import.refresh_statistics()
    numbers = ProducerNumber.objects.filter(pk__in=Policy.objects.for_user(user).values("producer_number_id"))
    number = numbers.filter(us_state="IL").order_by("pk")[0]
    application = ready_application(number, user, record_number="A-9900001")
    client = signed_in(user.username)
    print(f"\n{f'application, baseline {BASELINE}':<36}{HEADING}")
    for step in STEPS:
        print(time_page(f"step: {step.title}"[:36], client, wizard.url_of(application, step.slug)), flush=True)
    for step in STEPS[1:3]:
        address = wizard.url_of(application, step.slug)
        form = wizard.sent(wizard.fields_of(pages.read(client.get(address))), "next")
        save = _undone(lambda address=address, form=form: client.post(address, form), 302)
        print(by_turns(f"Next: {step.title}"[:36], save, lambda: client.get(BASELINE)), flush=True)
    assert Application.objects.filter(pk=application.pk).exists()


def _measure_id_cards(user: User) -> None:
    client = signed_in(user.username)
    for policy in Policy.objects.for_user(user).exclude(account__number=None).filter(status="ACTIVE").order_by("pk"):
        choices = policies_to_choose(user, policy.account, kind=IdCardOrder.Kind.TEMPORARY, now=timezone.now())
        if any(not choice.reason for choice in choices):
            break
    path = f"/clients/{policy.account.number}/id-cards/temporary/"
    key = count()

    def order() -> Any:
        return client.post(f"{path}confirm/", {"policy": "all", "form_key": f"of-the-bench-{next(key):020}"})

    print(f"\n{f'ID cards, baseline {BASELINE}':<36}{HEADING}")
    print(time_page("choose members", client, path))
    print(by_turns("order temporary cards", _undone(order, 302), lambda: client.get(BASELINE)))
