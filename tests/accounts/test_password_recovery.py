"""The four steps of Forgot Password, below the pages."""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.models import LoginGuard, OneTimeCode, PasswordHistory, TrustedDevice, User
from accounts.rules.contact_masks import HIDDEN_PART, decoy_masks, mask_email_and_domain
from accounts.services import one_time_codes, password_recovery
from accounts.services.one_time_codes import Verdict
from accounts.services.password_recovery import RecoveryIsOver
from portal.common.models import AuditEvent, OutboundMessage
from portal.common.throttle import TooOften
from tests.support.concurrency import at_once
from tests.support.factories import PASSWORD, ProducerFactory, UserFactory
from tests.support.signing_in import newest_code

NOON = datetime(2026, 11, 20, 18, 10, tzinfo=UTC)
NEW = "Cobalt*Wharf93"
ADDRESS = "203.0.113.9"


@pytest.fixture
def rita() -> User:
    record = ProducerFactory(record_email="rita.solberg@agency.example", record_mobile="3125550001")
    return UserFactory(username="rsolberg7", producer=record)


def find(username="rsolberg7", *, at=NOON):
    return password_recovery.find(username=username, ip_address=ADDRESS, at=at)


def send(recovery, *, method="email", at=NOON):
    user = password_recovery.person_of(recovery, at=at)
    return password_recovery.send_code(recovery=recovery, user=user, method=method, ip_address=ADDRESS, at=at)


def check(recovery, typed, *, at=NOON):
    user = password_recovery.person_of(recovery, at=at)
    return password_recovery.check_code(recovery=recovery, user=user, typed=typed, at=at)


def proven(user, *, at=NOON):
    recovery = send(find(user.username, at=at), at=at)
    recovery, result = check(recovery, newest_code(user), at=at)
    assert result.verdict is Verdict.RIGHT
    return recovery


# Masks


@pytest.mark.no_db
@pytest.mark.feature("FPW_02")
def test_before_anything_is_proven_the_domain_is_masked_too():
    assert mask_email_and_domain("rita.solberg@agency.example") == "xxxlberg@xxx"
    assert mask_email_and_domain("a@b.example") == "xxx@xxx"


@pytest.mark.no_db
@pytest.mark.feature("FPW_02")
def test_decoy_masks_look_like_real_ones_and_differ():
    made = [decoy_masks(hashlib.sha256(bytes([number])).digest()) for number in range(100)]
    for masks in made:
        tail = masks.email.removeprefix(HIDDEN_PART).removesuffix(f"@{HIDDEN_PART}")
        assert 2 < len(tail) <= 5
        assert masks.phone == "" or (len(masks.phone) == 10 and masks.phone[6:].isdigit())
    assert len({masks.email for masks in made}) > 40
    assert 30 < sum(masks.phone != "" for masks in made) < 70


@pytest.mark.feature("FPW_02")
@pytest.mark.parametrize("sms", [True, False])
def test_unknown_usernames_get_the_same_masks_every_time_whatever_their_case(settings, sms):
    if not sms:
        settings.SMS_BACKEND = ""
    names = [f"nobody{number}" for number in range(40)]
    first = {name: password_recovery.ways(find(name), None) for name in names}
    later = {name: password_recovery.ways(find(name.upper(), at=NOON + timedelta(days=90)), None) for name in names}
    assert first == later
    assert {len(ways) for ways in first.values()} == ({1, 2} if sms else {1})
    settings.SECRET_KEY = "another-secret-key-of-the-portal-that-is-long-enough-0123456789"
    assert {name: password_recovery.ways(find(name), None) for name in names} != first


@pytest.mark.feature("FPW_02")
@pytest.mark.feature("LOG_06")
def test_a_text_message_is_offered_only_with_a_mobile_on_record(rita):
    ways = password_recovery.ways(find(), rita)
    assert [(way.method, way.masked) for way in ways] == [("email", "xxxlberg@xxx"), ("sms", "xxxxxx0001")]
    rita.producer.record_mobile = ""
    assert [way.method for way in password_recovery.ways(find(), rita)] == ["email"]


