"""The typing pattern as a service: enrolled after a code, judged, counted, learnt, closed, withdrawn, reset, forgotten."""

import base64
import hashlib
import re
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command
from django.db import connection
from django.template.loader import render_to_string

from accounts.models import HeldTypingPattern, LoginAttempt, TrustedDevice, TypingProfile, UsedTypingNonce, User
from accounts.rules.typing_sentences import NOTICE_VERSION, SENTENCES, sentence_for
from accounts.services import sign_in, support_resets, typing_patterns
from accounts.services.one_time_codes import Verdict
from accounts.services.sign_in import PENDING_FOR, Visitor
from accounts.services.typing_patterns import ENROL, VERIFY, Submission
from accounts.typing_pattern.template import Template
from portal.common.models import AuditEvent, OutboundMessage
from tests.support.concurrency import at_once
from tests.support.factories import ProducerFactory, UserFactory
from tests.support.key_events import SENTENCE, SENTENCE_CODE, THIS_LOGIN, WHILE, answer, day_of, enrol, with_typo
from tests.support.signing_in import kept_rows
from tests.support.typists import Typist

NOON = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
DAY = timedelta(days=1)
DESK = Visitor(ip_address="203.0.113.7", browser="Firefox 140")
Choice = User.TypingChoice


@pytest.fixture(autouse=True)
def one_sentence(monkeypatch):
    monkeypatch.setattr(typing_patterns, "sentence_for", lambda _number: SENTENCE_CODE)


@pytest.fixture
def owner() -> Typist:
    return Typist(3, SENTENCE)


@pytest.fixture
def stranger() -> Typist:
    return Typist(23, SENTENCE)


@pytest.fixture
def new() -> User:
    """Somebody who has never logged in."""
    return UserFactory(typing_choice=Choice.ASK, producer=ProducerFactory(record_email="rita@record.example"))


@pytest.fixture
def rita(new, owner) -> User:
    enrol(new, owner, at=NOON - 10 * DAY)
    return new


def actions() -> list[str]:
    return list(AuditEvent.objects.filter(action__startswith="typing_pattern").values_list("action", flat=True)[::-1])


def template_of(user: User) -> Template:
    return Template.decode(base64.b64decode(TypingProfile.objects.get(user=user).template))


def stored(table: str, user: User) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT template FROM {table} WHERE user_id = %s", [user.pk])  # noqa: S608 - a table of ours
        return cursor.fetchone()[0]


# Enrolling


@pytest.mark.feature("LOG_03")
@pytest.mark.feature("LOG_04")
def test_what_is_typed_waits_for_the_code_of_its_login(new, owner):
    assert typing_patterns.must_ask(new)
    assert answer(new, day_of(owner), purpose=ENROL, at=NOON).verdict is Verdict.RIGHT
    assert HeldTypingPattern.objects.count() == 1
    assert not TypingProfile.objects.exists()
    assert not OutboundMessage.objects.exists()
    typing_patterns.settle(user=new, attempt_secret=THIS_LOGIN, at=NOON)
    profile = TypingProfile.objects.get(user=new)
    assert (profile.sentence, profile.consent_at, profile.consent_text_version) == (SENTENCE_CODE, NOON, NOTICE_VERSION)
    assert not HeldTypingPattern.objects.exists()
    new.refresh_from_db()
    assert not typing_patterns.must_ask(new)
    assert actions() == ["typing_pattern.consented", "typing_pattern.enrolled"]
    message = OutboundMessage.objects.get()
    assert (message.kind, message.to) == ("typing_pattern_changed", "rita@record.example")
    assert "was set up" in message.subject


def test_no_times_of_keys_are_written_anywhere(new, owner):
    lines = day_of(owner)
    answer(new, lines, purpose=ENROL, at=NOON)
    times = [row[3] for line in lines for row in line if row[3] % 1]
    for text in ("KeyQ", f"{times[7]}", f"{times[20]}"):
        assert kept_rows(text) == set()
    assert len(stored("accounts_heldtypingpattern", new)) < 5_000
    assert stored("accounts_heldtypingpattern", new).startswith("gAAAA")


@pytest.mark.feature("LOG_03")
def test_a_code_without_typing_is_a_skip_and_nobody_is_asked_twice(new):
    typing_patterns.settle(user=new, attempt_secret="x", at=NOON)
    new.refresh_from_db()
    assert new.typing_choice == Choice.SKIPPED
    assert not typing_patterns.must_ask(new)
    assert actions() == ["typing_pattern.skipped"]
    assert answer(new, [], purpose=ENROL, at=NOON).another_way


