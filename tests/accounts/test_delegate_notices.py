"""Both sides hear in the portal that a delegate was added, changed or removed (HOM_08)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import DelegateGrant
from accounts.services import delegate_grants, delegate_invitations
from accounts.services.delegate_invitations import Rights
from portal.common.models import OutboundMessage
from portal.common.notifications import kinds
from portal.common.notifications.models import Notification
from portal.common.notifications.preferences import Choice, choices_of, save
from tests.support.factories import DelegateGrantFactory, DelegateInvitationFactory, ProducerFactory, UserFactory

NOW = timezone.now()
TODAY = timezone.localdate(NOW)


@pytest.fixture
def rita():
    return UserFactory()


@pytest.fixture
def grant(rita) -> DelegateGrant:
    dana = UserFactory(delegate=True, first_name="Dana", last_name="Keller")
    return DelegateGrantFactory(producer=rita.producer, delegate=dana)


def told(person) -> list[tuple[str, str]]:
    return list(Notification.objects.for_user(person).values_list("kind", "title"))


@pytest.mark.feature("HOM_08")
def test_an_accepted_invitation_is_told_to_both(rita):
    dana = UserFactory(delegate=True, first_name="Dana", last_name="Keller", email="dana@people.example")
    invitation = DelegateInvitationFactory(producer=rita.producer, invited_by=rita, email="dana@people.example")
    delegate_invitations.accept(invitation=invitation, by=dana, at=NOW)
    assert told(rita) == [("delegate.added", "Dana Keller is now your delegate")]
    assert told(dana) == [("delegate.added", f"You are now a delegate of {rita.producer.name}")]
    assert Notification.objects.for_user(rita).get().url == "/accounts/delegates/"
    assert "View clients and run reports" in Notification.objects.for_user(dana).get().text


@pytest.mark.feature("HOM_08")
def test_each_change_is_told_to_both(rita, grant):
    for scopes in (["ENROLL"], ["VIEW"]):
        rights = Rights(scopes=scopes, first_day=TODAY, last_day=None)
        delegate_grants.change(grant=grant, rights=rights, by=rita)
    changed = ("delegate.changed", "You changed what Dana Keller may do for you")
    assert told(rita) == [changed, changed]
    assert told(grant.delegate) == [("delegate.changed", f"{rita.producer.name} changed what you may do")] * 2


@pytest.mark.feature("HOM_08")
def test_the_end_of_the_access_is_told_to_both_once(rita, grant):
    for hours in (0, 1):
        delegate_grants.revoke(grant=grant, by=rita, at=NOW + timedelta(hours=hours))
    assert told(rita) == [("delegate.removed", "You ended the access of Dana Keller")]
    assert told(grant.delegate) == [("delegate.removed", f"{rita.producer.name} ended your access")]


def test_the_emails_about_it_stay_the_two_that_are_always_sent(rita, grant):
    delegate_grants.revoke(grant=grant, by=rita, at=NOW)
    assert [mail.kind for mail in OutboundMessage.objects.all()] == ["delegate_revoked", "delegate_revoked"]


def test_who_does_not_want_it_in_the_portal_still_gets_the_email(rita, grant):
    codes = [code for code in choices_of(rita) if code.startswith("delegate.")]
    save(by=rita, choices={code: Choice(in_app=False, email="OFF") for code in codes})
    delegate_grants.revoke(grant=grant, by=rita, at=NOW)
    assert told(rita) == []
    assert OutboundMessage.objects.filter(to=rita.producer.record_email).count() == 1


def test_a_producer_without_a_login_holds_nothing_up(rita):
    grant = DelegateGrantFactory(producer=ProducerFactory(), delegate=UserFactory(delegate=True))
    delegate_grants.revoke(grant=grant, by=rita, at=NOW)
    assert [row.recipient for row in Notification.objects.all()] == [grant.delegate]


def test_an_inactive_delegate_is_told_nothing(rita, grant):
    grant.delegate.is_active = False
    grant.delegate.save()
    delegate_grants.revoke(grant=grant, by=rita, at=NOW)
    assert told(grant.delegate) == []


def test_the_kinds_are_for_producers_and_delegates(world):
    groups = dict(kinds.groups_for(world.producer))
    assert [kind.code for kind in groups["Delegates"]] == ["delegate.added", "delegate.changed", "delegate.removed"]
    assert "Delegates" in dict(kinds.groups_for(world.delegate))
    assert "Delegates" not in dict(kinds.groups_for(world.admin))