@pytest.mark.parametrize(
    "who", [{"is_active": False}, {"email_confirmed_at": None}, {"delegate": True, "email": ""}], ids=str
)
def test_logins_that_cannot_be_recovered_are_treated_like_unknown_names(who):
    UserFactory(username="rsolberg7", **who)
    recovery = find()
    assert recovery.user_id is None
    assert password_recovery.ways(recovery, None)


# Codes


@pytest.mark.feature("FPW_03")
@pytest.mark.feature("FPW_04")
@pytest.mark.parametrize(("method", "to"), [("email", "rita.solberg@agency.example"), ("sms", "3125550001")])
def test_a_code_of_eight_characters_goes_to_the_record(rita, method, to):
    send(find("RSolberg7"), method=method)
    message = OutboundMessage.objects.get()
    assert (message.to, message.channel, message.kind) == (to, method, "password_reset_code")
    assert len(message.code) == 8
    assert set(message.code) <= set(one_time_codes.ALPHABET)
    assert message.code in message.body_text
    assert OneTimeCode.objects.get().purpose == OneTimeCode.Purpose.PASSWORD_RESET


@pytest.mark.feature("FPW_02")
@pytest.mark.parametrize("method", ["email", "sms"])
def test_for_an_unknown_name_nothing_is_sent_or_kept(method):
    recovery = send(find("nobody42"), method=method)
    assert (recovery.method, recovery.sent_at) == (method, NOON)
    assert not OutboundMessage.objects.exists()
    assert not OneTimeCode.objects.exists()
    assert not AuditEvent.objects.exists()


@pytest.mark.feature("FPW_05")
def test_a_code_of_another_attempt_or_purpose_is_worthless(rita):
    mine, other = send(find()), send(find())
    assert check(mine, newest_code(rita))[1].verdict is Verdict.WRONG
    one_time_codes.send(
        user=rita, purpose=OneTimeCode.Purpose.LOGIN, method="email", attempt_secret=other.secret, at=NOON
    )
    assert check(other, newest_code(rita))[1].verdict is Verdict.WRONG


@pytest.mark.feature("FPW_06")
def test_a_new_code_ends_the_one_before(rita):
    first = send(find())
    earlier = newest_code(rita)
    second = send(first, at=NOON + timedelta(minutes=1))
    assert check(second, earlier)[1].verdict is Verdict.WRONG
    assert check(second, newest_code(rita))[1].verdict is Verdict.RIGHT


@pytest.mark.feature("FPW_05")
@pytest.mark.parametrize("username", ["rsolberg7", "nobody42"])
def test_known_and_unknown_names_count_down_alike(rita, username):
    recovery = send(find(username))
    seen = [check(recovery, "WRONGONE")[1] for _ in range(7)]
    assert [(result.verdict, result.tries_left) for result in seen] == [
        (Verdict.WRONG, 4),
        (Verdict.WRONG, 3),
        (Verdict.WRONG, 2),
        (Verdict.WRONG, 1),
        (Verdict.USED_UP, 0),
        (Verdict.USED_UP, 0),
        (Verdict.USED_UP, 0),
    ]
    again = send(recovery, at=NOON + timedelta(minutes=1))
    assert check(again, "WRONGONE")[1].tries_left == 4


@pytest.mark.feature("FPW_05")
@pytest.mark.parametrize("username", ["rsolberg7", "nobody42"])
@pytest.mark.parametrize("tried", [0, 6])
def test_a_code_works_for_ten_minutes(rita, username, tried):
    recovery = send(find(username))
    for _ in range(tried):
        check(recovery, "WRONGONE")
    assert check(recovery, "WRONGONE", at=NOON + timedelta(minutes=10))[1].verdict is Verdict.EXPIRED
    if username == "rsolberg7" and not tried:
        late = NOON + timedelta(minutes=9, seconds=59)
        assert check(recovery, newest_code(rita), at=late)[1].verdict is Verdict.RIGHT


def test_tries_at_midnight_are_counted_on(rita):
    late = datetime(2026, 11, 20, 23, 59, 59, tzinfo=UTC)
    recovery = send(find("nobody42", at=late), at=late)
    assert check(recovery, "WRONGONE", at=late)[1].tries_left == 4
    assert check(recovery, "WRONGONE", at=late + timedelta(seconds=5))[1].tries_left == 3