def test_the_code_of_another_login_makes_no_pattern(new, owner):
    answer(new, day_of(owner), purpose=ENROL, at=NOON, login="of somebody with the password")
    typing_patterns.settle(user=new, attempt_secret="of the owner", at=NOON)
    assert not TypingProfile.objects.exists()
    assert not HeldTypingPattern.objects.exists()


def test_without_consent_nothing_is_held_and_the_nonce_is_still_good(new, owner):
    refused = answer(new, day_of(owner), purpose=ENROL, at=NOON, consented=False)
    assert "Tick the box" in refused.text
    assert not HeldTypingPattern.objects.exists()
    assert not UsedTypingNonce.objects.exists()


def test_the_same_line_three_times_over_enrols_nobody(new, owner):
    refused = answer(new, [day_of(owner)[0]] * 3, purpose=ENROL, at=NOON)
    assert "could not be used" in refused.text
    assert not HeldTypingPattern.objects.exists()


def test_a_second_enrolment_in_the_login_takes_the_place_of_the_first(new, owner):
    answer(new, day_of(owner), purpose=ENROL, at=NOON)
    before = stored("accounts_heldtypingpattern", new)
    answer(new, day_of(owner), purpose=ENROL, at=NOON)
    assert stored("accounts_heldtypingpattern", new) != before


# Verifying


@pytest.mark.feature("LOG_12")
def test_the_owner_is_accepted_and_another_refused_and_counted(rita, owner, stranger):
    assert answer(rita, day_of(owner), at=NOON).verdict is Verdict.RIGHT
    assert TypingProfile.objects.get().last_used_at == NOON
    refused = answer(rita, day_of(stranger), at=NOON)
    assert (refused.verdict, refused.tries_left) == (Verdict.WRONG, 4)
    assert refused.text.endswith("You have 4 tries left.")
    answer(rita, day_of(owner), at=NOON)
    assert TypingProfile.objects.get().failures == 0


@pytest.mark.feature("LOG_12")
def test_typing_that_let_somebody_in_does_not_do_so_again(rita, owner):
    lines = day_of(owner)
    assert answer(rita, lines, at=NOON).verdict is Verdict.RIGHT
    again = answer(rita, lines, at=NOON + DAY)
    assert again.verdict is Verdict.WRONG
    assert "could not be verified" in again.text


@pytest.mark.feature("LOG_12")
def test_the_threshold_is_a_setting(rita, owner, settings):
    settings.TYPING_PATTERN_STRICTER_BY = 1_000
    assert answer(rita, day_of(owner), at=NOON).verdict is Verdict.WRONG


def test_it_learns_on_a_remembered_device_only(rita, owner):
    answer(rita, day_of(owner), at=NOON)
    assert template_of(rita).learnt == 0
    answer(rita, day_of(owner), at=NOON, known_device=True)
    assert template_of(rita).learnt == 1


def nonce_for(user: User, *, login: str = THIS_LOGIN, purpose: str = VERIFY, at=NOON - WHILE) -> str:
    return typing_patterns.challenge(user=user, attempt_secret=login, purpose=purpose, at=at).nonce


def test_a_nonce_is_good_once(rita, owner, stranger):
    nonce = nonce_for(rita)
    assert answer(rita, day_of(stranger), at=NOON, nonce=nonce).verdict is Verdict.WRONG
    assert answer(rita, day_of(owner), at=NOON, nonce=nonce).verdict is Verdict.ALREADY_USED
    assert TypingProfile.objects.get().failures == 1


@pytest.mark.parametrize(
    ("age", "verdict"),
    [(timedelta(minutes=9, seconds=59), Verdict.RIGHT), (timedelta(minutes=10), Verdict.EXPIRED)],
)
def test_a_nonce_is_good_for_ten_minutes(rita, owner, age, verdict):
    assert answer(rita, day_of(owner), at=NOON, nonce=nonce_for(rita, at=NOON - age)).verdict is verdict


@pytest.mark.parametrize("whose", ["another person's", "another login's", "an enrolment's", "changed", "made up"])
def test_a_nonce_of_something_else_is_refused_and_counts_nothing(rita, owner, whose):
    own = nonce_for(rita)
    nonce = {
        "another person's": lambda: nonce_for(UserFactory()),
        "another login's": lambda: nonce_for(rita, login="of another login"),
        "an enrolment's": lambda: nonce_for(rita, purpose=ENROL),
        "changed": lambda: own[:5] + ("A" if own[5] != "A" else "B") + own[6:],
        "made up": lambda: "nothing:of:ours",
    }[whose]()
    refused = answer(rita, day_of(owner), at=NOON, nonce=nonce)
    assert refused.verdict is Verdict.NOT_SENT
    assert TypingProfile.objects.get().failures == 0


