"""Inviting delegates and accepting: the services."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.models import DelegateGrant, DelegateInvitation, User
from accounts.rules.grant_days import GrantState
from accounts.services import delegate_invitations as service
from accounts.services import delegate_notices
from accounts.services import terms as terms_of_use
from accounts.services.delegate_invitations import (
    AlreadyAccepted,
    AlreadyInvited,
    CannotAccept,
    CannotInvite,
    InvitationNotOpen,
    Rights,
)
from portal.common.dates import today_in
from portal.common.models import AuditEvent, OutboundMessage
from portal.common.throttle import TooOften
from tests.support.concurrency import at_once
from tests.support.factories import DelegateGrantFactory, ProducerFactory, UserFactory
from tests.support.signing_in import kept_rows

NOW = timezone.now()
TODAY = today_in(now=NOW)
ADDRESS = "nora.quill@people.example"
GOOD_PASSWORD = "Harbor#Kite58"


@pytest.fixture
def rita() -> User:
    return UserFactory(username="rsolberg7", producer=ProducerFactory(record_email="rita@record.example"))


class Links:
    """Makes links and remembers them, as the mailbox would."""

    def __init__(self) -> None:
        self.tokens: list[str] = []

    def __call__(self, token: str) -> str:
        self.tokens.append(token)
        return f"https://portal.example/accept/{token}/"


@pytest.fixture
def links() -> Links:
    return Links()


def invite(by: User, links: Links, *, email: str = ADDRESS, at=NOW, **rights) -> DelegateInvitation:
    chosen = {"scopes": ["SERVICE", "VIEW"], "first_day": TODAY, "last_day": None, **rights}
    return service.invite(
        producer=by.producer,
        first_name="Nora",
        last_name="Quill",
        email=email,
        rights=Rights(**chosen),
        by=by,
        at=at,
        link=links,
    )


def accept_new(invitation: DelegateInvitation, *, username: str = "noraquill1", at=NOW, **more) -> User:
    return service.accept_with_new_login(
        invitation=invitation,
        **{"username": username, "password": GOOD_PASSWORD, "first_name": "Nora", "last_name": "Quill"} | more,
        terms=None,
        ip_address=None,
        at=at,
    )


def kinds() -> list[tuple[str, str]]:
    return list(OutboundMessage.objects.order_by("id").values_list("kind", "to"))


# Inviting


@pytest.mark.feature("HOM_10")
def test_the_invited_gets_the_link_and_the_producer_a_notice(rita, links):
    invitation = invite(rita, links, email="Nora.Quill@People.example")
    assert kinds() == [("delegate_invitation", ADDRESS), ("delegate_invited", "rita@record.example")]
    mail = OutboundMessage.objects.get(kind="delegate_invitation")
    for body in (mail.body_text, mail.body_html):
        assert f"https://portal.example/accept/{links.tokens[0]}/" in body
        assert "View clients and run reports" in body
        assert rita.producer.name in body
    assert links.tokens[0] not in OutboundMessage.objects.get(kind="delegate_invited").body_text
    assert invitation.scopes == ["VIEW", "SERVICE"]
    assert invitation.expires_at == NOW + timedelta(days=7)
    event = AuditEvent.objects.get(action="delegate.invited")
    assert (event.actor_id, event.for_producer) == (rita.pk, rita.producer.npn)


def test_nothing_that_is_kept_opens_the_invitation(rita, links):
    invite(rita, links)
    assert kept_rows(links.tokens[0]) == set()


def test_asked_twice_one_invitation_goes_out(rita, links):
    invite(rita, links)
    with pytest.raises(AlreadyInvited):
        invite(rita, links)
    assert len(links.tokens) == DelegateInvitation.objects.count() == 1
    assert len(kinds()) == 2


@pytest.mark.django_db(transaction=True)
def test_asked_at_the_same_moment_one_invitation_goes_out(rita, links):
    results = at_once(*[lambda: invite(rita, links)] * 4)
    assert sum(isinstance(result, DelegateInvitation) for result in results) == 1
    assert sum(isinstance(result, AlreadyInvited) for result in results) == 3
    assert DelegateInvitation.objects.count() == 1


def test_an_expired_invitation_makes_room_for_a_new_one(rita, links):
    old = invite(rita, links)
    new = invite(rita, links, at=NOW + timedelta(days=7))
    old.refresh_from_db()
    assert old.withdrawn_at is not None
    assert new.is_open(NOW + timedelta(days=8))


def test_the_own_address_cannot_be_invited(rita, links):
    for own in ("RITA@record.example", rita.email):
        with pytest.raises(CannotInvite, match="your own address"):
            invite(rita, links, email=own)


def test_who_is_a_delegate_already_is_changed_and_not_invited(rita, links):
    grant = DelegateGrantFactory(producer=rita.producer)
    with pytest.raises(CannotInvite, match="delegate already"):
        invite(rita, links, email=grant.delegate.email.upper())


def test_the_delegate_of_somebody_else_can_be_invited(rita, links):
    other = DelegateGrantFactory()
    assert invite(rita, links, email=other.delegate.email).is_open(NOW)


def test_nobody_can_be_flooded_with_invitations(rita, links):
    for _ in range(5):
        invitation = invite(rita, links)
        service.withdraw(invitation=invitation, by=rita, at=NOW)
    with pytest.raises(TooOften):
        invite(rita, links)


def test_a_producer_cannot_send_many_invitations_in_an_hour(rita, links):
    for number in range(20):
        invite(rita, links, email=f"person{number}@people.example")
    with pytest.raises(TooOften):
        invite(rita, links, email="person20@people.example")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("step", ["send_link", "tell_invited"])
def test_without_its_email_there_is_no_invitation(rita, links, monkeypatch, step):
    def fail(*_args, **_kwargs):
        raise RuntimeError

    monkeypatch.setattr(delegate_notices, step, fail)
    with pytest.raises(RuntimeError):
        invite(rita, links)
    assert not DelegateInvitation.objects.exists()
    assert not OutboundMessage.objects.exists()


# Sending again, withdrawing


def test_a_new_link_replaces_the_one_before(rita, links):
    invitation = invite(rita, links)
    service.resend(invitation=invitation, by=rita, at=NOW + timedelta(days=6), link=links)
    first, second = links.tokens
    assert service.find(service.hash_of(first)) is None
    assert service.find(service.hash_of(second)).expires_at == NOW + timedelta(days=13)


def test_the_sixth_email_to_one_address_on_a_day_is_refused(rita, links):
    invitation = invite(rita, links)
    for _ in range(4):
        service.resend(invitation=invitation, by=rita, at=NOW, link=links)
    with pytest.raises(TooOften):
        service.resend(invitation=invitation, by=rita, at=NOW, link=links)
    assert len(links.tokens) == 5


def test_a_withdrawn_link_is_worth_nothing_and_withdrawing_twice_is_once(rita, links):
    invitation = invite(rita, links)
    assert service.withdraw(invitation=invitation, by=rita, at=NOW) is True
    assert service.withdraw(invitation=invitation, by=rita, at=NOW) is False
    assert kinds().count(("delegate_invitation_withdrawn", ADDRESS)) == 1
    with pytest.raises(InvitationNotOpen):
        accept_new(invitation)
    with pytest.raises(InvitationNotOpen):
        service.resend(invitation=invitation, by=rita, at=NOW, link=links)


def test_an_accepted_invitation_cannot_be_withdrawn_or_sent_again(rita, links):
    invitation = invite(rita, links)
    accept_new(invitation)
    with pytest.raises(InvitationNotOpen, match="Revoke the access"):
        service.withdraw(invitation=invitation, by=rita, at=NOW)
    with pytest.raises(InvitationNotOpen):
        service.resend(invitation=invitation, by=rita, at=NOW, link=links)


# Accepting with a new login


@pytest.mark.feature("HOM_10")
@pytest.mark.feature("HOM_14")
def test_a_new_person_gets_a_login_and_the_grant(rita, links):
    invitation = invite(rita, links, last_day=TODAY + timedelta(days=30))
    person = accept_new(invitation)
    person = User.objects.get(pk=person.pk)
    assert (person.role, person.email, person.email_confirmed_at) == (User.Role.DELEGATE, ADDRESS, NOW)
    assert person.check_password(GOOD_PASSWORD)
    assert person.password_history.count() == 1
    grant = DelegateGrant.objects.get(producer=rita.producer, delegate=person)
    assert (grant.scopes, grant.first_day, grant.last_day) == (["VIEW", "SERVICE"], TODAY, TODAY + timedelta(days=30))
    assert kinds()[2:] == [("delegate_accepted", "rita@record.example"), ("delegate_accepted", ADDRESS)]
    event = AuditEvent.objects.get(action="delegate.invitation_accepted")
    assert (event.actor_id, event.for_producer) == (person.pk, rita.producer.npn)
    invitation.refresh_from_db()
    assert (invitation.accepted_by, invitation.accepted_at) == (person, NOW)


@pytest.mark.parametrize(
    ("passed", "good"),
    [(timedelta(days=7) - timedelta(seconds=1), True), (timedelta(days=7), False)],
)
def test_the_link_works_for_seven_days(rita, links, passed, good):
    invitation = invite(rita, links)
    if good:
        assert accept_new(invitation, at=NOW + passed)
    else:
        with pytest.raises(InvitationNotOpen):
            accept_new(invitation, at=NOW + passed)
        assert not User.objects.filter(role=User.Role.DELEGATE).exists()


def test_the_link_works_once(rita, links):
    invitation = invite(rita, links)
    accept_new(invitation)
    with pytest.raises(InvitationNotOpen):
        accept_new(invitation, username="somebody2")
    assert User.objects.filter(role=User.Role.DELEGATE).count() == DelegateGrant.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_accepted_at_the_same_moment_one_login_is_made(rita, links):
    invitation = invite(rita, links)
    results = at_once(*[lambda name=name: accept_new(invitation, username=name) for name in ("noraone1", "noratwo2")])
    assert sorted(type(result).__name__ for result in results) == ["InvitationNotOpen", "User"]
    assert DelegateGrant.objects.count() == User.objects.filter(role=User.Role.DELEGATE).count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_producers_invitations_to_one_address_make_one_login(rita, links):
    other = UserFactory(username="outsider9")
    invitations = [invite(rita, links), invite(other, links)]
    results = at_once(
        *[lambda i=i, n=n: accept_new(i, username=f"noraquill{n}") for n, i in enumerate(invitations, start=1)]
    )
    assert sorted(type(result).__name__ for result in results) == ["CannotAccept", "User"]


def test_an_invitation_whose_days_have_passed_cannot_be_accepted(rita, links):
    invitation = invite(rita, links, last_day=TODAY)
    with pytest.raises(InvitationNotOpen):
        accept_new(invitation, at=NOW + timedelta(days=2))


@pytest.mark.parametrize(
    ("username", "password", "field"),
    [
        ("abc.1234", GOOD_PASSWORD, "username"),
        ("RSOLBERG7", GOOD_PASSWORD, "username"),
        ("noraquill1", "short1!", "password"),
        ("noraquill1", "Noraquill#Kite58", "password"),
    ],
)
def test_username_and_password_follow_the_rules_of_registration(rita, links, username, password, field):
    invitation = invite(rita, links)
    with pytest.raises(ValidationError) as refused:
        accept_new(invitation, username=username, password=password)
    assert list(refused.value.message_dict) == [field]
    invitation.refresh_from_db()
    assert invitation.is_open(NOW)
    assert not DelegateGrant.objects.exists()


def test_usernames_cannot_be_tried_out_without_end(rita, links):
    invitation = invite(rita, links)
    for _ in range(30):
        with pytest.raises(ValidationError):
            accept_new(invitation, username="rsolberg7")
    with pytest.raises(TooOften):
        accept_new(invitation, username="rsolberg7")


def test_nobody_gets_a_second_login_for_one_address(rita, links):
    UserFactory(delegate=True, email=ADDRESS.upper())
    invitation = invite(rita, links)
    with pytest.raises(CannotAccept, match="Log in with it"):
        accept_new(invitation)


def test_the_accepted_terms_are_kept(rita, links):
    terms = terms_of_use.publish(version="2026-11-test", body="Be careful.", by=None, at=NOW)
    invitation = invite(rita, links)
    person = service.accept_with_new_login(
        invitation=invitation,
        username="noraquill1",
        password=GOOD_PASSWORD,
        first_name="Nora",
        last_name="Quill",
        terms=terms,
        ip_address="203.0.113.7",
        at=NOW,
    )
    acceptance = person.terms_acceptances.get()
    assert (acceptance.terms, acceptance.ip_address) == (terms, "203.0.113.7")


@pytest.mark.django_db(transaction=True)
def test_when_the_notice_fails_there_is_neither_login_nor_grant(rita, links, monkeypatch):
    invitation = invite(rita, links)

    def fail(*_args):
        raise RuntimeError

    monkeypatch.setattr(delegate_notices, "tell_accepted", fail)
    with pytest.raises(RuntimeError):
        accept_new(invitation)
    assert not User.objects.filter(role=User.Role.DELEGATE).exists()
    assert not DelegateGrant.objects.exists()
    invitation.refresh_from_db()
    assert invitation.is_open(NOW)


# Accepting with the login one has


@pytest.fixture
def dana() -> User:
    return UserFactory(username="dkeller22", delegate=True, email=ADDRESS)


@pytest.mark.feature("HOM_10")
def test_a_delegate_accepts_for_another_producer(rita, dana, links):
    DelegateGrantFactory(delegate=dana)
    grant = service.accept(invitation=invite(rita, links), by=dana, at=NOW)
    assert (grant.producer, grant.delegate) == (rita.producer, dana)
    assert dana.grants_held.count() == 2


def test_accepting_twice_is_once(rita, dana, links):
    invitation = invite(rita, links)
    service.accept(invitation=invitation, by=dana, at=NOW)
    with pytest.raises(AlreadyAccepted):
        service.accept(invitation=invitation, by=dana, at=NOW)
    assert dana.grants_held.count() == 1
    assert kinds().count(("delegate_accepted", ADDRESS)) == 1


@pytest.mark.django_db(transaction=True)
def test_accepting_at_the_same_moment_is_once(rita, dana, links):
    invitation = invite(rita, links)
    results = at_once(*[lambda: service.accept(invitation=invitation, by=dana, at=NOW)] * 3)
    assert sorted(type(result).__name__ for result in results) == [
        "AlreadyAccepted",
        "AlreadyAccepted",
        "DelegateGrant",
    ]
    assert DelegateGrant.objects.count() == 1


@pytest.mark.parametrize("who", ["producer", "admin", "another address"])
def test_who_is_not_the_invited_delegate_cannot_accept(rita, links, who):
    person = {
        "producer": lambda: UserFactory(email=ADDRESS),
        "admin": lambda: UserFactory(carrier_admin=True, email=ADDRESS),
        "another address": lambda: UserFactory(delegate=True),
    }[who]()
    invitation = invite(rita, links)
    with pytest.raises(CannotAccept):
        service.accept(invitation=invitation, by=person, at=NOW)
    assert not DelegateGrant.objects.exists()
    invitation.refresh_from_db()
    assert invitation.is_waiting


def test_a_revoked_delegate_can_be_invited_again(rita, dana, links):
    DelegateGrantFactory(producer=rita.producer, delegate=dana, revoked_at=NOW, revoked_by=rita)
    grant = service.accept(invitation=invite(rita, links), by=dana, at=NOW)
    assert grant.state(TODAY) is GrantState.ACTIVE
    assert dana.grants_held.count() == 2
