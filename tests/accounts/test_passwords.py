"""Setting a password: what is kept, what ends, who is told."""

from datetime import timedelta

import pytest
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from accounts.models import PasswordHistory, TrustedDevice, User
from accounts.services import passwords
from portal.common.models import AuditEvent, OutboundMessage
from tests.support.concurrency import at_once
from tests.support.factories import UserFactory
from tests.support.signing_in import kept_rows

NOW = timezone.now()


def set_password(user: User, new: str, *, at=NOW) -> None:
    passwords.set_password(user=user, new_password=new, by=user, at=at)


def numbered(number: int) -> str:
    return f"Zk#{number:02}Qw!vT"


def test_the_new_password_works_and_the_old_one_does_not():
    rita = UserFactory(password="Harbor#Kite58")
    set_password(rita, "Bridge!Moss27")
    rita.refresh_from_db()
    assert rita.check_password("Bridge!Moss27")
    assert not rita.check_password("Harbor#Kite58")


@pytest.mark.feature("PWD_10")
def test_none_of_the_last_ten_comes_back_and_the_one_before_does():
    rita = UserFactory(password="Harbor#Kite58")
    for number in range(1, 11):
        set_password(rita, numbered(number), at=NOW + timedelta(minutes=number))
    for number in range(1, 11):
        with pytest.raises(ValidationError, match="used this password before"):
            set_password(rita, numbered(number))
    set_password(rita, "Harbor#Kite58", at=NOW + timedelta(hours=1))
    assert User.objects.get(pk=rita.pk).check_password("Harbor#Kite58")


@pytest.mark.feature("PWD_10")
def test_the_first_password_counts_although_it_was_never_recorded():
    rita = UserFactory(password="Harbor#Kite58")
    set_password(rita, "Bridge!Moss27")
    with pytest.raises(ValidationError, match="used this password before"):
        set_password(rita, "Harbor#Kite58")


@pytest.mark.feature("PWD_10")
def test_only_hashes_are_kept_and_no_more_than_ten():
    rita = UserFactory(password="Harbor#Kite58")
    for number in range(1, 13):
        set_password(rita, numbered(number), at=NOW + timedelta(minutes=number))
    assert rita.password_history.count() == 10
    assert kept_rows(numbered(12)) == set()


def test_a_password_set_from_a_command_line_counts_as_used():
    rita = UserFactory(password="Harbor#Kite58")
    set_password(rita, "Bridge!Moss27")
    User.objects.filter(pk=rita.pk).update(password=make_password("Lantern%Fig63"))
    set_password(User.objects.get(pk=rita.pk), "Kestrel^Oak41")
    for used in ("Harbor#Kite58", "Bridge!Moss27", "Lantern%Fig63"):
        with pytest.raises(ValidationError, match="used this password before"):
            set_password(rita, used)


def test_devices_lose_their_trust_and_a_notice_is_owed():
    rita = UserFactory(username="rsolberg7")
    device = TrustedDevice.objects.create(
        user=rita, token_hash="x", created_at=NOW, expires_at=NOW + timedelta(days=30)
    )
    set_password(rita, "Bridge!Moss27")
    device.refresh_from_db()
    assert device.revoked_at == NOW
    notice = OutboundMessage.objects.get(kind="password_changed")
    assert notice.to == rita.security_email
    assert "Bridge!Moss27" not in notice.body_text + notice.body_html
    assert AuditEvent.objects.get(action="password.changed").object_id == str(rita.pk)


def test_other_browsers_are_logged_out(sign_in):
    rita = UserFactory()
    other = sign_in(rita)
    assert other.get("/").status_code == 200
    set_password(rita, "Bridge!Moss27")
    assert other.get("/").status_code == 302


def test_without_a_mailbox_on_record_the_password_changes_all_the_same():
    dana = UserFactory(delegate=True, email="")
    set_password(dana, "Bridge!Moss27")
    assert User.objects.get(pk=dana.pk).check_password("Bridge!Moss27")
    assert not OutboundMessage.objects.exists()


@pytest.mark.parametrize("new", ["short", "Market9!x", "Dragon!7"])
def test_a_refused_password_changes_nothing(new):
    rita = UserFactory(password="Harbor#Kite58")
    with pytest.raises(ValidationError):
        set_password(rita, new)
    assert User.objects.get(pk=rita.pk).check_password("Harbor#Kite58")
    assert not PasswordHistory.objects.exists()
    assert not OutboundMessage.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_if_the_notice_cannot_be_owed_the_password_stays(monkeypatch):
    rita = UserFactory(password="Harbor#Kite58")

    def broken(**_kwargs):
        raise RuntimeError("no notice, no change")

    monkeypatch.setattr("accounts.services.passwords.send_email", broken)
    with pytest.raises(RuntimeError):
        set_password(rita, "Bridge!Moss27")
    assert User.objects.get(pk=rita.pk).check_password("Harbor#Kite58")
    assert not PasswordHistory.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_changes_at_once_leave_a_complete_history():
    rita = UserFactory(password="Harbor#Kite58")
    results = at_once(
        lambda: set_password(User.objects.get(pk=rita.pk), "Bridge!Moss27"),
        lambda: set_password(User.objects.get(pk=rita.pk), "Kestrel^Oak41"),
    )
    assert results == [None, None]
    assert rita.password_history.count() == 3
    connection.close()
