"""Changing and revoking what a delegate may do: the services."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import DelegateGrant
from accounts.services import delegate_grants, delegate_notices
from accounts.services.delegate_grants import GrantRevoked
from accounts.services.delegate_invitations import Rights
from portal.common.models import AuditEvent, OutboundMessage
from tests.support.concurrency import at_once
from tests.support.factories import DelegateGrantFactory, UserFactory

NOW = timezone.now()
TODAY = timezone.localdate(NOW)


@pytest.fixture
def rita():
    return UserFactory()


@pytest.fixture
def grant(rita) -> DelegateGrant:
    return DelegateGrantFactory(producer=rita.producer)


def mails() -> list[tuple[str, str]]:
    return list(OutboundMessage.objects.order_by("id").values_list("kind", "to"))


@pytest.mark.feature("HOM_14")
def test_a_change_counts_and_both_are_told(rita, grant):
    rights = Rights(scopes=["COMMISSIONS", "VIEW"], first_day=grant.first_day, last_day=TODAY)
    assert delegate_grants.change(grant=grant, rights=rights, by=rita) is True
    grant.refresh_from_db()
    assert (grant.scopes, grant.last_day) == (["VIEW", "COMMISSIONS"], TODAY)
    assert mails() == [
        ("delegate_changed", rita.producer.record_email),
        ("delegate_changed", grant.delegate.email),
    ]
    event = AuditEvent.objects.get(action="delegate.changed")
    assert event.for_producer == rita.producer.npn
    assert event.details["scopes"] == {"before": ["VIEW"], "after": ["VIEW", "COMMISSIONS"]}


def test_saving_the_same_again_tells_nobody(rita, grant):
    rights = Rights(scopes=grant.scopes, first_day=grant.first_day, last_day=None)
    assert delegate_grants.change(grant=grant, rights=rights, by=rita) is False
    assert mails() == []
    assert not AuditEvent.objects.filter(action="delegate.changed").exists()


@pytest.mark.feature("HOM_10")
def test_revoking_twice_is_once(rita, grant):
    assert delegate_grants.revoke(grant=grant, by=rita, at=NOW) is True
    assert delegate_grants.revoke(grant=grant, by=rita, at=NOW + timedelta(hours=1)) is False
    grant.refresh_from_db()
    assert (grant.revoked_at, grant.revoked_by) == (NOW, rita)
    assert [kind for kind, _ in mails()] == ["delegate_revoked", "delegate_revoked"]


@pytest.mark.django_db(transaction=True)
def test_revoking_at_the_same_moment_is_once(rita, grant):
    results = at_once(*[lambda: delegate_grants.revoke(grant=grant, by=rita, at=NOW)] * 4)
    assert sorted(results) == [False, False, False, True]
    assert AuditEvent.objects.filter(action="delegate.revoked").count() == 1


def test_a_revoked_grant_cannot_be_changed(rita, grant):
    delegate_grants.revoke(grant=grant, by=rita, at=NOW)
    with pytest.raises(GrantRevoked):
        delegate_grants.change(grant=grant, rights=Rights(scopes=["ENROLL"], first_day=TODAY, last_day=None), by=rita)
    grant.refresh_from_db()
    assert grant.scopes == ["VIEW"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("act", ["change", "revoke"])
def test_without_its_notices_nothing_is_kept(rita, grant, monkeypatch, act):
    def fail(*_args):
        raise RuntimeError

    monkeypatch.setattr(delegate_notices, f"tell_{'changed' if act == 'change' else 'revoked'}", fail)
    acts = {
        "change": lambda: delegate_grants.change(
            grant=grant, rights=Rights(scopes=["ENROLL"], first_day=TODAY, last_day=None), by=rita
        ),
        "revoke": lambda: delegate_grants.revoke(grant=grant, by=rita, at=NOW),
    }
    with pytest.raises(RuntimeError):
        acts[act]()
    grant.refresh_from_db()
    assert (grant.scopes, grant.revoked_at) == (["VIEW"], None)
    assert not OutboundMessage.objects.exists()
