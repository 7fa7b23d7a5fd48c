"""My Delegates and the pages of an invitation, through the pages."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import DelegateGrant, DelegateInvitation, User
from accounts.services import terms as terms_of_use
from portal.common import audit
from portal.common.dates import as_text
from portal.common.models import AuditEvent, OutboundMessage
from tests.support import pages
from tests.support.factories import (
    PASSWORD,
    DelegateGrantFactory,
    DelegateInvitationFactory,
    UserFactory,
)
from tests.support.signing_in import ask_for_code, give_password, newest_code

PAGE = "/accounts/delegates/"
INVITE = f"{PAGE}invite/"
ACCEPT = f"{PAGE}accept/"
NOW = timezone.now()
TODAY = timezone.localdate(NOW)
NORA = {
    "first_name": "Nora",
    "last_name": "Quill",
    "email": "nora.quill@people.example",
    "scopes": ["VIEW", "SERVICE"],
    "first_day": as_text(TODAY),
    "last_day": "",
}
NEW_LOGIN = {"first_name": "Nora", "last_name": "Quill", "username": "noraquill1", "password": PASSWORD}


def text(response) -> str:
    return pages.read(response).one("main").text


def people(response) -> dict[str, str]:
    """What is said of each person listed, by name."""
    lists = pages.read(response).all("ul", class_="people")
    entries = [entry for part in lists for entry in part.children if not isinstance(entry, str)]
    return {entry.one("p", class_="people-name").one("strong").text: entry.text for entry in entries}


def link_sent() -> str:
    body = OutboundMessage.objects.filter(kind="delegate_invitation").latest("id").body_text
    found = re.search(r"http://testserver(/accounts/delegates/accept/[\w-]+/)", body)
    assert found
    return found.group(1)


@pytest.fixture
def rita(world, sign_in) -> Client:
    return sign_in(world.producer)


@pytest.fixture
def grant(world) -> DelegateGrant:
    return DelegateGrant.objects.get(producer=world.producer.producer, delegate=world.delegate)


@pytest.fixture
def link(rita) -> str:
    """The link in the email of an invitation to somebody new."""
    rita.post(INVITE, NORA)
    return link_sent()


# The list


@pytest.mark.feature("HOM_10")
@pytest.mark.feature("HOM_14")
def test_the_list_tells_rights_days_and_state_of_each(world, rita, grant):
    producer = world.producer.producer
    DelegateInvitationFactory(producer=producer, invited_by=world.producer)
    future = DelegateGrantFactory(producer=producer, delegate__first_name="Fay", first_day=TODAY + timedelta(days=5))
    gone = DelegateGrantFactory(
        producer=producer, delegate__first_name="Gus", revoked_at=NOW, revoked_by=world.producer
    )
    DelegateGrant.objects.filter(pk=grant.pk).update(last_day=TODAY)
    listed = people(rita.get(PAGE))
    assert "Invited" in listed["Nora Quill"]
    assert "Active" in listed["Dana Keller"]
    assert f"to {as_text(TODAY)}" in listed["Dana Keller"]
    assert "View clients and run reports" in listed["Dana Keller"]
    assert "From a future day" in listed[future.delegate.get_full_name()]
    assert "Revoked" in listed[gone.delegate.get_full_name()]
    assert "Change" not in listed[gone.delegate.get_full_name()]
    ended = next(entry for entry in listed.values() if "formerhelp" in entry)
    assert "Ended" in ended


def test_who_has_no_delegates_is_told_what_to_do(world, sign_in):
    assert "Nobody works for you yet" in text(sign_in(world.outsider).get(PAGE))


def test_other_producers_delegates_are_not_listed(world, sign_in):
    assert "Keller" not in text(sign_in(world.principal).get(PAGE))


@pytest.mark.feature("HOM_10")
def test_the_account_menu_leads_there_for_producers_only(world, sign_in):
    assert f'href="{PAGE}"' in sign_in(world.producer).get("/").content.decode()
    assert f'href="{PAGE}"' not in sign_in(world.delegate).get("/").content.decode()


def test_the_number_of_delegates_costs_no_queries(world, rita, django_assert_max_num_queries):
    for _ in range(20):
        DelegateGrantFactory(producer=world.producer.producer)
        DelegateInvitationFactory(producer=world.producer.producer, invited_by=world.producer)
    with django_assert_max_num_queries(12):
        rita.get(PAGE)


# Inviting


@pytest.mark.feature("HOM_10")
def test_an_invitation_goes_out_and_waits_in_the_list(world, rita):
    response = rita.post(INVITE, NORA, follow=True)
    assert "The invitation is on its way to nora.quill@people.example" in text(response)
    assert "Invited" in people(response)["Nora Quill"]
    assert link_sent().startswith(ACCEPT)


def test_the_form_proposes_today_and_explains_every_right(rita):
    page = rita.get(INVITE)
    assert f'value="{as_text(TODAY)}"' in page.content.decode()
    assert "Delegates never complete on-exchange enrollments" in text(page)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"email": "nobody"}, "Enter an email address such as"),
        ({"first_name": ""}, "Enter the first name."),
        ({"last_name": ""}, "Enter the last name."),
        ({"scopes": []}, "Choose at least one right."),
        ({"scopes": ["ADMIN"]}, "Choose from the list."),
        ({"first_day": "soon"}, "Enter a date as mm/dd/yyyy."),
        ({"first_day": as_text(TODAY - timedelta(days=1))}, "The first day cannot be in the past."),
        ({"last_day": as_text(TODAY - timedelta(days=1))}, "The last day cannot be before the first day."),
    ],
)
@pytest.mark.sampled(4)
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(rita, wrong, said):
    response = rita.post(INVITE, {**NORA, **wrong})
    assert response.status_code == 200
    assert said in text(response)
    if "last_name" not in wrong:
        assert 'value="Quill"' in response.content.decode()
    assert not DelegateInvitation.objects.exists()


def test_sent_twice_one_invitation_goes_out(rita):
    first, second = (rita.post(INVITE, NORA) for _ in range(2))
    assert first["Location"] == second["Location"] == PAGE
    assert DelegateInvitation.objects.count() == 1
    assert OutboundMessage.objects.filter(kind="delegate_invitation").count() == 1


def test_an_endless_last_day_is_no_last_day(rita):
    rita.post(INVITE, {**NORA, "last_day": "12/31/9999"})
    assert DelegateInvitation.objects.get().last_day is None


def test_another_producer_in_the_form_changes_nothing(world, rita):
    rita.post(INVITE, {**NORA, "producer": world.outsider.producer_id, "producer_id": world.outsider.producer_id})
    assert DelegateInvitation.objects.get().producer == world.producer.producer


def test_sending_again_makes_the_earlier_link_worthless(rita, link):
    invitation = DelegateInvitation.objects.get()
    response = rita.post(f"{PAGE}invitations/{invitation.pk}/resend/", follow=True)
    assert "A new link is on its way" in text(response)
    assert Client().get(link, follow=True).status_code == 404
    assert Client().get(link_sent(), follow=True).status_code == 200


def test_a_withdrawn_invitation_is_gone(rita, link):
    invitation = DelegateInvitation.objects.get()
    for _ in range(2):
        response = rita.post(f"{PAGE}invitations/{invitation.pk}/withdraw/", follow=True)
        assert "has been withdrawn" in text(response)
    assert "Nora Quill" not in people(response)
    assert Client().get(link, follow=True).status_code == 404


# Changing and revoking


@pytest.mark.feature("HOM_14")
def test_changed_rights_count_from_the_delegates_next_request(world, rita, sign_in, grant):
    dana = sign_in(world.delegate)
    assert dana.get("/clients/").status_code == 200
    rita.post(f"{PAGE}{grant.pk}/", {"scopes": ["COMMISSIONS"], "first_day": as_text(grant.first_day), "last_day": ""})
    assert dana.get("/clients/").status_code == 403


@pytest.mark.feature("HOM_14")
def test_the_first_day_can_be_moved_to_a_future_one(world, rita, sign_in, grant):
    tomorrow = as_text(TODAY + timedelta(days=1))
    rita.post(f"{PAGE}{grant.pk}/", {"scopes": ["VIEW"], "first_day": tomorrow, "last_day": tomorrow})
    assert sign_in(world.delegate).get("/clients/").status_code == 403
    assert "From a future day" in people(rita.get(PAGE))["Dana Keller"]


def test_the_form_shows_what_is_granted(rita, grant):
    page = pages.read(rita.get(f"{PAGE}{grant.pk}/"))
    checked = [box.attrs["value"] for box in page.all("input", type="checkbox") if "checked" in box.attrs]
    assert checked == ["VIEW"]
    assert page.one("input", name="first_day").attrs["value"] == as_text(grant.first_day)


def test_a_first_day_in_the_past_is_kept_and_not_moved_within_it(rita, grant):
    kept = {"scopes": ["VIEW"], "last_day": "", "first_day": as_text(grant.first_day)}
    assert rita.post(f"{PAGE}{grant.pk}/", kept).status_code == 302
    moved = {**kept, "first_day": as_text(grant.first_day + timedelta(days=1))}
    assert "The first day cannot be in the past." in text(rita.post(f"{PAGE}{grant.pk}/", moved))


@pytest.mark.feature("HOM_10")
def test_revoked_the_very_next_request_is_out(world, rita, sign_in, grant):
    dana = sign_in(world.delegate)
    shown = dana.post("/reports/new/", {"policy_status": "ALL"})["Location"]
    assert dana.get(f"{shown}&format=csv").status_code == 200
    assert dana.get(f"/clients/{world.account_number}/").status_code == 200
    response = rita.post(f"{PAGE}{grant.pk}/revoke/", follow=True)
    assert "The access of Dana Keller has ended." in text(response)
    for address in ("/clients/", f"/clients/{world.account_number}/", shown, f"{shown}&format=csv"):
        assert dana.get(address).status_code == 403, address
    assert dana.get("/").status_code == 200


def test_revoking_twice_is_once(rita, grant):
    for _ in range(2):
        assert rita.post(f"{PAGE}{grant.pk}/revoke/").status_code == 302
    assert OutboundMessage.objects.filter(kind="delegate_revoked").count() == 2
    assert AuditEvent.objects.filter(action="delegate.revoked").count() == 1


def test_a_revoked_grant_cannot_be_changed(world, rita, grant):
    rita.post(f"{PAGE}{grant.pk}/revoke/")
    wanted = {"scopes": ["ENROLL"], "first_day": as_text(TODAY), "last_day": ""}
    assert "has been revoked" in text(rita.post(f"{PAGE}{grant.pk}/", wanted, follow=True))
    assert "has been revoked" in text(rita.get(f"{PAGE}{grant.pk}/", follow=True))
    grant.refresh_from_db()
    assert grant.scopes == ["VIEW"]


@pytest.mark.feature("HOM_14")
@pytest.mark.parametrize("who", ["outsider", "sibling", "principal"])
def test_other_producers_ids_change_nothing_and_look_like_none(world, sign_in, grant, who):
    """Figure C3: ids of another producer's delegates and invitations in addresses."""
    invitation = DelegateInvitationFactory(producer=world.producer.producer, invited_by=world.producer)
    before = (DelegateGrant.objects.values().get(pk=grant.pk), DelegateInvitation.objects.values().get())
    client = sign_in(getattr(world, who))
    rights = {"scopes": ["COMMISSIONS"], "first_day": as_text(TODAY), "last_day": ""}
    for template, pk in (
        ("{}/", grant.pk),
        ("{}/revoke/", grant.pk),
        ("invitations/{}/resend/", invitation.pk),
        ("invitations/{}/withdraw/", invitation.pk),
    ):
        foreign = client.post(f"{PAGE}{template.format(pk)}", rights)
        absent = client.post(f"{PAGE}{template.format(999999)}", rights)
        assert foreign.status_code == absent.status_code == 404
        assert pages.same_but_for_tokens(foreign) == pages.same_but_for_tokens(absent)
    assert client.get(f"{PAGE}{grant.pk}/activity/").status_code == 404
    assert (DelegateGrant.objects.values().get(pk=grant.pk), DelegateInvitation.objects.values().get()) == before
    assert not OutboundMessage.objects.exists()


