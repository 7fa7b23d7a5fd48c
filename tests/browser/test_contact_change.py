"""A client's contact information from the drop-down to the pending mark, with and without scripts."""

import pytest

from clients.models import MemberChange
from tests.browser.conftest import PHONE
from tests.support.browsing import with_and_without_scripts
from tests.support.factories import ContactPointFactory, MemberFactory


@pytest.mark.feature("CON_02")
@pytest.mark.feature("CON_05")
@pytest.mark.feature("CON_07")
@pytest.mark.feature("CON_08")
@pytest.mark.feature("CON_09")
@with_and_without_scripts
def test_contact_information_is_changed_and_the_change_is_pending(
    world, sign_in_as, new_context, assert_accessible, scripts
):
    tanya = world.policy.account.members.get()
    ContactPointFactory(member=tanya, kind="UNTYPED", value="3125550142")
    MemberFactory(account=tanya.account, role="SPOUSE")
    options = {} if scripts else {"java_script_enabled": False, "viewport": PHONE}
    page = sign_in_as(world.producer, on=new_context(**options).new_page())

    def look() -> None:
        if scripts:
            assert_accessible(page)

    page.goto(f"/clients/{world.account_number}/")
    page.get_by_label("What to do for this client").select_option("Contact Info Change")
    page.get_by_role("button", name="GO").click()
    page.get_by_role("heading", name="Contact Info Change").wait_for()
    page.get_by_text("A dependent under the age of 18 is required to use").wait_for()
    look()

    page.get_by_role("button", name="Next").click()
    page.get_by_text("Please check what you entered").wait_for()
    look()
    first, second = (page.get_by_role("group", name=f"Number {place}") for place in (1, 2))
    first.get_by_label("Type").select_option("Home Phone Number")
    second.get_by_label("Type").select_option("Cellular Phone Number")
    second.get_by_label("Phone Number").fill("630.555.0102")
    second.get_by_label("Send Text").select_option("Yes")
    page.get_by_label("Who said so").fill("Tanya Washington")
    page.get_by_label("How", exact=True).select_option("By phone")
    page.get_by_role("button", name="Next").click()
    page.get_by_role("heading", name="Contact Info Change Confirmation").wait_for()
    page.get_by_text("Please verify the changes made.").wait_for()
    look()
    assert not MemberChange.objects.exists()

    page.get_by_role("button", name="Back").click()
    page.get_by_role("button", name="Next").wait_for()
    page.get_by_label("Email Address").fill("tanya@home.example")
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Finish").click()
    page.get_by_text("Your updates were successfully saved.").wait_for()
    page.get_by_text("Home Phone Number: change pending since").wait_for()
    look()
    assert set(MemberChange.objects.get().payload["after"]) == {"HOME", "CELL", "UNTYPED", "EMAIL"}

    page.goto(f"/clients/{world.account_number}/contact/")
    page.get_by_role("button", name="Next").click()
    dialog = page.get_by_role("dialog", name="Your request was unsuccessful.")
    dialog.get_by_text("Tanya Washington (Primary): No change to the existing record").wait_for()
    look()
    dialog.get_by_role("button", name="OK").click()
    dialog.wait_for(state="hidden")
    assert page.url.endswith(f"/clients/{world.account_number}/contact/")