@pytest.mark.feature("LOG_11")
def test_slips_name_their_line_and_are_not_counted(rita, owner):
    first, second, third = day_of(owner)
    refused = answer(rita, [first, with_typo(second), third], at=NOON)
    assert refused.verdict is Verdict.UNREADABLE
    assert refused.text.startswith("Line 2: This line is not the sentence exactly as it appears.")
    for lines in ([], [first, second], [first, second, third, third], ["x"] * 3, [first, second, None]):
        assert answer(rita, lines, at=NOON).verdict is Verdict.UNREADABLE
    assert TypingProfile.objects.get().failures == 0


def test_what_was_pasted_or_scripted_or_typed_in_no_time_counts_as_a_failure(rita, owner):
    assert "Pasting is not typing" in answer(rita, [], at=NOON, pasted=True).text
    scripted = [[*row[:4], 1] for row in day_of(owner)[0]]
    assert answer(rita, [scripted] * 3, at=NOON).verdict is Verdict.WRONG
    nonce = nonce_for(rita, at=NOON - timedelta(seconds=2))
    assert answer(rita, day_of(owner), at=NOON, nonce=nonce).verdict is Verdict.WRONG
    assert TypingProfile.objects.get().failures == 3


def test_a_clock_too_coarse_and_a_keyboard_without_keys_lead_to_another_way_and_count_nothing(rita, owner):
    coarse = [[[*row[:3], round(row[3] / 100) * 100.0, row[4]] for row in line] for line in day_of(owner)]
    soft = [[[row[0], "", "Unidentified", row[3], 0] for row in line] for line in day_of(owner)]
    for lines in (coarse, soft):
        refused = answer(rita, lines, at=NOON)
        assert (refused.verdict, refused.another_way) == (Verdict.UNREADABLE, True)
    assert TypingProfile.objects.get().failures == 0


def fail(rita: User, typist: Typist, *, at: datetime = NOON) -> typing_patterns.Answer:
    """A refused attempt through the login, which records it."""
    pending = sign_in.start(user=rita, next_url="", at=at)
    nonce = nonce_for(rita, login=pending.secret, at=at - WHILE)
    sent = Submission(nonce=nonce, lines=day_of(typist))
    return sign_in.finish_with_typing(
        pending=pending, user=rita, submission=sent, known_device=False, visitor=DESK, at=at
    )


def test_five_failures_close_it_the_owner_is_told_and_a_code_opens_it(rita, owner, stranger):
    OutboundMessage.objects.all().delete()
    said = [fail(rita, stranger) for _ in range(5)]
    assert [one.tries_left for one in said] == [4, 3, 2, 1, 0]
    assert said[4].verdict is Verdict.USED_UP
    assert said[4].another_way
    assert not typing_patterns.is_offered(rita, known_device=True, at=NOON)
    assert answer(rita, day_of(owner), at=NOON).verdict is Verdict.CLOSED
    message = OutboundMessage.objects.get()
    assert "closed" in message.subject
    assert LoginAttempt.objects.filter(method="typing", outcome=LoginAttempt.Outcome.CODE_WRONG).count() == 5
    typing_patterns.settle(user=rita, attempt_secret="x", at=NOON)
    assert answer(rita, day_of(owner), at=NOON).verdict is Verdict.RIGHT
    assert "typing_pattern.reopened" in actions()


def test_refused_attempts_of_a_month_close_it_until_they_are_old(rita, owner, stranger, settings):
    settings.TYPING_PATTERN_FAILURES_PER_MONTH = 3
    for day in range(3):
        fail(rita, stranger, at=NOON + day * DAY)
        typing_patterns.settle(user=rita, attempt_secret="x", at=NOON + day * DAY)
    assert not typing_patterns.is_offered(rita, known_device=True, at=NOON + 3 * DAY)
    assert "until" in typing_patterns.standing_of(TypingProfile.objects.get(), at=NOON + 3 * DAY).why_closed
    assert typing_patterns.is_offered(rita, known_device=True, at=NOON + 31 * DAY)


