"""From the invitation of a delegate to her first client search; the hierarchy; all of it with and without scripts."""

import re

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from accounts.selectors import hierarchy
from portal.common import outbox
from portal.common.models import MailboxEntry
from tests.browser.conftest import PHONE
from tests.support.browsing import with_and_without_scripts
from tests.support.factories import PASSWORD, DelegateGrantFactory, DelegateInvitationFactory, ProducerFactory


def invite(page: Page, first_name: str, last_name: str, email: str) -> None:
    page.goto("/accounts/delegates/")
    page.get_by_role("link", name="Invite a Delegate").click()
    page.get_by_label("First name").fill(first_name)
    page.get_by_label("Last name").fill(last_name)
    page.get_by_label("Email address").fill(email)
    page.get_by_label("View clients and run reports").check()
    page.get_by_role("button", name="Send Invitation").click()
    page.get_by_text("The invitation is on its way").wait_for()


def link_in_the_mailbox(email: str) -> str:
    outbox.sweep()
    mail = MailboxEntry.objects.filter(to=email, body__contains="/accounts/delegates/accept/").latest("id")
    found = re.search(r"https?://\S+/accounts/delegates/accept/\S+", mail.body)
    assert found
    return found.group()


def give_code(page: Page) -> None:
    page.get_by_role("button", name="Send Code").click()
    page.locator("[name=code]").wait_for()
    outbox.sweep()
    page.locator("[name=code]").fill(MailboxEntry.objects.latest("id").code)
    page.get_by_role("button", name="Submit").click()


@pytest.mark.feature("HOM_10")
@with_and_without_scripts
def test_from_the_invitation_to_the_first_client_search(world, sign_in_as, new_context, scripts):
    rita = sign_in_as(world.producer, on=new_context(java_script_enabled=scripts).new_page())
    invite(rita, "Nora", "Quill", "nora.quill@people.example")
    expect(rita.locator(".people-name", has_text="Nora Quill").get_by_text("Invited")).to_be_visible()

    nora = new_context(java_script_enabled=scripts).new_page()
    nora.goto(link_in_the_mailbox("nora.quill@people.example"))
    assert nora.url.endswith("/accounts/delegates/accept/")
    assert nora.get_by_label("First name").input_value() == "Nora"
    nora.get_by_label("Username").fill("noraquill1")
    nora.locator("[name=password]").fill(PASSWORD)
    nora.get_by_role("button", name="Accept and Create Login").click()
    nora.get_by_text("Your login is ready").wait_for()

    nora.get_by_label("Username").fill("noraquill1")
    nora.get_by_label("Password").fill(PASSWORD)
    nora.get_by_role("button", name="Log In").click()
    nora.get_by_role("link", name="Skip for now").click()
    give_code(nora)
    nora.get_by_role("heading", name="Welcome, Nora Quill").wait_for()
    nora.get_by_label("Number").fill(world.account_number)
    nora.get_by_role("button", name="Submit").click()
    nora.get_by_role("link", name=world.account_number).click()
    nora.get_by_role("heading", name="Tanya Washington").wait_for()

    rita.goto("/accounts/delegates/")
    rita.get_by_role("link", name="Activity of Nora Quill").click()
    rita.get_by_role("cell", name="Opened the client's page").wait_for()
    rita.goto("/accounts/delegates/")
    rita.get_by_role("link", name="Revoke the access of Nora Quill").click()
    rita.get_by_role("button", name="Revoke Access").locator("visible=true").click()
    rita.get_by_text("The access of Nora Quill has ended.").wait_for()
    assert nora.goto("/clients/").status == 403
    assert User.objects.get(username="noraquill1").grants_in_force == []


@pytest.mark.feature("HOM_14")
def test_choosing_for_whom_one_works(world, sign_in_as):
    DelegateGrantFactory(producer=world.outsider.producer, delegate=world.delegate)
    page = sign_in_as(world.delegate, at="/clients/")
    page.get_by_label("Working for:").select_option(world.outsider.producer.name)
    page.get_by_text(f"You are now working for {world.outsider.producer.name}.").wait_for()
    assert page.url.endswith("/clients/")
    assert page.goto(f"/clients/{world.account_number}/").status == 404
    page.goto("/")
    page.get_by_label("Working for:").select_option("All my producers")
    page.get_by_text("You are now working for all your producers.").wait_for()
    assert page.goto(f"/clients/{world.account_number}/").status == 200


def big_team(world, members: int = 70) -> None:
    leader = ProducerFactory(first_name="Lee", last_name="Leader", parent=world.producer.producer)
    for number in range(members):
        ProducerFactory(first_name="Pat", last_name=f"Member{number:02}", parent=leader)


@pytest.mark.feature("HOM_09")
@with_and_without_scripts
def test_a_level_of_a_big_hierarchy_comes_when_it_is_opened(world, sign_in_as, new_context, scripts):
    big_team(world)
    page = sign_in_as(world.producer, on=new_context(java_script_enabled=scripts).new_page())
    page.get_by_role("link", name="My Hierarchy").first.click()
    assert page.get_by_text("Pat Member00").count() == 0
    page.get_by_text("70 below Lee Leader").click()
    if not scripts:
        page.get_by_role("link", name="Show the 70 directly below Lee Leader").click()
    page.get_by_text("Pat Member69").wait_for()
    page.get_by_label("Name or number").fill("member42")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="1 producer found").wait_for()


@pytest.mark.drill
def test_the_pages_are_accessible(world, sign_in_as, new_context, page, assert_accessible, monkeypatch):
    monkeypatch.setattr(hierarchy, "WHOLE_TREE_UP_TO", 4)  # a thousand more elements of the same kinds take 20 seconds
    big_team(world, members=5)
    DelegateGrantFactory(producer=world.outsider.producer, delegate=world.delegate)
    DelegateInvitationFactory(producer=world.producer.producer, invited_by=world.producer)
    sign_in_as(world.producer)
    invite(page, "Nora", "Quill", "nora.quill@people.example")
    page.goto("/accounts/hierarchy/")
    page.get_by_text("5 below Lee Leader").click()
    page.get_by_text("Pat Member04").wait_for()
    assert_accessible(page)
    page.get_by_label("Name or number").fill("Pat")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="5 producers found").wait_for()
    assert_accessible(page)
    page.goto("/accounts/delegates/")
    assert_accessible(page)
    page.get_by_role("link", name="Revoke the access of Dana Keller").click()
    assert_accessible(page)
    page.goto("/accounts/delegates/invite/")
    page.get_by_role("button", name="Send Invitation").click()
    page.get_by_text("Choose at least one right.").first.wait_for()
    assert_accessible(page)
    page.goto("/accounts/delegates/")
    page.get_by_role("link", name="Change what Dana Keller may do").click()
    assert_accessible(page)
    visitor = new_context().new_page()
    visitor.goto(link_in_the_mailbox("nora.quill@people.example"))
    assert_accessible(visitor)
    visitor.set_viewport_size(PHONE)
    assert_accessible(visitor)
    visitor.goto("/accounts/delegates/accept/no-such-link/")
    assert_accessible(visitor)
    dana = sign_in_as(world.delegate, on=new_context().new_page(), at=f"/clients/{world.account_number}/")
    assert_accessible(dana)
    page.goto("/accounts/delegates/")
    page.get_by_role("link", name="Activity of Dana Keller").click()
    page.get_by_role("cell", name="Opened the client's page").wait_for()
    assert_accessible(page)
