"""Registering with the producer record: what the service refuses whatever page asks it."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.utils import timezone

from accounts.models import EmailConfirmation, PasswordHistory, Producer, TermsAcceptance, User
from accounts.services import registration
from accounts.services.registration import AlreadyRegistered, LinkState, NoMatch, TooManyLinks
from portal.common.models import AuditEvent, OutboundMessage
from tests.support.factories import UserFactory
from tests.support.registering import LOGIN, NPN, NUMBER, ZIP, publish_terms, rita

NOW = timezone.now()


def link_to(token: str) -> str:
    return f"http://testserver/{token}/"


def create(producer: Producer, **login: str) -> User:
    return registration.create_login(
        producer=producer,
        **{**LOGIN, **login},
        terms=publish_terms(str(AuditEvent.objects.count())),
        accepted_at=NOW,
        ip_address=None,
        link_to=link_to,
        at=NOW,
    )


def newest_token() -> str:
    text = OutboundMessage.objects.filter(kind="registration_confirm").latest("id").body_text
    return next(line for line in text.splitlines() if "testserver" in line).strip("/").rpartition("/")[2]


@pytest.mark.feature("REG_08")
def test_the_record_is_found_by_number_npn_and_zip_and_an_npn_may_have_zeros_in_front():
    producer = rita()
    assert registration.matching_producer(number=NUMBER, npn=NPN, zip_code=ZIP) == producer
    assert registration.matching_producer(number=NUMBER, npn=f"000{NPN}", zip_code=ZIP) == producer


def test_a_record_without_any_zip_matches_no_zip():
    rita().numbers.update(zip="")
    with pytest.raises(NoMatch):
        registration.matching_producer(number=NUMBER, npn=NPN, zip_code="")


@pytest.mark.feature("REG_11")
def test_a_record_closed_between_two_steps_gets_no_login():
    producer = rita()
    Producer.objects.update(status=Producer.Status.TERMINATED)
    with pytest.raises(NoMatch):
        create(producer)
    assert not User.objects.exists()


@pytest.mark.feature("REG_10")
def test_a_producer_with_a_login_gets_no_second_one():
    producer = rita()
    first = create(producer)
    with pytest.raises(AlreadyRegistered) as refused:
        create(producer, username="another77")
    assert refused.value.user == first
    assert User.objects.count() == 1


def test_username_and_password_are_both_judged():
    with pytest.raises(ValidationError) as refused:
        create(rita(), username="a.b", password="short")
    assert set(refused.value.message_dict) == {"username", "password"}
    assert len(refused.value.message_dict["password"]) > 1


@pytest.mark.parametrize("step", ["passwords.remember", "terms_of_use.accept", "send_email", "audit.record"])
@pytest.mark.django_db(transaction=True)
def test_if_any_write_fails_nothing_is_kept(monkeypatch, step):
    producer, terms = rita(), publish_terms()

    def broken(*_args, **_kwargs):
        raise RuntimeError(step)

    monkeypatch.setattr(f"accounts.services.registration.{step}", broken)
    with pytest.raises(RuntimeError, match=step):
        registration.create_login(
            producer=producer,
            username="rsolberg7",
            password="Harbor#Kite58",
            terms=terms,
            accepted_at=NOW,
            ip_address=None,
            link_to=link_to,
            at=NOW,
        )
    for model in (User, PasswordHistory, TermsAcceptance, EmailConfirmation, OutboundMessage):
        assert not model.objects.exists(), model


def test_only_a_taken_username_is_told_as_one():
    producer = rita()
    UserFactory(username="rsolberg7", producer=producer)
    twin = User(username="another77", role=User.Role.PRODUCER, producer=producer)
    with pytest.raises(IntegrityError):
        registration.save_with_free_username(twin)
    name = User(username="RSolberg7", role=User.Role.DELEGATE)
    with pytest.raises(ValidationError, match="This username is taken"):
        registration.save_with_free_username(name)


def test_a_repeat_is_the_same_name_and_password_before_the_confirmation_only():
    user = create(rita())
    assert registration.is_repeat(user, "RSolberg7", "Harbor#Kite58")
    assert not registration.is_repeat(user, "rsolberg7", "Harbor#Kite59")
    assert not registration.is_repeat(user, "rsolberg8", "Harbor#Kite58")
    user.email_confirmed_at = NOW
    assert not registration.is_repeat(user, "rsolberg7", "Harbor#Kite58")


@pytest.mark.feature("REG_16")
def test_a_link_is_good_once_and_its_end_is_exclusive():
    user = create(rita())
    token = newest_token()
    ends = user.email_confirmations.get().expires_at
    assert ends == NOW + timedelta(days=7)
    assert registration.link_behind(token, at=ends - timedelta(microseconds=1)).state is LinkState.GOOD
    assert registration.link_behind(token, at=ends).state is LinkState.EXPIRED
    assert registration.confirm(token, at=NOW).state is LinkState.GOOD
    assert registration.confirm(token, at=NOW).state is LinkState.USED
    assert registration.confirm("made-up", at=NOW).state is LinkState.UNKNOWN


@pytest.mark.feature("REG_17")
def test_five_resends_within_any_hour_and_none_after_the_confirmation():
    user = create(rita())
    moments = [NOW + timedelta(minutes=minute) for minute in (50, 55, 58, 62, 65)]
    for moment in moments:
        registration.resend_link(user=user, link_to=link_to, at=moment)
    with pytest.raises(TooManyLinks, match="in 1 minute"):
        registration.resend_link(user=user, link_to=link_to, at=NOW + timedelta(minutes=109, seconds=30))
    with pytest.raises(TooManyLinks, match="in 41 minutes"):
        registration.resend_link(user=user, link_to=link_to, at=NOW + timedelta(minutes=69, seconds=30))
    registration.resend_link(user=user, link_to=link_to, at=NOW + timedelta(minutes=110))
    registration.confirm(newest_token(), at=NOW + timedelta(minutes=111))
    sent = OutboundMessage.objects.count()
    registration.resend_link(user=user, link_to=link_to, at=NOW + timedelta(days=1))
    assert OutboundMessage.objects.count() == sent