def test_it_can_be_switched_off_or_bound_to_remembered_devices(new, rita, owner, settings):
    settings.TYPING_PATTERN_NEEDS_DEVICE = True
    assert not typing_patterns.is_offered(rita, known_device=False, at=NOON)
    assert typing_patterns.is_offered(rita, known_device=True, at=NOON)
    TypingProfile.objects.update(closed_at=NOON)
    assert typing_patterns.replaces_device(rita)  # closing it by wrong tries gains nothing
    TypingProfile.objects.update(closed_at=None)
    assert answer(rita, day_of(owner), at=NOON).verdict is Verdict.NOT_SENT
    settings.TYPING_PATTERN = False
    assert not typing_patterns.is_offered(rita, known_device=True, at=NOON)
    assert answer(rita, day_of(owner), at=NOON, known_device=True).another_way
    assert not typing_patterns.must_ask(UserFactory(typing_choice=Choice.ASK))


# Ending it


@pytest.mark.feature("LOG_13")
def test_withdrawing_deletes_at_once_and_is_no_reset_by_oneself(rita, owner):
    OutboundMessage.objects.all().delete()
    assert typing_patterns.withdraw(user=rita, at=NOON)
    assert not TypingProfile.objects.exists()
    assert not typing_patterns.ask_again(user=rita)
    typing_patterns.settle(user=rita, attempt_secret="x", at=NOON)
    rita.refresh_from_db()
    assert rita.typing_choice == Choice.WITHDRAWN
    assert not typing_patterns.must_ask(rita)
    assert answer(rita, day_of(owner), purpose=ENROL, at=NOON).another_way
    assert "consent to it was withdrawn" in OutboundMessage.objects.get().body_text
    assert not typing_patterns.withdraw(user=rita, at=NOON)


def test_who_skipped_can_be_asked_again_and_who_enrolled_cannot(new, owner):
    typing_patterns.settle(user=new, attempt_secret="x", at=NOON)
    assert typing_patterns.ask_again(user=new)
    new.refresh_from_db()
    enrol(new, owner, at=NOON)
    assert not typing_patterns.ask_again(user=new)
    assert TypingProfile.objects.exists()


@pytest.mark.feature("LOG_13")
def test_a_reset_on_a_ticket_deletes_asks_anew_and_is_told(rita):
    staff = UserFactory(carrier_admin=True)
    OutboundMessage.objects.all().delete()
    TrustedDevice.objects.create(user=rita, token_hash="y", created_at=NOON, expires_at=NOON + 30 * DAY)

    def reset() -> bool:
        return support_resets.reset_typing_pattern(user=rita, ticket="INC-7", reason="called", by=staff, at=NOON)

    assert reset()
    rita.refresh_from_db()
    assert not TypingProfile.objects.exists()
    assert typing_patterns.must_ask(rita)
    assert TrustedDevice.objects.get().revoked_at == NOON
    event = AuditEvent.objects.get(action="typing_pattern.reset")
    assert event.details == {"ticket": "INC-7", "reason": "called", "typing_pattern": True, "devices": 1}
    assert OutboundMessage.objects.get().kind == "support_reset"
    assert not reset()


@pytest.mark.feature("LOG_13")
def test_a_reset_opens_it_again_for_somebody_who_had_withdrawn(rita):
    typing_patterns.withdraw(user=rita, at=NOON)
    staff = UserFactory(carrier_admin=True)
    assert support_resets.reset_typing_pattern(user=rita, ticket="INC-7", reason="called", by=staff, at=NOON)
    rita.refresh_from_db()
    assert typing_patterns.must_ask(rita)


def test_a_pattern_is_purged_a_year_after_its_last_use(rita):
    used = NOON - 5 * DAY
    TypingProfile.objects.update(last_used_at=used)
    assert typing_patterns.purge(at=used + 365 * DAY - timedelta(seconds=1)) == 0
    assert typing_patterns.purge(at=used + 365 * DAY) == 1
    rita.refresh_from_db()
    assert typing_patterns.must_ask(rita)
    assert actions()[-1] == "typing_pattern.purged"


def test_one_that_was_never_used_is_purged_a_year_after_enrolment_and_one_of_a_closed_login_at_once(rita):
    enrolled = NOON - 10 * DAY
    assert typing_patterns.purge(at=enrolled + 364 * DAY) == 0
    assert TypingProfile.objects.exists()
    User.objects.filter(pk=rita.pk).update(is_active=False)
    assert typing_patterns.purge(at=NOON) == 1


def test_what_waits_for_a_login_that_is_over_and_old_nonces_are_purged(new, owner):
    answer(new, day_of(owner), purpose=ENROL, at=NOON)
    typing_patterns.purge(at=NOON + timedelta(minutes=5))
    assert HeldTypingPattern.objects.exists()
    assert UsedTypingNonce.objects.exists()
    typing_patterns.purge(at=NOON + PENDING_FOR)
    assert not HeldTypingPattern.objects.exists()
    assert not UsedTypingNonce.objects.exists()