@pytest.mark.feature("HOM_14")
@pytest.mark.parametrize(
    "scopes", [["VIEW"], ["SERVICE"], ["ENROLL"], ["COMMISSIONS"], ["VIEW", "SERVICE", "ENROLL", "COMMISSIONS"]]
)
def test_no_scope_lets_a_delegate_manage_delegates(world, sign_in, grant, scopes):
    """Figure C4."""
    DelegateGrant.objects.filter(pk=grant.pk).update(scopes=scopes)
    client = sign_in(world.delegate)
    for address in (PAGE, INVITE, f"{PAGE}{grant.pk}/", f"{PAGE}{grant.pk}/activity/", "/accounts/hierarchy/"):
        assert client.get(address).status_code == 403, address
    for address in (INVITE, f"{PAGE}{grant.pk}/", f"{PAGE}{grant.pk}/revoke/"):
        assert client.post(address, NORA).status_code == 403, address
    assert not DelegateInvitation.objects.exists()
    assert DelegateGrant.objects.get(pk=grant.pk).scopes == scopes


# The link


@pytest.mark.feature("HOM_10")
def test_a_new_person_accepts_logs_in_and_finds_the_first_client(world, rita, link):
    nora = Client()
    page = nora.get(link, follow=True)
    assert page.redirect_chain == [(ACCEPT, 302)]
    assert f"{world.producer.producer.name} invites you" in text(page)
    assert "Service clients: ID cards, PCP and contact changes" in text(page)
    response = nora.post(ACCEPT, NEW_LOGIN, follow=True)
    assert "Your login is ready" in text(response)
    person = User.objects.get(username="noraquill1")
    give_password(nora, person)
    ask_for_code(nora)
    nora.post("/accounts/verify/", {"code": newest_code(person)})
    assert f"Working for: {world.producer.producer.name}" in pages.read(nora.get("/")).text
    assert nora.get(f"/clients/{world.account_number}/").status_code == 200
    assert nora.get(f"/clients/{world.sibling_policy.account.number}/").status_code == 404
    assert "Active" in people(rita.get(PAGE))["Nora Quill"]


