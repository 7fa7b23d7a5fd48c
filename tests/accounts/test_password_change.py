"""Change Password while signed in."""

from datetime import UTC, datetime

import pytest
from django.core.exceptions import ValidationError

from accounts.models import PasswordHistory, User, UserSession
from accounts.services import password_change
from accounts.services.password_change import WrongCurrentPassword
from portal.common.models import AuditEvent, OutboundMessage
from portal.common.throttle import TooOften
from tests.support import pages
from tests.support.concurrency import at_once
from tests.support.factories import PASSWORD, UserFactory
from tests.support.signing_in import give_password

NOON = datetime(2026, 11, 20, 18, 10, tzinfo=UTC)
URL = "/accounts/profile/password/"
NEW = "Cobalt*Wharf93"


@pytest.fixture
def rita() -> User:
    return UserFactory(username="rsolberg7")


def change(user: User, current: str = PASSWORD, new: str = NEW) -> None:
    password_change.change(user=user, current_password=current, new_password=new, at=NOON)


def post(client, current: str = PASSWORD, new: str = NEW, confirm: str | None = None):
    fields = {"current_password": current, "new_password": new, "confirm_password": new if confirm is None else confirm}
    return client.post(URL, fields)


def errors_of(response) -> dict[str, str]:
    """What is said beside each field."""
    form = next(form for form in pages.read(response).all("form") if "Update Password" in form.text)
    return {
        box.one("input", **{"type": "password"}).attrs["name"]: " ".join(
            e.text for e in box.all(class_="invalid-feedback")
        )
        for box in form.all("div", class_="mb-3")
        if box.all(class_="invalid-feedback")
    }


@pytest.mark.feature("PRF_06")
def test_the_right_current_password_sets_the_new_one_and_tells_the_owner(rita):
    change(rita)
    rita.refresh_from_db()
    assert rita.check_password(NEW)
    assert OutboundMessage.objects.get().kind == "password_changed"
    assert AuditEvent.objects.filter(action="password.changed", actor_id=rita.pk).count() == 1


@pytest.mark.feature("PRF_06")
def test_a_wrong_current_password_and_a_broken_rule_change_nothing(rita):
    with pytest.raises(WrongCurrentPassword):
        change(rita, current="Wrong#Kite58")
    with pytest.raises(ValidationError):
        change(rita, new="short")
    with pytest.raises(ValidationError):
        change(rita, new=PASSWORD)
    rita.refresh_from_db()
    assert rita.check_password(PASSWORD)
    assert not OutboundMessage.objects.exists()


def test_guessing_the_current_password_is_limited(rita):
    for _ in range(password_change.PER_USER.times):
        with pytest.raises(WrongCurrentPassword):
            change(rita, current="Wrong#Kite58")
    with pytest.raises(TooOften):
        change(rita)


@pytest.mark.django_db(transaction=True)
def test_the_form_sent_twice_at_once_is_one_change(rita):
    people = [User.objects.get(pk=rita.pk) for _ in range(3)]
    results = at_once(*[lambda person=person: change(person) for person in people])
    assert results == [None, None, None]
    assert PasswordHistory.objects.filter(user=rita).count() == 2  # the old one and the new one
    assert OutboundMessage.objects.count() == 1


def test_the_new_password_in_the_place_of_the_current_one_opens_nothing(rita):
    """The exception for forms sent twice is no way to change a password without knowing it."""
    with pytest.raises(WrongCurrentPassword):
        change(rita, current="Wrong#Kite58", new=PASSWORD)
    with pytest.raises(WrongCurrentPassword):
        change(rita, current="Wrong#Kite58", new=NEW)


@pytest.mark.django_db(transaction=True)
def test_when_the_notice_cannot_be_written_the_password_stays(rita, monkeypatch):
    monkeypatch.setattr("accounts.services.passwords.send_email", lambda **_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        change(rita)
    rita.refresh_from_db()
    assert rita.check_password(PASSWORD)


# The page


@pytest.mark.feature("PRF_06")
@pytest.mark.feature("PWD_11")
def test_the_page_has_three_fields_and_both_rule_lists(rita, sign_in):
    page = pages.read(sign_in(rita).get(URL))
    labels = {label.attrs["for"]: label.text.replace(" ", "") for label in page.all("label") if "for" in label.attrs}
    assert labels["id_current_password"] == "CurrentPassword*"
    assert labels["id_new_password"] == "NewPassword*"
    assert labels["id_confirm_password"] == "ConfirmNewPassword*"
    assert {heading.text for heading in page.all("h2")} >= {"Password Must Have", "Password Cannot Have"}
    assert 'Click "Update Password" to save the new password.' in page.text
    autocomplete = {field.attrs["name"]: field.attrs["autocomplete"] for field in page.all("input", type="password")}
    assert autocomplete == {
        "current_password": "current-password",
        "new_password": "new-password",
        "confirm_password": "new-password",
    }


@pytest.mark.feature("PRF_06")
def test_each_mistake_has_its_own_error_beside_its_field(rita, sign_in):
    client = sign_in(rita)
    assert errors_of(post(client, current="Wrong#Kite58")) == {"current_password": "The current password is not right."}
    assert errors_of(post(client, confirm="Cobalt*Wharf94")) == {
        "confirm_password": "The two new passwords are not the same. Type the new one again."
    }
    assert "Use 8 to 40 characters." in errors_of(post(client, new="Kt#5x"))["new_password"]
    assert errors_of(client.post(URL, {})) == {
        "current_password": "Enter your current password.",
        "new_password": "Enter a new password.",
        "confirm_password": "Enter the new password a second time.",
    }
    page = post(client, current="Wrong#Kite58", new="Visible*Wharf93")
    assert b"Visible*Wharf93" not in page.content
    assert b"Wrong#Kite58" not in page.content


@pytest.mark.feature("PRF_07")
def test_afterwards_one_logs_in_again_with_the_new_password(rita, sign_in):
    client, elsewhere = sign_in(rita), sign_in(rita)
    response = post(client)
    assert response.url == "/accounts/login/"
    assert pages.messages(client.get("/accounts/login/")) == [
        "Your password has been updated. Please log in with your new password."
    ]
    assert not UserSession.objects.filter(user=rita).exists()
    for browser in (client, elsewhere):
        assert browser.get("/").status_code == 302
    assert give_password(client, rita, PASSWORD).status_code == 200
    assert give_password(client, rita, NEW).url == "/accounts/verify/"


def test_too_many_tries_are_told(rita, sign_in):
    client = sign_in(rita)
    for _ in range(password_change.PER_USER.times):
        post(client, current="Wrong#Kite58")
    response = post(client)
    assert response.status_code == 429
    assert "This was tried too often" in pages.read(response).text


@pytest.mark.parametrize("who", ["producer", "principal", "delegate", "former_delegate", "admin"])
def test_everybody_with_a_login_can_change_the_own_password(world, sign_in, who):
    user = getattr(world, who)
    assert post(sign_in(user)).url == "/accounts/login/"
    user.refresh_from_db()
    assert user.check_password(NEW)


def test_strangers_and_half_finished_sign_ins_cannot(rita, client):
    assert client.get(URL).url == f"/accounts/login/?next={URL}"
    give_password(client, rita)
    assert post(client).url.startswith("/accounts/login/")
    rita.refresh_from_db()
    assert rita.check_password(PASSWORD)