@pytest.mark.django_db(transaction=True)
def test_a_decoy_counts_exactly_under_concurrency():
    recovery = send(find("nobody42"))
    results = at_once(*[lambda: check(recovery, "WRONGONE")[1].tries_left] * 8)
    assert sorted(results) == [0, 0, 0, 0, 1, 2, 3, 4]


@pytest.mark.django_db(transaction=True)
def test_a_code_sent_twice_at_once_opens_once(rita):
    recovery = send(find())
    code = newest_code(rita)
    results = at_once(*[lambda: check(recovery, code)[1].verdict] * 2)
    assert sorted(results, key=str) == [Verdict.ALREADY_USED, Verdict.RIGHT]


# How long, how often


@pytest.mark.parametrize("username", ["rsolberg7", "nobody42"])
def test_an_attempt_is_open_for_thirty_minutes(rita, username):
    recovery = find(username)
    password_recovery.person_of(recovery, at=NOON + timedelta(minutes=29, seconds=59))
    with pytest.raises(RecoveryIsOver):
        password_recovery.person_of(recovery, at=NOON + timedelta(minutes=30))


def test_once_the_code_was_given_fifteen_minutes_are_left(rita):
    recovery = proven(rita)
    assert password_recovery.person_of(recovery, at=NOON + timedelta(minutes=14, seconds=59)) == rita
    with pytest.raises(RecoveryIsOver):
        password_recovery.finish(recovery=recovery, new_password=NEW, at=NOON + timedelta(minutes=15))
    rita.refresh_from_db()
    assert rita.check_password(PASSWORD)


def test_closing_the_login_ends_the_attempt(rita):
    recovery = proven(rita)
    User.objects.update(is_active=False)
    with pytest.raises(RecoveryIsOver):
        password_recovery.person_of(recovery, at=NOON)
    with pytest.raises(RecoveryIsOver):
        password_recovery.finish(recovery=recovery, new_password=NEW, at=NOON)


@pytest.mark.parametrize("username", ["rsolberg7", "nobody42"])
def test_finding_is_limited_by_name_and_by_address(rita, settings, username):
    settings.RECOVERY_TRIES_PER_USERNAME_PER_HOUR = 2
    settings.RECOVERY_TRIES_PER_ADDRESS_PER_HOUR = 4
    find(username)
    find(username.upper())
    with pytest.raises(TooOften):
        find(username)
    find("another1")
    with pytest.raises(TooOften):
        find("another2")
    password_recovery.find(username="another2", ip_address="198.51.100.1", at=NOON)


@pytest.mark.parametrize("username", ["rsolberg7", "nobody42"])
def test_sending_is_limited_by_name_before_the_limit_that_only_known_names_have(rita, settings, username):
    settings.ONE_TIME_CODE_SENDS_PER_HOUR = 4
    recovery = find(username, at=NOON.replace(minute=59))
    # Two full windows within one hour: as many as can be.
    for at in [NOON.replace(minute=59), NOON.replace(minute=59, second=1), NOON + timedelta(hours=1)]:
        recovery = send(find(username, at=at), at=at)
    recovery = send(recovery, at=NOON + timedelta(hours=1, seconds=1))
    assert OneTimeCode.objects.count() == (4 if username == "rsolberg7" else 0)
    with pytest.raises(TooOften):
        send(recovery, at=NOON + timedelta(hours=1, seconds=2))


def test_codes_for_signing_in_do_not_use_up_those_for_recovery(rita, settings):
    settings.ONE_TIME_CODE_SENDS_PER_HOUR = 2
    for secret in ("a", "b"):
        one_time_codes.send(
            user=rita, purpose=OneTimeCode.Purpose.LOGIN, method="email", attempt_secret=secret, at=NOON
        )
    send(find())
    assert OneTimeCode.objects.filter(purpose=OneTimeCode.Purpose.PASSWORD_RESET).count() == 1


def test_typed_codes_are_limited_by_address(settings):
    settings.RECOVERY_TRIES_PER_ADDRESS_PER_HOUR = 1
    password_recovery.count_code(ip_address=ADDRESS, at=NOON)
    with pytest.raises(TooOften):
        password_recovery.count_code(ip_address=ADDRESS, at=NOON)


# The new password