def test_looking_at_the_link_uses_nothing_up(link):
    for _ in range(3):
        scanner = Client()
        assert scanner.get(link, follow=True).status_code == 200
        assert scanner.head(link).status_code == 302
    assert DelegateInvitation.objects.get().is_open(NOW)
    assert Client().get(link, follow=True).status_code == 200


def test_the_secret_stands_in_no_address_after_the_first(link):
    visitor = Client()
    response = visitor.get(link)
    secret = link.rstrip("/").rpartition("/")[2]
    assert secret not in response["Location"]
    assert secret not in str(dict(visitor.session.items()))
    assert secret not in visitor.get(ACCEPT).content.decode()


def test_a_link_that_cannot_be_used_looks_the_same_whatever_the_reason(rita, link):
    unknown = Client().get(f"{ACCEPT}no-such-link/", follow=True)
    visitor = Client()
    visitor.get(link)
    DelegateInvitation.objects.update(expires_at=NOW - timedelta(seconds=1))
    expired = visitor.get(ACCEPT)
    DelegateInvitation.objects.update(withdrawn_at=NOW)
    withdrawn = visitor.get(ACCEPT)
    assert pages.same_but_for_tokens(unknown)[::2] == pages.same_but_for_tokens(expired)[::2]
    assert pages.same_but_for_tokens(expired)[::2] == pages.same_but_for_tokens(withdrawn)[::2]
    assert unknown.status_code == 404


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"username": "abc.1234"}, "Use only letters A to Z and digits"),
        ({"username": "RSOLBERG7"}, "This username is taken."),
        ({"password": "short"}, "Use 8 to 40 characters."),
        ({"password": ""}, "Choose a password."),
        ({"first_name": ""}, "Enter your first name."),
    ],
)
@pytest.mark.sampled(3)
def test_what_is_wrong_with_a_login_is_said_and_the_password_is_not_repeated(rita, link, wrong, said):
    nora = Client()
    nora.get(link)
    sent = {**NEW_LOGIN, **wrong}
    response = nora.post(ACCEPT, sent)
    assert said in text(response)
    assert f'value="{sent["username"]}"' in response.content.decode()
    assert f'value="{PASSWORD}"' not in response.content.decode()
    assert not DelegateGrant.objects.filter(delegate__email=NORA["email"]).exists()
    assert nora.post(ACCEPT, NEW_LOGIN).status_code == 302


