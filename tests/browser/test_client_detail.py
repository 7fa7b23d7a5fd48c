"""A client's page in a browser: the actions, the way back, the folds, on a wide screen, a phone and paper."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from portal.common import client_actions
from portal.common.access import Perm
from portal.common.client_actions import ClientAction
from tests.browser.conftest import PHONE
from tests.support.factories import EQuestionFactory, PolicyFactory


def find(page, number: str) -> None:
    page.goto("/")
    page.get_by_role("textbox", name="Number").fill(number)
    page.get_by_role("button", name="Submit", exact=True).click()
    page.get_by_role("link", name=number).click()
    page.get_by_role("heading", level=1, name="Tanya Washington").wait_for()


@pytest.fixture
def busy_household(world):
    """In grace with a former policy and a question."""
    PolicyFactory(
        primary=world.policy.account.members.get(), producer_number=world.number, termed=True, product_name="Old Plan"
    )
    EQuestionFactory(asked_by=world.producer, of_member=True, account=world.policy.account, subject="New address")
    return world


@pytest.mark.feature("DET_02")
@pytest.mark.feature("DET_03")
@pytest.mark.long
def test_from_the_result_to_a_form_that_knows_the_client_and_back_to_the_result(world, sign_in_as, context_tabs):
    page = sign_in_as(world.producer)
    find(page, world.account_number)
    other_tab = context_tabs(page)
    other = PolicyFactory(producer_number=world.number)
    find(other_tab, other.account.number)

    page.get_by_label("What to do for this client").select_option("Submit Document")
    page.get_by_role("button", name="GO").click()
    expect(page.get_by_role("textbox", name="Account Number")).to_have_value(world.account_number)
    page.go_back()
    page.get_by_role("link", name="Back to Search Results").click()
    expect(page.get_by_role("link", name=world.account_number)).to_be_visible()
    other_tab.get_by_role("link", name="Back to Search Results").click()
    expect(other_tab.get_by_role("link", name=other.account.number)).to_be_visible()


@pytest.fixture
def context_tabs():
    return lambda page: page.context.new_page()


@pytest.mark.feature("DET_04")
def test_what_is_not_possible_is_said_by_keyboard_and_without_scripts(world, sign_in_as, new_context, monkeypatch):
    monkeypatch.setattr(client_actions, "_actions", dict(client_actions._actions))
    client_actions.register(
        ClientAction(
            code="pcp",
            label="Change PCP",
            url=lambda client: client.page,
            perm=Perm.CLIENT_SERVICE,
            order=1,
            why_not=lambda client: "None of the plans requires a PCP.",
        )
    )
    page = new_context(java_script_enabled=False).new_page()
    sign_in_as(world.producer, on=page, at=f"/clients/{world.account_number}/")
    expect(page.get_by_role("option", name="Change PCP (not possible now)")).to_be_disabled()
    page.get_by_text("Not possible now: Change PCP").click()
    expect(page.get_by_text("None of the plans requires a PCP.")).to_be_visible()
    page.get_by_role("button", name="GO").click()
    expect(page.get_by_text("Choose what you want to do, then press GO.")).to_be_visible()
    page.get_by_label("What to do for this client").select_option("Report an Issue")
    page.get_by_role("button", name="GO").click()
    expect(page.get_by_role("heading", level=1, name="Report an Issue")).to_be_visible()


@pytest.mark.feature("DET_02")
def test_the_page_folds_copies_prints_and_is_accessible(busy_household, sign_in_as, assert_accessible):
    page = sign_in_as(busy_household.producer, at=f"/clients/{busy_household.account_number}/")
    page.get_by_text("Client Information").click()
    expect(page.get_by_text("Home Phone", exact=True)).to_be_hidden()
    page.get_by_text("Client Information").click()
    page.get_by_text("Ended policies (1)").click()
    expect(page.get_by_role("heading", name="Old Plan")).to_be_visible()
    page.get_by_text("More numbers").first.click()
    assert_accessible(page, contrast=True)
    page.set_viewport_size(PHONE)
    assert_accessible(page)

    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy account number").click()
    expect(page.locator("#live-region")).to_have_text("Account number copied.")
    assert page.evaluate("navigator.clipboard.readText()") == busy_household.account_number

    page.emulate_media(media="print")
    for hidden in (".client-actions", ".back-link", ".copy-button"):
        expect(page.locator(hidden).first).to_be_hidden()
    expect(page.get_by_role("heading", name="Policies")).to_be_visible()


@pytest.mark.drill
def test_a_household_without_an_account_number_is_accessible(world, sign_in_as, assert_accessible):
    policy = PolicyFactory(
        producer_number=world.number, unpaid=True, binder_due_date=timezone.localdate() + timedelta(days=9)
    )
    type(policy.account).objects.filter(pk=policy.account_id).update(number=None)
    page = sign_in_as(world.producer, at=f"/clients/e-app/{policy.eapp_number}/")
    expect(page.locator(".alert-body", has_text="This household has no account number yet.")).to_be_visible()
    assert_accessible(page)