@pytest.mark.feature("FPW_07")
@pytest.mark.feature("FPW_08")
def test_finishing_changes_the_password_tells_the_owner_and_ends_remembered_devices(rita):
    TrustedDevice.objects.create(user=rita, token_hash="f" * 64, created_at=NOON, expires_at=NOON + timedelta(days=30))
    recovery = proven(rita)
    password_recovery.finish(recovery=recovery, new_password=NEW, at=NOON)
    rita.refresh_from_db()
    assert rita.check_password(NEW)
    assert TrustedDevice.objects.get().revoked_at == NOON
    notice = OutboundMessage.objects.get(kind="password_changed")
    assert notice.to == "rita.solberg@agency.example"
    actions = list(AuditEvent.objects.order_by("id").values_list("action", flat=True))
    assert [action for action in actions if action.startswith("password")] == [
        "password_recovery.proven",
        "password.changed",
        "password_recovery.completed",
    ]


@pytest.mark.feature("FPW_07")
def test_rules_and_the_last_ten_hold_for_a_reset_too(rita):
    recovery = proven(rita)
    for refused in ("short", "Cobalt*Wharf123", PASSWORD):
        with pytest.raises(ValidationError):
            password_recovery.finish(recovery=recovery, new_password=refused, at=NOON)
    rita.refresh_from_db()
    assert rita.check_password(PASSWORD)
    assert not OutboundMessage.objects.filter(kind="password_changed").exists()
    password_recovery.finish(recovery=recovery, new_password=NEW, at=NOON)


@pytest.mark.feature("LCK_03")
def test_finishing_unlocks_and_nothing_before_it_does(rita):
    guard = LoginGuard.objects.create(
        username_key="rsolberg7", failures=5, last_failure_at=NOON, locked_until=NOON + timedelta(minutes=30)
    )
    recovery = proven(rita)
    guard.refresh_from_db()
    assert guard.locked_until == NOON + timedelta(minutes=30)
    password_recovery.finish(recovery=recovery, new_password=NEW, at=NOON)
    assert not LoginGuard.objects.filter(username_key="rsolberg7", locked_until__gt=NOON).exists()


def test_without_the_code_no_password_is_set(rita):
    for recovery in (find(), send(find()), send(find("nobody42"))):
        with pytest.raises(RecoveryIsOver):
            password_recovery.finish(recovery=recovery, new_password=NEW, at=NOON)


def test_one_finished_attempt_ends_the_others(rita):
    first, second = proven(rita), proven(rita)
    password_recovery.finish(recovery=first, new_password=NEW, at=NOON)
    with pytest.raises(RecoveryIsOver):
        password_recovery.finish(recovery=second, new_password="Walnut%Pier68", at=NOON)
    rita.refresh_from_db()
    assert rita.check_password(NEW)


def test_asking_for_rule_checks_without_end_is_refused(rita, monkeypatch):
    monkeypatch.setattr(password_recovery, "NEW_PASSWORD_TRIES", 2)
    recovery = proven(rita)
    for _ in range(2):
        with pytest.raises(ValidationError):
            password_recovery.finish(recovery=recovery, new_password="short", at=NOON)
    with pytest.raises(TooOften):
        password_recovery.finish(recovery=recovery, new_password=NEW, at=NOON)


@pytest.mark.django_db(transaction=True)
def test_the_form_sent_twice_at_once_is_one_change(rita):
    recovery = proven(rita)
    results = at_once(*[lambda: password_recovery.finish(recovery=recovery, new_password=NEW, at=NOON)] * 3)
    assert results == [None, None, None]
    assert PasswordHistory.objects.filter(user=rita).count() == 2  # the old one and the new one
    assert OutboundMessage.objects.filter(kind="password_changed").count() == 1


@pytest.mark.django_db(transaction=True)
def test_when_the_last_write_fails_nothing_is_kept(rita, monkeypatch):
    recovery = proven(rita, at=timezone.now())
    monkeypatch.setattr("accounts.services.lockout.unlock", lambda *_a, **_k: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        password_recovery.finish(recovery=recovery, new_password=NEW, at=timezone.now())
    rita.refresh_from_db()
    assert rita.check_password(PASSWORD)
    assert not OutboundMessage.objects.filter(kind="password_changed").exists()