def test_terms_of_use_must_be_accepted_where_there_are_any(link):
    terms_of_use.publish(version="2026-11-test", body="Keep clients' data safe.", by=None, at=NOW)
    nora = Client()
    assert "Keep clients' data safe." in nora.get(link, follow=True).content.decode().replace("&#x27;", "'")
    assert "Accept the Terms of Use to go on." in text(nora.post(ACCEPT, NEW_LOGIN))
    nora.post(ACCEPT, {**NEW_LOGIN, "accept_terms": "on"})
    assert User.objects.get(username="noraquill1").terms_acceptances.get().terms.version == "2026-11-test"


def test_accepting_twice_makes_one_login(link):
    first, second = Client(), Client()
    first.get(link)
    second.get(link)
    assert first.post(ACCEPT, NEW_LOGIN).status_code == 302
    assert second.post(ACCEPT, {**NEW_LOGIN, "username": "another22"}).status_code == 404
    assert not User.objects.filter(username="another22").exists()


@pytest.mark.feature("HOM_10")
def test_an_existing_delegate_logs_in_first_and_comes_back(world, sign_in):
    dana = world.delegate
    sign_in(world.outsider).post(INVITE, {**NORA, "email": dana.email})
    browser = Client()
    page = browser.get(link_sent(), follow=True)
    assert "There is a login for the address" in text(page)
    assert not pages.read(page).all("input", name="password")
    assert browser.post(ACCEPT, NEW_LOGIN).status_code == 200
    assert not User.objects.filter(username="noraquill1").exists()
    give_password(browser, dana, next=ACCEPT)
    ask_for_code(browser)
    back = browser.post("/accounts/verify/", {"code": newest_code(dana)})
    assert back["Location"] == ACCEPT
    assert dana.grants_held.count() == 1
    assert "Accept" in text(browser.get(ACCEPT))
    assert dana.grants_held.count() == 1
    response = browser.post(ACCEPT, follow=True)
    assert f"You are now a delegate of {world.outsider.producer.name}" in text(response)
    assert browser.get(f"/clients/{world.outsider_policy.account.number}/").status_code == 200


