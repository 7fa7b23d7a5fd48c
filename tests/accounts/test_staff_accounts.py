"""Logins of the carrier's staff: only administrators make them and give roles, and nobody raises oneself."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import Permission
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import LoginGuard, User
from accounts.services import staff_accounts
from accounts.services.staff_accounts import NotForYou, StaffDetails, UsernameTaken
from portal.common.models import AuditEvent, OutboundMessage
from portal.common.staff_roles import ADMINISTRATOR, StaffRole
from tests.support import pages
from tests.support.factories import UserFactory

pytestmark = pytest.mark.feature("ADM_02")

LIST, ADD = "/admin/accounts/staffaccount/", "/admin/accounts/staffaccount/add/"
USERS = "/admin/accounts/user/"
NEW = {
    "username": "newclerk7",
    "first_name": "Nia",
    "last_name": "Carver",
    "email": "nia.carver@carrier.example",
    "mobile": "",
    "standing": "SERVICE_DESK",
}
RAISING = {
    "is_superuser": "on",
    "is_staff": "on",
    "role": "CARRIER_ADMIN",
    "staff_role": "ENROLLMENT_OPERATIONS",
    "standing": ADMINISTRATOR,
    "user_permissions": ["1", "2"],
    "groups": ["1"],
    "producer": "1",
    "password": "x",
}


@pytest.fixture
def chief() -> User:
    return UserFactory(username="carrieradmin", carrier_admin=True)


@pytest.fixture
def browser(sign_in, chief):
    return sign_in(chief)


def details(**said) -> StaffDetails:
    facts = {"first_name": "Nia", "last_name": "Carver", "email": "nia@carrier.example", "mobile": ""}
    return StaffDetails(**{**facts, "standing": StaffRole.AUDITOR.value, **said})


def page_of(user: User) -> str:
    return f"{LIST}{user.pk}/change/"


def reread(user: User) -> User:
    return User.objects.get(pk=user.pk)


def events(action: str) -> list[tuple]:
    return list(AuditEvent.objects.filter(action=action).values_list("actor_username", "object_id", "details"))


# Making


def test_an_administrator_makes_a_login_that_waits_for_its_password(browser):
    assert browser.get(ADD).status_code == 200
    assert browser.post(ADD, {**NEW, "is_active": "on"}).status_code == 302
    made = User.objects.get(username="newclerk7")
    assert (made.role, made.staff_role, made.is_staff, made.is_superuser) == (
        "CARRIER_ADMIN",
        "SERVICE_DESK",
        True,
        False,
    )
    assert not made.has_usable_password()
    assert made.email_confirmed_at is not None  # else Forgot Password would not help
    assert events("staff.account_made") == [("carrieradmin", str(made.pk), {"role": "SERVICE_DESK"})]
    message = OutboundMessage.objects.get(kind="staff_account_made")
    assert message.to == NEW["email"]
    assert reverse("accounts:forgot-password") in message.body_text
    assert "Service Desk" in message.body_text


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"username": "new.clerk7"}, "Use only letters A to Z and digits"),
        ({"username": "CarrierAdmin"}, "Somebody else has this username."),
        ({"standing": ""}, "Choose what this person works on."),
        ({"standing": "PRODUCER"}, "is not one of the available choices"),
        ({"email": "nobody"}, "Enter a valid email address."),
        ({"mobile": "555"}, "Enter a US phone number"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_what_was_typed_stays(browser, wrong, said):
    page = browser.post(ADD, {**NEW, **wrong})
    assert page.status_code == 200
    assert said in pages.read(page).text
    assert 'value="Carver"' in page.content.decode()
    assert not User.objects.filter(last_name="Carver").exists()


def test_somebody_was_quicker_by_a_moment(browser, monkeypatch):
    UserFactory(username="newclerk7")
    monkeypatch.setattr("accounts.forms.staff.StaffAccountForm.clean_username", lambda form: "newclerk7")
    page = browser.post(ADD, NEW, follow=True)
    assert "Somebody else has this username." in page.content.decode()
    assert not AuditEvent.objects.filter(action="staff.account_made").exists()


@pytest.mark.django_db(transaction=True)
def test_five_presses_at_once_make_one_login(chief):
    def make(_number):
        try:
            staff_accounts.create(username="newclerk7", details=details(), by=chief, at=timezone.now())
        except UsernameTaken:
            return "taken"
        finally:
            connection.close()
        return "made"

    with ThreadPoolExecutor(5) as pool:
        assert sorted(pool.map(make, range(5))) == ["made", *["taken"] * 4]
    assert User.objects.filter(username="newclerk7").count() == 1
    assert OutboundMessage.objects.filter(kind="staff_account_made").count() == 1


# Giving and taking roles


def test_a_role_is_given_written_down_and_told_to_its_owner(browser):
    clerk = UserFactory(clerk=True, staff_role=StaffRole.SERVICE_DESK, last_login=timezone.now())
    sent = {"first_name": clerk.first_name, "last_name": clerk.last_name, "standing": "AUDITOR", "is_active": "on"}
    assert browser.post(page_of(clerk), sent).status_code == 302
    assert reread(clerk).staff_role == "AUDITOR"
    assert events("staff.role_changed") == [
        ("carrieradmin", str(clerk.pk), {"before": "SERVICE_DESK", "after": "AUDITOR"})
    ]
    assert "Auditor" in OutboundMessage.objects.get(kind="staff_role_changed").body_text
    history = browser.get(f"{LIST}{clerk.pk}/history/", follow=True)
    assert "staff.role_changed" in history.content.decode()


def test_an_administrator_is_made_and_unmade(chief):
    clerk = UserFactory(clerk=True, staff_role=StaffRole.AUDITOR)
    now = timezone.now()
    staff_accounts.change(user=clerk, details=details(standing=ADMINISTRATOR), by=chief, at=now)
    assert (reread(clerk).is_superuser, reread(clerk).staff_role, reread(clerk).standing) == (True, "", ADMINISTRATOR)
    staff_accounts.change(user=clerk, details=details(standing="CONTENT_EDITOR"), by=chief, at=now)
    assert (reread(clerk).is_superuser, reread(clerk).staff_role) == (False, "CONTENT_EDITOR")


def test_what_was_not_changed_leaves_no_trace(chief):
    clerk = UserFactory(clerk=True, staff_role=StaffRole.AUDITOR, email="nia@carrier.example", first_name="Nia")
    clerk.last_name = "Carver"
    clerk.save()
    assert staff_accounts.change(user=clerk, details=details(), by=chief, at=timezone.now()) == ()
    assert not AuditEvent.objects.exists()
    assert not OutboundMessage.objects.exists()


def test_a_closed_login_is_out_with_the_next_request(browser, sign_in):
    clerk = UserFactory(clerk=True, staff_role=StaffRole.AUDITOR, last_login=timezone.now())
    theirs = sign_in(clerk)
    assert theirs.get("/admin/").status_code == 200
    browser.post(page_of(clerk), {"first_name": "Nia", "last_name": "Carver", "standing": "AUDITOR"})
    assert theirs.get("/admin/").status_code == 302
    facts = {"fields": ["first_name", "is_active", "last_name"], "is_active": False}
    assert events("staff.account_changed") == [("carrieradmin", str(clerk.pk), facts)]


def test_where_codes_go_is_the_owners_from_the_first_login_on(chief):
    waiting = UserFactory(clerk=True, staff_role=StaffRole.AUDITOR)
    known = UserFactory(
        clerk=True, staff_role=StaffRole.AUDITOR, last_login=timezone.now(), email="own@carrier.example"
    )
    for clerk in (waiting, known):
        staff_accounts.change(user=clerk, details=details(email="other@carrier.example"), by=chief, at=timezone.now())
    assert (reread(waiting).email, reread(known).email) == ("other@carrier.example", "own@carrier.example")


def test_a_change_that_cannot_be_told_is_not_made(chief, monkeypatch):
    clerk = UserFactory(clerk=True, staff_role=StaffRole.AUDITOR)

    def broken(**_kwargs):
        raise RuntimeError("no email, no change")

    monkeypatch.setattr(staff_accounts, "send_email", broken)
    with pytest.raises(RuntimeError):
        staff_accounts.change(user=clerk, details=details(standing=ADMINISTRATOR), by=chief, at=timezone.now())
    assert not reread(clerk).is_superuser
    assert not AuditEvent.objects.exists()


# Nobody raises oneself


@pytest.mark.parametrize("role", StaffRole.values)
def test_no_role_makes_or_changes_staff_accounts(role, sign_in):
    clerk, other = UserFactory(clerk=True, staff_role=role), UserFactory(clerk=True, staff_role="AUDITOR")
    client = sign_in(clerk)
    for url in (ADD, page_of(clerk), page_of(other)):
        assert client.post(url, {**NEW, **RAISING}).status_code == 403
    for who in (clerk, other):
        assert client.post(f"{USERS}{who.pk}/change/", {**RAISING, "is_active": "on"}).status_code in (302, 403)
    assert not User.objects.filter(is_superuser=True).exists()
    assert not User.objects.filter(username="newclerk7").exists()
    assert (reread(clerk).staff_role, reread(other).staff_role) == (role, "AUDITOR")
    with pytest.raises(NotForYou):
        staff_accounts.create(username="newclerk7", details=details(), by=clerk, at=timezone.now())
    with pytest.raises(NotForYou):
        staff_accounts.change(user=other, details=details(standing=ADMINISTRATOR), by=clerk, at=timezone.now())


@pytest.mark.parametrize("role", StaffRole.values)
def test_pages_of_ones_own_account_raise_nobody(role, sign_in):
    clerk = UserFactory(clerk=True, staff_role=role)
    client = sign_in(clerk)
    for name in ("profile", "my-information", "change-password"):
        client.post(reverse(f"accounts:{name}"), RAISING)
    after = reread(clerk)
    assert (after.is_superuser, after.staff_role, after.role) == (False, role, "CARRIER_ADMIN")


def test_an_administrator_cannot_send_more_than_the_form_has(browser):
    browser.post(ADD, {**NEW, **RAISING, "standing": "AUDITOR"})
    made = User.objects.get(username="newclerk7")
    assert (made.is_superuser, made.staff_role, made.producer_id) == (False, "AUDITOR", None)
    assert not made.user_permissions.exists()
    producer = UserFactory()
    assert browser.post(page_of(producer), {**NEW, **RAISING}).status_code == 302  # is no staff account
    assert reread(producer).role == User.Role.PRODUCER


@pytest.mark.parametrize("standing", [ADMINISTRATOR, *StaffRole.values])
def test_the_own_account_can_be_looked_at_by_those_who_may_look_at_all(standing, sign_in):
    limits = {"carrier_admin": True} if standing == ADMINISTRATOR else {"clerk": True, "staff_role": standing}
    me = UserFactory(**limits)
    page = sign_in(me).get(page_of(me))
    assert page.status_code == (200 if standing in (ADMINISTRATOR, "AUDITOR") else 403)
    assert 'name="standing"' not in page.content.decode()


def test_nobody_changes_the_own_role(browser, chief):
    assert browser.post(page_of(chief), {**NEW, "standing": "AUDITOR"}).status_code == 403
    with pytest.raises(NotForYou):
        staff_accounts.change(user=chief, details=details(), by=chief, at=timezone.now())
    assert reread(chief).is_superuser


def test_an_administrator_whose_role_was_taken_meanwhile_is_told_and_changes_nothing(chief, sign_in, monkeypatch):
    clerk, client = UserFactory(clerk=True, staff_role="AUDITOR"), sign_in(chief)
    kept = staff_accounts._lock_administrators

    def taken_first(by):
        User.objects.filter(pk=by.pk).update(is_superuser=False, staff_role="AUDITOR")
        kept(by)

    monkeypatch.setattr(staff_accounts, "_lock_administrators", taken_first)
    client.post(page_of(clerk), {**NEW, "standing": ADMINISTRATOR})
    assert not reread(clerk).is_superuser


def test_permissions_given_by_hand_count_for_nothing(sign_in):
    clerk = UserFactory(clerk=True, staff_role=StaffRole.CONTENT_EDITOR)
    clerk.user_permissions.add(Permission.objects.get(codename="view_member"))
    assert not reread(clerk).has_perm("clients.view_member")
    assert sign_in(clerk).get("/admin/clients/member/").status_code == 403


@pytest.mark.parametrize(
    "wrong",
    [
        {"staff_role": "AUDITOR"},
        {"role": "CARRIER_ADMIN", "producer": None, "is_staff": True, "is_superuser": True, "staff_role": "AUDITOR"},
        {"role": "CARRIER_ADMIN", "producer": None, "staff_role": "AUDITOR"},
    ],
)
def test_the_database_knows_who_can_have_a_role(wrong):
    with pytest.raises(IntegrityError), transaction.atomic():
        UserFactory(**wrong)


# What the Service Desk does with logins


def test_the_desk_opens_producers_logins_and_never_those_of_staff(sign_in, chief):
    clerk, rita = UserFactory(clerk=True, staff_role=StaffRole.SERVICE_DESK), UserFactory()
    for person in (rita, chief):
        LoginGuard.objects.create(
            username_key=person.username, failures=5, last_failure_at=timezone.now(), locked_until=timezone.now()
        )
    client = sign_in(clerk)
    listed = client.get(USERS).context["cl"].queryset
    assert set(listed) == {rita}
    said = {"action": "reset_second_factors", "confirmed": "yes", "ticket": "T-100", "reason": "Lost the telephone."}
    for person in (rita, chief, clerk):
        client.post(USERS, {**said, "_selected_action": [person.pk]})
    assert [object_id for _, object_id, _ in events("second_factors.reset")] == [str(rita.pk)]
    assert client.get(f"{USERS}{chief.pk}/change/").status_code == 302
    assert client.get(f"{USERS}{rita.pk}/change/").status_code == 200


def test_links_lead_only_where_the_role_may_go(sign_in, chief):
    clerk, rita = UserFactory(clerk=True, staff_role=StaffRole.SERVICE_DESK), UserFactory()
    for user, linked in ((clerk, False), (chief, True)):
        page = sign_in(user).get(f"{USERS}{rita.pk}/change/").content.decode()
        assert ("/history/" in page) is linked
        assert f"/admin/accounts/producer/{rita.producer_id}/change/" in page


def test_an_auditor_reads_staff_accounts_and_finds_them_by_role(sign_in, chief):
    auditor = UserFactory(clerk=True, staff_role=StaffRole.AUDITOR)
    client = sign_in(auditor)
    assert set(client.get(LIST).context["cl"].queryset) == {chief, auditor}
    assert client.get(LIST, {"standing": ADMINISTRATOR}).context["cl"].queryset.get().pk == chief.pk
    assert client.get(LIST, {"standing": "none"}).context["cl"].queryset.count() == 0
    page = client.get(page_of(chief))
    assert "Carrier administrator" in page.content.decode()
    assert 'name="standing"' not in page.content.decode()
