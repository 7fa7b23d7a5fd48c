"""Whether a watch tells who exists (figure D1, ASVS 6.3.8): a drill, because it needs a quiet machine and real hashes.

That texts, statuses, statements and hashes are the same is tested in the suite; here are the times. The medians in
milliseconds are printed.
"""

from datetime import timedelta

import pytest
from django.contrib.auth.hashers import make_password
from django.test import Client
from django.utils import timezone

from accounts.models import LoginGuard, Producer, User
from tests.support.factories import ProducerFactory, ProducerNumberFactory, UserFactory
from tests.support.probing import ask_all, steps_told_apart
from tests.support.registering import accept_terms, publish_terms

PROBES = 12
FIND, METHOD, CODE = (f"/accounts/forgot-password/{step}" for step in ("", "method/", "code/"))
USERNAME, SENT, RESEND = (f"/accounts/forgot-username/{step}" for step in ("", "sent/", "resend/"))
HASHED: dict[str, str] = {}

pytestmark = [pytest.mark.drill, pytest.mark.timeout(900), pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def as_in_production(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
    settings.SMS_BACKEND = ""
    for name in (
        "LOGIN_TRIES_PER_ADDRESS_PER_HOUR",
        "LOGIN_WRONG_PER_SITE_PER_HOUR",
        "RECOVERY_TRIES_PER_ADDRESS_PER_HOUR",
        "REGISTRATION_TRIES_PER_ADDRESS_PER_HOUR",
    ):
        setattr(settings, name, 100_000)
    HASHED["password"] = make_password("Harbor#Kite58")


@pytest.fixture
def report(capsys):
    def say(line: str) -> None:
        with capsys.disabled():
            print(f"\n  {line}", end="")  # noqa: T201 - a drill tells what it measured

    return say


def names(kind: str, round_number: int) -> list[str]:
    return [f"{kind}{round_number}{100 + n}" for n in range(PROBES)]


def person(name: str, **traits: object) -> User:
    record = ProducerFactory(record_email=f"{name}@agency.example", status=traits.pop("record", Producer.Status.ACTIVE))
    user = UserFactory(username=name, producer=record, **traits)
    User.objects.filter(pk=user.pk).update(password=HASHED["password"])
    return user


def test_login(report):
    def make(round_number: int) -> dict[str, list[str]]:
        kinds = {
            kind: names(kind, round_number)
            for kind in ("unknown", "known", "locked", "deactivated", "unconfirmed", "terminated")
        }
        traits = {
            "deactivated": {"is_active": False},
            "unconfirmed": {"email_confirmed_at": None},
            "terminated": {"record": Producer.Status.TERMINATED},
        }
        now = timezone.now()
        for kind, found in kinds.items():
            for name in found:
                if kind != "unknown":
                    person(name, **traits.get(kind, {}))
                locked_until = now + timedelta(minutes=30) if kind == "locked" else None
                failures = 5 if locked_until else 1
                LoginGuard.objects.create(
                    username_key=name, failures=failures, last_failure_at=now, locked_until=locked_until
                )
        return kinds

    def give(password: str):
        return lambda browser, name: browser.post("/accounts/login/", {"username": name, "password": password})

    ask_all([give("Wrong*Pass83")], ["warm1", "warm2"])
    labels = ["login, wrong password", "login, wrong password again", "login, fourth wrong password"]
    assert steps_told_apart(labels, [give("Wrong*Pass83")] * 3, make, report) == set()


def test_the_right_password_of_a_login_that_is_not_open(report):
    """Compared with a wrong password for an unknown name: what somebody sees who tries a password known from elsewhere."""

    def make(round_number: int) -> dict[str, list[str]]:
        kinds = {
            kind: names(f"r{kind}", round_number) for kind in ("unknown", "deactivated", "unconfirmed", "terminated")
        }
        for name in kinds["deactivated"]:
            person(name, is_active=False)
        for name in kinds["unconfirmed"]:
            person(name, email_confirmed_at=None)
        for name in kinds["terminated"]:
            person(name, record=Producer.Status.TERMINATED)
        return kinds

    step = [lambda browser, name: browser.post("/accounts/login/", {"username": name, "password": "Harbor#Kite58"})]
    ask_all(step, ["warm1", "warm2"])
    assert steps_told_apart(["login, right password, closed"], step, make, report) == set()


@pytest.mark.feature("FUN_02")
@pytest.mark.feature("FPW_02")
def test_forgot_username_and_forgot_password(report):
    steps = {
        "forgot username": lambda browser, name: browser.post(USERNAME, {"email": f"{name}@agency.example"}),
        "forgot username, answer": lambda browser, _name: browser.get(SENT),
        "forgot username, resend": lambda browser, _name: browser.post(RESEND),
        "forgot password": lambda browser, name: browser.post(FIND, {"username": name}),
        "forgot password, ways": lambda browser, _name: browser.get(METHOD),
        "forgot password, send": lambda browser, _name: browser.post(METHOD, {"method": "email"}),
        "forgot password, code page": lambda browser, _name: browser.get(CODE),
        "forgot password, resend": lambda browser, _name: browser.post(METHOD, {"method": "email"}),
        "forgot password, wrong code": lambda browser, _name: browser.post(CODE, {"code": "WRONGONE"}),
    }

    def make(round_number: int) -> dict[str, list[str]]:
        kinds = {kind: names(f"f{kind}", round_number) for kind in ("unknown", "known", "deactivated", "terminated")}
        for name in kinds["known"]:
            person(name)
        for name in kinds["deactivated"]:
            person(name, is_active=False)
        for name in kinds["terminated"]:
            person(name, record=Producer.Status.TERMINATED)
        return kinds

    ask_all(list(steps.values()), ["warm1"])
    assert steps_told_apart(list(steps), list(steps.values()), make, report) == set()


@pytest.mark.feature("REG_09")
def test_registering_with_facts_that_do_not_match(report):
    publish_terms()
    facts: dict[str, dict[str, str]] = {}

    def make(round_number: int) -> dict[str, list[str]]:
        kinds = {
            kind: names(f"g{kind}", round_number)
            for kind in ("unknown number", "wrong npn", "wrong zip", "terminated", "inactive number")
        }
        for place, (kind, found) in enumerate(kinds.items()):
            for n, name in enumerate(found):
                number = f"{round_number}{place}{n:02}00000"
                npn = f"7{round_number}{place}{n:02}"
                facts[name] = {"producer_number": number, "npn": npn, "zip": "60601"}
                if kind == "unknown number":
                    continue
                status = Producer.Status.TERMINATED if kind == "terminated" else Producer.Status.ACTIVE
                producer = ProducerFactory(npn=npn, status=status)
                of_number = "INACTIVE" if kind == "inactive number" else "ACTIVE"
                ProducerNumberFactory(producer=producer, number=number, zip="60601", status=of_number)
                facts[name] |= {"wrong npn": {"npn": "1"}, "wrong zip": {"zip": "99999"}}.get(kind, {})
        return kinds

    def terms(browser: Client, _name: str):
        return accept_terms(browser)

    def match(browser: Client, name: str):
        return browser.post(
            "/accounts/register/", facts.get(name, {"producer_number": "1" * 9, "npn": "1", "zip": "1"})
        )

    ask_all([terms, match], ["warm1"])
    assert steps_told_apart(["register, terms", "register, no match"], [terms, match], make, report) == set()
