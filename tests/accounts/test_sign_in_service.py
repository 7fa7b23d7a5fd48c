"""The password step and the end of the second step, as services: what is answered and what is written down."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher

from accounts.models import LoginAttempt, OneTimeCode
from accounts.services import one_time_codes, sign_in
from accounts.services.one_time_codes import Verdict
from accounts.services.sign_in import PENDING_FOR, Visitor
from portal.common.models import AuditEvent
from tests.support.concurrency import at_once
from tests.support.factories import PASSWORD, UserFactory
from tests.support.signing_in import newest_code

NOON = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
DESK = Visitor(ip_address="203.0.113.7", browser="Firefox 140")
Outcome = LoginAttempt.Outcome


class OlderHasher(MD5PasswordHasher):
    algorithm = "older"


def give(username: str, password: str = PASSWORD, visitor: Visitor = DESK):
    return sign_in.check_password(username=username, password=password, visitor=visitor, at=NOON)


def the_attempt() -> LoginAttempt:
    return LoginAttempt.objects.latest("id")


@pytest.mark.feature("LOG_02")
def test_the_right_password_is_recorded():
    rita = UserFactory(username="RSolberg7")
    assert give("rsolberg7") == rita
    attempt = the_attempt()
    assert (attempt.username, attempt.user, attempt.outcome) == ("rsolberg7", rita, Outcome.PASSWORD_RIGHT)
    assert (attempt.at, attempt.ip_address, attempt.browser) == (NOON, "203.0.113.7", "Firefox 140")


def test_the_password_counts_exactly_as_typed():
    rita = UserFactory(password=" Harbor#Kite58 ")
    assert give(rita.username, " Harbor#Kite58 ") == rita
    assert give(rita.username, "Harbor#Kite58") is None
    assert give(rita.username, " harbor#kite58 ") is None


@pytest.mark.parametrize(
    ("traits", "password", "outcome"),
    [
        ({}, "wrong", Outcome.PASSWORD_WRONG),
        ({"is_active": False}, PASSWORD, Outcome.REFUSED),
        ({"is_active": False}, "wrong", Outcome.REFUSED),
        ({"email_confirmed_at": None}, PASSWORD, Outcome.REFUSED),
        ({"email_confirmed_at": None}, "wrong", Outcome.REFUSED),
    ],
)
def test_who_may_not_come_in_is_recorded_with_the_reason(traits, password, outcome):
    rita = UserFactory(**traits)
    assert give(rita.username, password) is None
    assert (the_attempt().user, the_attempt().outcome) == (rita, outcome)


def test_an_unknown_name_is_recorded_as_typed_in_lower_case():
    assert give("Nobody42") is None
    assert (the_attempt().username, the_attempt().user) == ("nobody42", None)


@pytest.mark.parametrize("case", ["right", "wrong", "unknown", "inactive", "unconfirmed", "no usable password"])
def test_every_answer_costs_one_password_hash(case, monkeypatch):
    rita = UserFactory(is_active=case != "inactive", email_confirmed_at=None if case == "unconfirmed" else NOON)
    if case == "no usable password":
        rita.set_unusable_password()
        rita.save()
    hashes = []
    encode = MD5PasswordHasher.encode
    monkeypatch.setattr(MD5PasswordHasher, "encode", lambda self, *a, **k: (hashes.append(1), encode(self, *a, **k))[1])
    give("nobody42" if case == "unknown" else rita.username, "wrong" if case == "wrong" else PASSWORD)
    assert len(hashes) == 1


def test_a_name_or_browser_cannot_forge_a_line_in_a_listing():
    give("rita\r\n\x1b[31mroot", visitor=Visitor(ip_address=None, browser="Evil\r\n\x00" + "x" * 500))
    attempt = the_attempt()
    assert attempt.username == "rita[31mroot"
    assert attempt.browser == "Evil" + "x" * 196


def test_a_long_name_is_kept_up_to_the_length_of_a_name():
    give("İ" * 150)
    assert len(the_attempt().username) == 150


@pytest.mark.django_db(transaction=True)
def test_if_the_attempt_cannot_be_written_the_password_opens_nothing_and_nothing_is_kept(monkeypatch, settings):
    settings.PASSWORD_HASHERS = ["tests.accounts.test_sign_in_service.OlderHasher", *settings.PASSWORD_HASHERS]
    rita = UserFactory()
    older = rita.password
    # The hash is renewed when the right password is given.
    settings.PASSWORD_HASHERS = list(reversed(settings.PASSWORD_HASHERS))

    def broken(*_args, **_kwargs):
        raise RuntimeError("no record, no entry")

    with monkeypatch.context() as broken_record:
        broken_record.setattr("accounts.services.sign_in.LoginAttempt.objects.create", broken)
        with pytest.raises(RuntimeError):
            give(rita.username)
    rita.refresh_from_db()
    assert rita.password == older
    assert give(rita.username) == rita
    rita.refresh_from_db()
    assert rita.password != older


# The pending sign-in


@pytest.fixture
def rita():
    return UserFactory()


@pytest.fixture
def pending(rita):
    return sign_in.start(user=rita, next_url="/clients/", at=NOON)


def test_every_sign_in_has_a_secret_of_its_own(rita, pending):
    assert pending.secret != sign_in.start(user=rita, next_url="", at=NOON).secret
    assert len(pending.secret) >= 32


def test_the_second_step_is_open_for_fifteen_minutes(rita, pending):
    assert timedelta(minutes=15) == PENDING_FOR
    assert sign_in.person_of(pending, at=NOON + timedelta(minutes=14, seconds=59)) == rita
    assert sign_in.person_of(pending, at=NOON + timedelta(minutes=15)) is None


@pytest.mark.parametrize("change", ["password", "closed", "unconfirmed", "deleted"])
def test_the_second_step_ends_when_the_login_changes(rita, pending, change):
    assert sign_in.person_of(pending, at=NOON) == rita
    if change == "password":
        rita.set_password("Another#Kite58")
    elif change == "closed":
        rita.is_active = False
    elif change == "unconfirmed":
        rita.email_confirmed_at = None
    rita.save()
    if change == "deleted":
        rita.delete()
    assert sign_in.person_of(pending, at=NOON) is None


def send(rita, pending) -> str:
    one_time_codes.send(
        user=rita, purpose=OneTimeCode.Purpose.LOGIN, method="email", attempt_secret=pending.secret, at=NOON
    )
    return newest_code(rita)


def finish(rita, pending, typed, at=NOON):
    return sign_in.finish(pending=pending, user=rita, typed=typed, visitor=DESK, at=at)


@pytest.mark.feature("LOG_09")
def test_the_right_code_is_recorded_and_audited(rita, pending):
    code = send(rita, pending)
    assert finish(rita, pending, code).verdict is Verdict.RIGHT
    attempt = the_attempt()
    assert (attempt.outcome, attempt.method, attempt.user) == (Outcome.SIGNED_IN, "email", rita)
    event = AuditEvent.objects.get(action="sign_in.completed")
    assert (event.actor_username, event.details) == (rita.username, {"method": "email"})
    assert code not in str(event.details)


@pytest.mark.parametrize(
    ("prepare", "outcome"),
    [
        ("wrong", Outcome.CODE_WRONG),
        ("expired", Outcome.REFUSED),
        ("used", Outcome.REFUSED),
        ("not sent", Outcome.REFUSED),
        ("used up", Outcome.CODE_WRONG),
    ],
)
def test_a_refused_code_is_recorded_and_signs_nobody_in(rita, pending, prepare, outcome):
    code = "ABCDEFGH" if prepare == "not sent" else send(rita, pending)
    if prepare == "used":
        finish(rita, pending, code)
    if prepare == "used up":
        for _ in range(5):
            finish(rita, pending, "WRONGONE")
    typed = "WRONGONE" if prepare == "wrong" else code
    at = NOON + timedelta(minutes=10) if prepare == "expired" else NOON
    signed_in_before = AuditEvent.objects.filter(action="sign_in.completed").count()
    assert finish(rita, pending, typed, at=at).verdict is not Verdict.RIGHT
    assert the_attempt().outcome == outcome
    assert AuditEvent.objects.filter(action="sign_in.completed").count() == signed_in_before


@pytest.mark.django_db(transaction=True)
def test_if_the_audit_row_cannot_be_written_the_code_is_not_used_up(monkeypatch):
    rita = UserFactory()
    pending = sign_in.start(user=rita, next_url="", at=NOON)
    code = send(rita, pending)

    def broken(*_args, **_kwargs):
        raise RuntimeError("no audit, no entry")

    with monkeypatch.context() as broken_audit:
        broken_audit.setattr("portal.common.audit.AuditEvent.objects.create", broken)
        with pytest.raises(RuntimeError):
            finish(rita, pending, code)
    assert not LoginAttempt.objects.exists()
    assert OneTimeCode.objects.get().tries == 0
    assert finish(rita, pending, code).verdict is Verdict.RIGHT


@pytest.mark.django_db(transaction=True)
def test_concurrent_right_codes_sign_in_once():
    rita = UserFactory()
    pending = sign_in.start(user=rita, next_url="", at=NOON)
    code = send(rita, pending)
    results = at_once(*[lambda: finish(rita, pending, code).verdict for _ in range(5)])
    assert results.count(Verdict.RIGHT) == 1
    assert LoginAttempt.objects.filter(outcome=Outcome.SIGNED_IN).count() == 1
    assert AuditEvent.objects.filter(action="sign_in.completed").count() == 1
