"""Changing the PCP of a family as the guide shows it, with and without scripts."""

from datetime import timedelta

import pytest

from clients.models import MemberChange, PcpAssignment
from portal.common.dates import as_text
from tests.support.browsing import with_and_without_scripts
from tests.support.providers import MedicalGroupFactory, assigned, covered, hmo_policy, next_first

SUCCESS = "The transaction was successful and all applicable ID cards were requested."


@pytest.mark.feature("PCP_01")
@pytest.mark.feature("PCP_02")
@pytest.mark.feature("PCP_08")
@pytest.mark.feature("PCP_10")
@pytest.mark.feature("PCP_11")
@pytest.mark.feature("PCP_12")
@pytest.mark.feature("PCP_13")
@with_and_without_scripts
def test_from_the_client_to_finish(world, sign_in_as, new_context, assert_accessible, scripts):
    MedicalGroupFactory(number="124", name="Lakeshore Physicians Group")
    policy, old = hmo_policy(number=world.number), MedicalGroupFactory(number="597")
    for coverage in covered(policy):
        assigned(coverage, old)
    page = sign_in_as(world.producer, on=new_context(java_script_enabled=scripts).new_page())

    def look() -> None:
        if scripts:
            assert_accessible(page)

    page.goto(f"/clients/{policy.account.number}/")
    page.get_by_label("What to do for this client").select_option("pcp")
    page.get_by_role("button", name="GO").click()
    page.get_by_text("2 Active Member(s)").wait_for()
    page.get_by_role("link", name="History of Jane Doe (Spouse)").click()
    history = page.get_by_role("dialog", name="History of Jane Doe (Spouse)")
    history.get_by_text("597").wait_for()
    look()
    history.get_by_role("link", name="Close").click()
    with page.context.expect_page() as opening:
        page.get_by_role("link", name="Provider Finder (opens in a new tab)").click()
    finder = opening.value
    finder.get_by_label("Medical Groups").check()
    finder.get_by_role("button", name="Search", exact=True).click()
    finder.get_by_text("Lakeshore Physicians Group").wait_for()
    finder.close()

    for name in ("John", "Jane"):
        page.get_by_role("checkbox", name=name).check()
    page.get_by_label("Medical Group / PCP / PCPA / NPI Number").fill("124")
    page.get_by_label("Effective Date", exact=False).first.fill(as_text(next_first() + timedelta(days=14)))
    page.get_by_role("button", name="Search", exact=True).click()
    page.get_by_role("heading", name="Provider Assignment").wait_for()
    john, jane = page.locator(".pcp-assignment select").all()
    john.select_option(label="Concern With Service")
    page.get_by_role("button", name="Validate").click()
    page.get_by_role("heading", name="Error(s):").wait_for()
    if scripts:
        page.locator("[aria-labelledby='pcp-errors']:focus").wait_for()
    look()
    jane = page.locator(".pcp-assignment select").nth(1)
    jane.select_option(label="Change Of Residence")
    page.get_by_role("button", name="Validate").click()
    page.get_by_role("heading", name="Warning Message(s)").wait_for()
    look()
    page.get_by_role("button", name="Accept").click()
    page.get_by_role("heading", name="Provider Change Confirmation").wait_for()
    assert page.locator(".pcp-differs").count() > 4
    look()
    page.get_by_role("button", name="Finish & Re-Launch").click()
    page.get_by_text(SUCCESS).wait_for()
    assert page.url.endswith("/pcp/")
    assert PcpAssignment.objects.filter(medical_group__number="124", end_date=None).count() == 2
    assert MemberChange.objects.filter(kind="PCP").count() == 2
