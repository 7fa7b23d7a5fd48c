"""Codes are made well, work once, for ten minutes and five tries, in the sign-in they were sent for."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from accounts.models import OneTimeCode
from accounts.services import one_time_codes
from accounts.services.one_time_codes import ALPHABET, MethodNotAvailable, TooManyCodes, Verdict
from portal.common.models import AuditEvent, OutboundMessage, OutboxMessage
from tests.support.concurrency import at_once
from tests.support.factories import ProducerFactory, UserFactory
from tests.support.signing_in import kept_rows, newest_code

LOGIN = OneTimeCode.Purpose.LOGIN
NOON = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
SECRET = "secret of this sign-in"


@pytest.fixture
def rita():
    return UserFactory(producer=ProducerFactory(record_email="rita.solberg@example.com", record_mobile="3125550001"))


def send(user, *, at=NOON, secret=SECRET, method="email", purpose=LOGIN) -> str:
    one_time_codes.send(user=user, purpose=purpose, method=method, attempt_secret=secret, at=at)
    return newest_code(user)


def check(user, typed, *, at=NOON, secret=SECRET, purpose=LOGIN):
    return one_time_codes.check(user=user, purpose=purpose, attempt_secret=secret, typed=typed, at=at)


@pytest.mark.feature("LOG_14")
def test_a_code_has_eight_characters_none_of_which_looks_like_another(rita, settings):
    settings.ONE_TIME_CODE_SENDS_PER_HOUR = 100
    codes = {send(rita) for _ in range(40)}
    assert len(codes) == 40
    assert all(len(code) == 8 and set(code) <= set(ALPHABET) for code in codes)
    assert not set("01ILO") & set(ALPHABET)
    assert len(ALPHABET) ** 8 > 2**39


@pytest.mark.feature("LOG_09")
def test_a_right_code_works_once(rita):
    code = send(rita)
    assert check(rita, code).verdict is Verdict.RIGHT
    assert check(rita, code).verdict is Verdict.ALREADY_USED


@pytest.mark.parametrize("write", [str.lower, lambda c: f" {c[:4]} {c[4:]}\n", lambda c: f"{c[:4]}-{c[4:]}"])
def test_a_code_may_be_pasted_with_spaces_dashes_and_in_lower_case(rita, write: Callable[[str], str]):
    assert check(rita, write(send(rita))).verdict is Verdict.RIGHT


@pytest.mark.feature("LOG_14")
@pytest.mark.parametrize(
    ("after", "verdict"),
    [
        (timedelta(minutes=9, seconds=59), Verdict.RIGHT),
        (timedelta(minutes=10), Verdict.EXPIRED),
        (timedelta(minutes=10, seconds=1), Verdict.EXPIRED),
    ],
)
def test_a_code_works_for_ten_minutes(rita, after, verdict):
    assert check(rita, send(rita), at=NOON + after).verdict is verdict


@pytest.mark.feature("LOG_14")
def test_five_wrong_tries_end_a_code_and_a_new_one_works(rita):
    code = send(rita)
    answers = [check(rita, "WRONGONE") for _ in range(5)]
    assert [(a.verdict, a.tries_left) for a in answers] == [
        (Verdict.WRONG, 4),
        (Verdict.WRONG, 3),
        (Verdict.WRONG, 2),
        (Verdict.WRONG, 1),
        (Verdict.USED_UP, 0),
    ]
    assert check(rita, code).verdict is Verdict.USED_UP
    assert OneTimeCode.objects.get().tries == 5
    assert check(rita, send(rita)).verdict is Verdict.RIGHT


def test_the_right_code_works_at_the_fifth_try(rita):
    code = send(rita)
    for _ in range(4):
        check(rita, "WRONGONE")
    assert check(rita, code).verdict is Verdict.RIGHT


def test_a_code_of_one_sign_in_is_worthless_in_another(rita):
    code_of_a = send(rita, secret="sign-in A")
    code_of_b = send(rita, secret="sign-in B")
    assert check(rita, code_of_a, secret="sign-in B").verdict is Verdict.WRONG
    assert check(rita, code_of_a, secret="sign-in C").verdict is Verdict.NOT_SENT
    assert check(rita, code_of_b, secret="sign-in B").verdict is Verdict.RIGHT
    assert check(rita, code_of_a, secret="sign-in A").verdict is Verdict.RIGHT


def test_a_row_moved_to_another_sign_in_opens_nothing_there(rita):
    code = send(rita, secret="sign-in A")
    OneTimeCode.objects.update(bound_to=one_time_codes.bound_to("sign-in B"))
    assert check(rita, code, secret="sign-in B").verdict is Verdict.WRONG


def test_a_code_of_one_person_or_purpose_is_worthless_for_another(rita):
    code = send(rita)
    other = UserFactory()
    send(other)
    assert check(other, code).verdict is Verdict.WRONG
    assert check(rita, code, purpose=OneTimeCode.Purpose.PASSWORD_RESET).verdict is Verdict.NOT_SENT
    assert check(rita, code).verdict is Verdict.RIGHT


def test_a_new_code_ends_the_old_one(rita):
    old, new = send(rita), send(rita, at=NOON + timedelta(minutes=1))
    assert check(rita, old, at=NOON + timedelta(minutes=2)).verdict is Verdict.WRONG
    assert check(rita, new, at=NOON + timedelta(minutes=2)).verdict is Verdict.RIGHT
    assert OneTimeCode.objects.order_by("id")[0].superseded_at == NOON + timedelta(minutes=1)


def test_the_database_holds_no_readable_code_and_no_plain_hash_of_it(rita):
    code = send(rita)
    row = OneTimeCode.objects.get()
    assert kept_rows(code) == set()
    assert row.bound_to != SECRET
    assert code not in row.code_hash


def test_the_hash_depends_on_the_secret_key(rita, settings):
    code = send(rita)
    settings.SECRET_KEY = "another key, as somebody with a copy of the database would have to guess"
    row = OneTimeCode.objects.get()
    OneTimeCode.objects.update(bound_to=one_time_codes.bound_to(SECRET))
    assert check(rita, code).verdict is Verdict.WRONG
    settings.SECRET_KEY = "test-only-secret-key-that-is-long-enough-for-checks-0123456789"
    OneTimeCode.objects.update(bound_to=row.bound_to)
    assert check(rita, code).verdict is Verdict.RIGHT


@pytest.mark.feature("LOG_06")
def test_a_text_message_goes_out_only_with_a_mobile_on_record_and_a_provider(rita, settings):
    send(rita, method="sms")
    assert OutboundMessage.objects.get().to == "3125550001"
    without_mobile = UserFactory()
    with pytest.raises(MethodNotAvailable):
        send(without_mobile, method="sms")
    settings.SMS_BACKEND = ""
    with pytest.raises(MethodNotAvailable):
        send(rita, method="sms")
    assert OneTimeCode.objects.count() == 1


@pytest.mark.parametrize("method", ["totp", "typing", "", "EMAIL"])
def test_an_unknown_method_is_refused(rita, method):
    with pytest.raises(MethodNotAvailable):
        send(rita, method=method)


@pytest.mark.feature("LOG_07")
def test_destinations_are_masked(rita):
    assert [(way.method, way.masked) for way in one_time_codes.destinations(rita)] == [
        ("email", "xxxlberg@example.com"),
        ("sms", "xxxxxx0001"),
    ]


@pytest.mark.feature("PRF_05")
def test_codes_go_to_the_address_on_the_producer_record(rita):
    send(rita)
    assert OutboundMessage.objects.get().to == "rita.solberg@example.com"


def test_the_hourly_limit_counts_every_attempt_and_says_when_to_ask_again(rita, settings):
    settings.ONE_TIME_CODE_SENDS_PER_HOUR = 3
    for minute in (0, 10, 20):
        send(rita, at=NOON + timedelta(minutes=minute), secret=f"sign-in {minute}")
    with pytest.raises(TooManyCodes, match="in 31 minutes") as refused:
        send(rita, at=NOON + timedelta(minutes=29, seconds=30), secret="another")
    assert refused.value.again_at == NOON + timedelta(minutes=60)
    assert OneTimeCode.objects.count() == 3
    send(rita, at=NOON + timedelta(minutes=60), secret="another")
    send(UserFactory(), at=NOON + timedelta(minutes=29))


def test_sending_writes_code_message_owed_work_and_audit(rita):
    code = send(rita)
    row = OneTimeCode.objects.get()
    message = OutboundMessage.objects.get()
    assert (row.message, row.created_at, row.expires_at) == (message, NOON, NOON + timedelta(minutes=10))
    assert (message.kind, message.state, message.code) == ("login_code", "QUEUED", code)
    assert OutboxMessage.objects.get().payload == {"message_pk": message.pk}
    event = AuditEvent.objects.get(action="one_time_code.sent")
    assert (event.object_type, event.object_id) == ("user", str(rita.pk))
    assert event.details == {"purpose": "LOGIN", "method": "email"}


@pytest.mark.django_db(transaction=True)
def test_if_the_audit_row_cannot_be_written_nothing_is_sent(monkeypatch):
    rita = UserFactory()
    old = send(rita)

    def broken(*_args, **_kwargs):
        raise RuntimeError("no audit, no act")

    with monkeypatch.context() as broken_audit:
        broken_audit.setattr("portal.common.audit.AuditEvent.objects.create", broken)
        with pytest.raises(RuntimeError):
            one_time_codes.send(user=rita, purpose=LOGIN, method="email", attempt_secret=SECRET, at=NOON)
    assert OutboundMessage.objects.count() == OutboxMessage.objects.count() == OneTimeCode.objects.count() == 1
    assert check(rita, old).verdict is Verdict.RIGHT


@pytest.mark.django_db(transaction=True)
@pytest.mark.feature("LOG_09")
def test_of_concurrent_submits_of_the_right_code_one_is_right():
    rita = UserFactory()
    code = send(rita)
    results = at_once(*[lambda: check(rita, code).verdict for _ in range(6)])
    assert sorted(r.value for r in results) == ["already used"] * 5 + ["right"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.feature("LOG_14")
def test_concurrent_wrong_tries_count_exactly():
    rita = UserFactory()
    send(rita)
    results = at_once(*[lambda: check(rita, "WRONGONE") for _ in range(10)])
    assert sorted((r.tries_left for r in results if r.verdict is Verdict.WRONG), reverse=True) == [4, 3, 2, 1]
    assert sum(r.verdict is Verdict.USED_UP for r in results) == 6
    assert OneTimeCode.objects.get().tries == 5


@pytest.mark.django_db(transaction=True)
def test_concurrent_sends_leave_one_open_code_and_keep_the_limit(settings):
    settings.ONE_TIME_CODE_SENDS_PER_HOUR = 3
    rita = UserFactory()

    def ask():
        return one_time_codes.send(user=rita, purpose=LOGIN, method="email", attempt_secret=SECRET, at=NOON)

    results = at_once(*[ask for _ in range(8)])
    assert sum(isinstance(r, OneTimeCode) for r in results) == 3
    assert sum(isinstance(r, TooManyCodes) for r in results) == 5
    assert OneTimeCode.objects.filter(superseded_at__isnull=True).count() == 1
    assert OutboundMessage.objects.count() == 3
