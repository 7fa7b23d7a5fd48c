"""Temporary ID cards from the client's page to the file and back; and without scripts."""

import pytest
from playwright.sync_api import expect

from clients.idcards import bundles, rendering
from clients.models import Coverage, Member, Policy
from portal.common import outbox
from tests.support.cards import load_card_data
from tests.support.factories import MemberFactory, PolicyFactory


@pytest.fixture
def family(world) -> Policy:
    load_card_data()
    policy = PolicyFactory(
        producer_number=world.number,
        network_type=Policy.Network.HMO,
        requires_pcp=True,
        plan_id="00017IL0100005",
        product_name="Advantage Plus Silver HMO 104",
    )
    member = MemberFactory(account=policy.account, role=Member.Role.SPOUSE, first_name="Sam")
    Coverage.objects.create(policy=policy, member=member, effective_date=policy.effective_date)
    return policy


@pytest.fixture(autouse=True)
def quick_pdf(monkeypatch):
    """What the files hold is proven elsewhere; loading the renderer takes seconds."""
    monkeypatch.setattr(rendering, "render", lambda _cards, **_: b"%PDF-1.7 a card")
    monkeypatch.setattr(bundles, "merged", lambda _pdfs: b"%PDF-1.7 all cards")


@pytest.mark.feature("IDC_09")
@pytest.mark.feature("IDC_11")
def test_cards_of_a_family_are_made_while_the_page_shows_how_far_it_is(world, family, sign_in_as, assert_accessible):
    page = sign_in_as(world.producer, at=f"/clients/{family.account.number}/")
    page.get_by_label("What to do for this client").select_option("Generate ID Cards")
    page.get_by_role("button", name="GO").click()
    page.get_by_label("Temporary ID Cards").check()
    page.get_by_role("button", name="Next").click()

    expect(page.get_by_label("Sam Washington (Spouse)")).to_be_hidden()
    page.wait_for_load_state()  # a script ticks all
    page.get_by_label(family.product_name, exact=True).check()
    page.get_by_label("Select All").check()
    expect(page.get_by_label("Sam Washington (Spouse)")).to_be_checked()
    assert_accessible(page)
    page.get_by_role("button", name="Next").click()

    expect(page.get_by_text("Washington, Sam (Spouse)")).to_be_visible()
    page.get_by_role("button", name="Generate ID Cards").click()
    expect(page.get_by_text("0 of 2")).to_be_visible()
    outbox.sweep()
    # The page asks by itself.
    expect(page.get_by_role("heading", name="Ready to print or download")).to_be_visible()
    expect(page.locator("#id-card-progress")).to_contain_text("2 of 2")
    assert_accessible(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the card of Sam Washington (Spouse)").click()
    assert download.value.suggested_filename.startswith("temporary-id-card-")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download all cards PDF").click()
    assert download.value.suggested_filename.startswith("temporary-id-cards-")
    page.get_by_role("link", name="Finish").click()
    expect(page).to_have_url(f"{page.url.split('/clients/')[0]}/clients/{family.account.number}/")
    expect(page.get_by_text("Temporary ID Cards generated")).to_be_visible()


@pytest.mark.feature("IDC_09")
@pytest.mark.long
def test_without_scripts_select_all_counts_and_the_page_is_refreshed_by_hand(world, family, sign_in_as, new_context):
    signed_in = sign_in_as(world.producer)
    plain = new_context(java_script_enabled=False, storage_state=signed_in.context.storage_state()).new_page()
    plain.goto(f"/clients/{family.account.number}/id-cards/temporary/")
    plain.get_by_label(family.product_name, exact=True).check()
    plain.get_by_label("Select All").check()
    plain.get_by_role("button", name="Next").click()
    plain.get_by_role("button", name="Generate ID Cards").click()
    expect(plain.get_by_text("0 of 2")).to_be_visible()
    outbox.sweep()
    plain.get_by_role("link", name="Refresh").click()
    expect(plain.get_by_role("heading", name="Ready to print or download")).to_be_visible()