def test_pressed_twice_the_second_answer_is_the_first(world, sign_in):
    sign_in(world.outsider).post(INVITE, {**NORA, "email": world.delegate.email})
    link = link_sent()
    browser = sign_in(world.delegate)
    browser.get(link)
    assert browser.post(ACCEPT).status_code == 302
    browser.get(link)
    again = browser.post(ACCEPT, follow=True)
    assert "You have accepted this invitation." in text(again)
    assert world.delegate.grants_held.count() == 2


@pytest.mark.parametrize(
    ("who", "said"),
    [
        ("outsider", "You are logged in as a producer."),
        ("producer", "You are logged in as a producer."),
        ("admin", "You are logged in as carrier staff."),
        ("delegate", "sent to another email address"),
    ],
)
def test_other_logins_cannot_accept(world, sign_in, link, who, said):
    browser = sign_in(getattr(world, who))
    assert said in text(browser.get(link, follow=True))
    before = DelegateGrant.objects.count()
    assert said in text(browser.post(ACCEPT))
    assert DelegateGrant.objects.count() == before
    assert DelegateInvitation.objects.get().is_waiting


# Activity


@pytest.fixture
def busy(world, sign_in, grant):
    client = sign_in(world.delegate)
    client.post("/clients/", {"by": "ssn4", "value": "4321"})
    client.get(f"/clients/{world.account_number}/")
    return client


def acts(response) -> list[list[str]]:
    bodies = pages.read(response).all("tbody")
    return [[cell.text for cell in row.all("td")] for body in bodies for row in body.all("tr")]


@pytest.mark.feature("HOM_14")
def test_what_a_delegate_did_is_told_with_both_names(world, rita, grant, busy):
    response = rita.get(f"{PAGE}{grant.pk}/activity/")
    rows = acts(response)
    assert [row[1:] for row in rows] == [
        ["Opened the client's page", world.account_number, "Dana Keller", world.producer.producer.name],
        ["Searched for clients", "", "Dana Keller", world.producer.producer.name],
    ]
    page = response.content.decode()
    assert "4321" not in pages.read(response).one("main").text.replace(world.account_number, "")
    assert world.policy.insured_last_name not in page


@pytest.mark.feature("HOM_14")
def test_what_was_done_for_others_or_by_others_is_not_told(world, rita, sign_in, grant):
    DelegateGrantFactory(producer=world.outsider.producer, delegate=world.delegate)
    sign_in(world.delegate).get(f"/clients/{world.outsider_policy.account.number}/")
    sign_in(world.principal).get(f"/clients/{world.account_number}/")
    sign_in(world.delegate).post("/accounts/logout/")
    assert acts(rita.get(f"{PAGE}{grant.pk}/activity/")) == []


def test_of_a_revoked_delegate_the_activity_stays(world, rita, grant, busy):
    rita.post(f"{PAGE}{grant.pk}/revoke/")
    assert len(acts(rita.get(f"{PAGE}{grant.pk}/activity/"))) == 2


