from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import User
from accounts.services import emergency_access
from accounts.services.emergency_access import NotForEmergencies
from portal.common import outbox
from portal.common.models import AuditEvent, OutboundMessage, OutboxMessage
from tests.support.factories import UserFactory

NOW = timezone.now().replace(microsecond=0)


@pytest.fixture
def sealed() -> User:
    return UserFactory(carrier_admin=True, username="emergency1", email="duty@carrier.example", is_active=False)


def begin(username="emergency1", hours=4, reason="INC-4711 both admins away", at=NOW):
    return emergency_access.begin(username=username, hours=hours, reason=reason, at=at)


def test_a_closed_login_of_staff_opens_with_a_reason_that_is_kept(sealed):
    assert begin() == NOW + timedelta(hours=4)
    sealed.refresh_from_db()
    assert sealed.is_active
    event = AuditEvent.objects.get(action="emergency_access.begun")
    assert (event.object_id, event.details) == (str(sealed.pk), {"reason": "INC-4711 both admins away", "hours": 4})


def test_the_rest_of_the_staff_is_told_and_nobody_else(sealed):
    UserFactory(carrier_admin=True, email="lead@carrier.example")
    UserFactory(carrier_admin=True, email="former@carrier.example", is_active=False)
    UserFactory()
    begin()
    (message,) = OutboundMessage.objects.all()
    assert message.to == "lead@carrier.example"
    assert "INC-4711" in message.body_text


def test_it_is_closed_when_the_time_is_up_and_its_session_ends_with_the_next_request(sealed, sign_in):
    begin(hours=1)
    owed = OutboxMessage.objects.get(topic=emergency_access.TOPIC)
    assert owed.not_before == NOW + timedelta(hours=1)
    client = sign_in(User.objects.get(pk=sealed.pk))
    assert client.get("/admin/").status_code == 200
    OutboxMessage.objects.filter(pk=owed.pk).update(not_before=NOW)
    outbox.sweep()
    sealed.refresh_from_db()
    assert not sealed.is_active
    assert client.get("/admin/").status_code == 302
    assert AuditEvent.objects.filter(action="emergency_access.ended", object_id=str(sealed.pk)).count() == 1


def test_closed_by_hand_before_it_stays_closed_without_a_word(sealed):
    emergency_access.end({"user_pk": sealed.pk})
    assert not AuditEvent.objects.filter(action="emergency_access.ended").exists()


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"reason": "  "}, "Say why"),
        ({"hours": 0}, "1 to 24 hours"),
        ({"hours": 25}, "1 to 24 hours"),
        ({"username": "nobody12"}, "no login of carrier staff"),
        ({"username": "producer1"}, "no login of carrier staff"),
        ({"username": "openadmin"}, "open already"),
        ({"username": "nomailbox"}, "no email address"),
    ],
)
def test_what_is_no_emergency_login_is_not_opened(sealed, changes, why):
    UserFactory(username="producer1", is_active=False)
    UserFactory(carrier_admin=True, username="openadmin", email="a@carrier.example")
    UserFactory(carrier_admin=True, username="nomailbox", email="", is_active=False)
    before = set(User.objects.filter(is_active=True))
    with pytest.raises(NotForEmergencies, match=why):
        begin(**changes)
    assert set(User.objects.filter(is_active=True)) == before
    assert not OutboxMessage.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_if_it_cannot_be_written_down_nothing_is_opened(sealed, monkeypatch):
    def broken(*_args, **_kwargs):
        raise RuntimeError("no audit")

    monkeypatch.setattr(emergency_access.audit, "record", broken)
    with pytest.raises(RuntimeError):
        begin()
    assert not User.objects.get(pk=sealed.pk).is_active


def test_the_command_says_until_when_or_why_not(sealed, capsys):
    call_command("emergency_access", "emergency1", reason="INC-4711")
    assert "emergency1 is open until" in capsys.readouterr().out
    with pytest.raises(CommandError, match="open already"):
        call_command("emergency_access", "emergency1", reason="INC-4711")
