"""What producer support does on a ticket in the administration: unlock, reset second factors; never sign in as somebody."""

from datetime import timedelta

import pytest
from django.contrib import admin
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuthenticatorDevice, LoginGuard, RecoveryCode, TrustedDevice, TypingProfile, User
from accounts.services import lockout, support_resets
from portal.common.models import AuditEvent, OutboundMessage
from tests.support.factories import ProducerFactory, UserFactory

LIST = "admin:accounts_user_changelist"
TICKET = {"ticket": "INC-4711", "reason": "Called from the number on record."}


@pytest.fixture
def rita() -> User:
    return UserFactory(username="rsolberg7", producer=ProducerFactory(record_email="rita@record.example"))


@pytest.fixture
def staff() -> User:
    return UserFactory(username="carrieradmin", carrier_admin=True)


@pytest.fixture
def browser(staff, sign_in):
    return sign_in(staff)


def lock(user: User) -> None:
    LoginGuard.objects.create(
        username_key=user.username.lower(), failures=5, locked_until=timezone.now() + timedelta(minutes=30)
    )


def give_everything(user: User) -> None:
    now = timezone.now()
    AuthenticatorDevice.objects.create(user=user, secret="A" * 32, created_at=now, confirmed_at=now)
    RecoveryCode.objects.create(user=user, code_hash="x", created_at=now)
    TrustedDevice.objects.create(user=user, token_hash="y", created_at=now, expires_at=now + timedelta(days=30))
    TypingProfile.objects.create(
        user=user, template="t", template_version="1", consent_at=now, consent_text_version="1", enrolled_at=now
    )


def act(browser, action: str, user: User, **fields: str):
    return browser.post(reverse(LIST), {"action": action, "_selected_action": [user.pk], **fields})


@pytest.mark.parametrize("action", ["unlock", "reset_second_factors"])
@pytest.mark.parametrize("missing", ["ticket", "reason", "both"])
def test_nothing_happens_without_ticket_and_reason(browser, rita, action, missing):
    lock(rita)
    give_everything(rita)
    fields = {} if missing == "both" else {name: text for name, text in TICKET.items() if name != missing}
    confirmed = {} if missing == "both" else {"confirmed": "yes"}
    page = act(browser, action, rita, **fields, **confirmed)
    assert page.status_code == 200
    assert "Ticket number" in page.text
    assert "rsolberg7" in page.text
    assert LoginGuard.objects.get().failures == 5
    assert AuthenticatorDevice.objects.exists()


def test_unlock_opens_at_once_is_written_down_and_told(browser, rita, staff):
    lock(rita)
    act(browser, "unlock", rita, confirmed="yes", **TICKET)
    assert lockout.standing(key="rsolberg7", at=timezone.now()).locked_until is None
    event = AuditEvent.objects.get(action="sign_in.unlocked")
    assert event.actor_username == "carrieradmin"
    assert event.details == {"reason": "ticket INC-4711: Called from the number on record."}
    message = OutboundMessage.objects.get()
    assert (message.kind, message.to) == ("support_reset", "rita@record.example")


def test_unlocking_what_is_not_locked_says_nothing_to_anybody(browser, rita):
    act(browser, "unlock", rita, confirmed="yes", **TICKET)
    assert not OutboundMessage.objects.exists()
    assert not AuditEvent.objects.filter(action="sign_in.unlocked").exists()


@pytest.mark.feature("DEV_04")
def test_a_reset_forgets_every_second_factor_is_written_down_and_told(browser, rita):
    give_everything(rita)
    other = UserFactory()
    TrustedDevice.objects.create(
        user=other, token_hash="z", created_at=timezone.now(), expires_at=timezone.now() + timedelta(days=30)
    )
    act(browser, "reset_second_factors", rita, confirmed="yes", **TICKET)
    assert not AuthenticatorDevice.objects.exists()
    assert not RecoveryCode.objects.exists()
    assert not TypingProfile.objects.exists()
    assert TrustedDevice.objects.get(user=rita).revoked_at is not None
    assert TrustedDevice.objects.get(user=other).revoked_at is None
    event = AuditEvent.objects.get(action="second_factors.reset")
    assert (event.details["ticket"], event.details["devices"]) == ("INC-4711", 1)
    assert OutboundMessage.objects.get().to == "rita@record.example"


@pytest.mark.django_db(transaction=True)
def test_if_it_cannot_be_written_down_nothing_is_reset(monkeypatch):
    rita, staff = UserFactory(), UserFactory(carrier_admin=True)
    give_everything(rita)

    def broken(*_args, **_kwargs):
        raise RuntimeError("no audit")

    with monkeypatch.context() as patch:
        patch.setattr("portal.common.audit.AuditEvent.objects.create", broken)
        with pytest.raises(RuntimeError):
            support_resets.reset_second_factors(user=rita, ticket="T-1", reason="lost", by=staff, at=timezone.now())
    assert AuthenticatorDevice.objects.exists()
    assert TrustedDevice.objects.get().revoked_at is None


def test_signing_in_as_somebody_else_is_not_offered(browser, rita):
    actions = set(admin.site._registry[User].actions)
    assert actions == {"unlock", "reset_second_factors", "reset_typing_pattern"}
    page = browser.get(reverse("admin:accounts_user_change", args=[rita.pk])).text.lower()
    assert "impersonat" not in page
    assert "log in as" not in page