# Keys, writing together, two at once


def test_its_keys_are_its_own_and_rotate(rita, owner, settings):
    old, new_key = settings.TYPING_PATTERN_KEYS[0], Fernet.generate_key().decode()
    assert old not in settings.FIELD_ENCRYPTION_KEYS
    before = stored("accounts_typingprofile", rita)
    Fernet(old).decrypt(before.encode())
    settings.TYPING_PATTERN_KEYS = [new_key, old]
    call_command("rotate_field_keys")
    assert stored("accounts_typingprofile", rita) != before
    settings.TYPING_PATTERN_KEYS = [new_key]
    assert answer(rita, day_of(owner), at=NOON).verdict is Verdict.RIGHT


def test_without_its_key_a_pattern_leads_to_another_way(rita, owner, settings):
    settings.TYPING_PATTERN_KEYS = [Fernet.generate_key().decode()]
    assert typing_patterns.is_offered(rita, known_device=False, at=NOON)
    refused = answer(rita, day_of(owner), at=NOON)
    assert (refused.verdict, refused.another_way) == (Verdict.NOT_SENT, True)
    assert "cannot be read" in refused.text


@pytest.mark.django_db(transaction=True)
def test_if_it_cannot_be_written_down_nothing_is_kept(monkeypatch, owner, stranger):
    new, rita = (UserFactory(typing_choice=Choice.ASK) for _ in range(2))
    enrol(rita, owner, at=NOON - DAY)
    staff = UserFactory(carrier_admin=True)
    TypingProfile.objects.update(failures=4)
    UsedTypingNonce.objects.all().delete()
    HeldTypingPattern.objects.create(
        user=new,
        bound_to=typing_patterns.bound_to("held"),
        template="t",
        sentence=SENTENCE_CODE,
        consent_at=NOON,
        expires_at=NOON + DAY,
    )

    def broken(*_args, **_kwargs):
        raise RuntimeError("no audit")

    acts = {
        "hold": lambda: answer(new, day_of(owner), purpose=ENROL, at=NOON),
        "settle": lambda: typing_patterns.settle(user=new, attempt_secret="held", at=NOON),
        "close": lambda: answer(rita, day_of(stranger), at=NOON),
        "withdraw": lambda: typing_patterns.withdraw(user=rita, at=NOON),
        "reset": lambda: support_resets.reset_typing_pattern(user=rita, ticket="T", reason="r", by=staff, at=NOON),
        "purge": lambda: typing_patterns.purge(at=NOON + 500 * DAY),
    }
    with monkeypatch.context() as patch:
        patch.setattr("portal.common.audit.AuditEvent.objects.create", broken)
        for act in acts.values():
            with pytest.raises(RuntimeError):
                act()
    assert list(TypingProfile.objects.values_list("user", "failures", "closed_at")) == [(rita.pk, 4, None)]
    assert list(HeldTypingPattern.objects.values_list("user", flat=True)) == [new.pk]
    assert not UsedTypingNonce.objects.exists()
    assert list(User.objects.order_by("pk").values_list("typing_choice", flat=True)[:2]) == ["ASK", "ENROLLED"]


@pytest.mark.django_db(transaction=True)
def test_of_two_answers_to_one_nonce_at_once_one_counts(owner):
    rita = UserFactory(typing_choice=Choice.ASK)
    enrol(rita, owner, at=NOON - DAY)
    nonce, lines = nonce_for(rita), day_of(owner)
    said = at_once(*[lambda: answer(rita, lines, at=NOON, nonce=nonce).verdict] * 2)
    assert sorted(one.value for one in said) == ["already used", "right"]


# The texts


@pytest.mark.no_db
def test_sentences_are_long_enough_varied_and_one_capital_each():
    assert SENTENCES[SENTENCE_CODE] == SENTENCE
    assert len(set(SENTENCES.values())) == len(SENTENCES)
    for sentence in SENTENCES.values():
        assert 35 <= len(sentence) <= 45
        assert re.fullmatch(r"[A-Z][a-z]*( [a-z]+)+", sentence)
        assert Counter(sentence.lower().replace(" ", "")).most_common(1)[0][1] <= 7
    assert {sentence_for(number) for number in range(8)} == set(SENTENCES)


@pytest.mark.no_db
def test_the_notice_does_not_change_without_a_new_version():
    text = render_to_string("accounts/_typing_notice.html", {"carrier_name": "Carrier", "keep_days": 365})
    digest = hashlib.sha256(" ".join(text.split()).encode()).hexdigest()[:12]
    assert (NOTICE_VERSION, digest) == ("1.0", "b6a7c6fee14a")