def test_only_account_numbers_are_told_of_what_was_done_to(world, rita, grant):
    for object_type, object_id in (("account", "household-17"), ("prospect", "Washington"), ("account", "730000001")):
        audit.record(
            "something.done",
            by=world.delegate,
            for_producer=world.producer.producer.npn,
            object_type=object_type,
            object_id=object_id,
            details={"name": "Washington"},
        )
    response = rita.get(f"{PAGE}{grant.pk}/activity/")
    assert [row[2] for row in acts(response)] == ["730000001", "", ""]
    assert "Washington" not in response.content.decode()


@pytest.fixture
def month(world):
    """One act at noon of each of the last thirty days, by the carrier's clock."""
    noon = timezone.localtime(NOW).replace(hour=12, minute=0, second=0, microsecond=0)
    AuditEvent.objects.bulk_create(
        AuditEvent(
            at=noon - timedelta(days=29 - day),
            action="client.viewed",
            actor_id=world.delegate.pk,
            actor_username="dkeller22",
            for_producer=world.producer.producer.npn,
            object_type="account",
            object_id=f"{740000000 + day}",
        )
        for day in range(30)
    )


def test_pages_of_twenty_five(rita, grant, month):
    first = rita.get(f"{PAGE}{grant.pk}/activity/")
    assert "1 - 25 of 30" in text(first)
    assert acts(first)[0][2] == "740000029"
    following = next(link.attrs["href"] for link in pages.read(first).all("a") if link.text == "Next")
    second = rita.get(following)
    assert "26 - 30 of 30" in text(second)
    assert acts(second)[-1][2] == "740000000"
    assert "26 - 30 of 30" in text(rita.get(f"{PAGE}{grant.pk}/activity/?page=99"))


@pytest.mark.parametrize(
    ("first", "last", "count"),
    [(9, 0, 10), (29, 29, 1), (0, 0, 1), (None, 28, 2), (0, None, 1), (40, 30, 0)],
)
def test_days_to_show_include_both(rita, grant, month, first, last, count):
    days = {
        name: as_text(TODAY - timedelta(days=ago))
        for name, ago in (("first", first), ("last", last))
        if ago is not None
    }
    assert len(acts(rita.get(f"{PAGE}{grant.pk}/activity/", days))) == count


def test_days_stay_chosen_from_page_to_page(rita, grant, month):
    first = rita.get(f"{PAGE}{grant.pk}/activity/", {"first": as_text(TODAY - timedelta(days=27))})
    following = next(link.attrs["href"] for link in pages.read(first).all("a") if link.text == "Next")
    assert "26 - 28 of 28" in text(rita.get(following))


@pytest.mark.parametrize(
    ("days", "said"),
    [
        ({"first": "soon"}, "Enter a date as mm/dd/yyyy."),
        ({"first": "11/21/2026", "last": "11/20/2026"}, "Enter 11/21/2026 or a later day."),
        ({"last": "12/31/9999"}, "30"),
    ],
)
def test_unreadable_days_are_said(rita, grant, month, days, said):
    response = rita.get(f"{PAGE}{grant.pk}/activity/", days)
    assert response.status_code == 200
    assert said in text(response)


def test_thirty_acts_cost_as_many_queries_as_one(rita, grant, month, django_assert_max_num_queries):
    with django_assert_max_num_queries(10):
        rita.get(f"{PAGE}{grant.pk}/activity/")


def test_before_anything_was_done_the_page_says_so(rita, grant):
    assert "Nothing was done" in text(rita.get(f"{PAGE}{grant.pk}/activity/"))


@pytest.mark.feature("HOM_14")
@pytest.mark.parametrize(
    ("scope", "opened"),
    [("VIEW", {"/clients/", "/reports/new/"}), ("SERVICE", set()), ("ENROLL", set()), ("COMMISSIONS", set())],
)
def test_each_scope_opens_what_it_says(world, sign_in, grant, scope, opened):
    """Pages of the other scopes join as they are built; rights behind them are in tests/common/test_access.py."""
    DelegateGrant.objects.filter(pk=grant.pk).update(scopes=[scope])
    client = sign_in(world.delegate)
    found = {address for address in ("/clients/", "/reports/new/") if client.get(address).status_code == 200}
    assert found == opened


def test_a_stranger_cannot_see_whether_an_address_is_known(link):
    """Only who holds a link sees whether there is a login for its address: nothing else asks for one."""
    assert Client().get(ACCEPT).status_code == 404


def test_a_login_with_the_address_of_a_producer_can_still_be_made(rita, link, world):
    UserFactory(username="otherproducer", email=NORA["email"])
    nora = Client()
    nora.get(link)
    assert nora.post(ACCEPT, NEW_LOGIN).status_code == 302
