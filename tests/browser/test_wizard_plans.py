"""Plan Selection with scripts: the header follows the plan, PCP fields come and go, texts open in a window."""

from datetime import date
from urllib.parse import parse_qs

import pytest

from enrollment.models import Applicant, Application
from tests.support import wizard
from tests.support.factories import ApplicationFactory, PlanFactory


@pytest.fixture
def draft(world):
    wizard.load_tables()
    hmo = PlanFactory(name="Precision Silver HMO", network_type="HMO", rates=[(0, 999, "443.40")])
    row = ApplicationFactory(
        record_number="A-0638", producer_number=world.number, created_by=world.producer, contents=[hmo]
    )
    row.plans.all().delete()
    Applicant.objects.create(
        application=row, position=1, relation="spouse", first_name="Bo", date_of_birth=date(1990, 1, 1)
    )
    return row


@pytest.mark.feature("PLN_02")
@pytest.mark.feature("PLN_06")
@pytest.mark.long
def test_the_header_follows_the_plan_and_one_number_serves_for_all(draft, page, world, sign_in_as, assert_accessible):
    PlanFactory(name="Choice Gold PPO", rates=[(0, 999, "500.10")])
    sign_in_as(world.producer, at="/enroll/applications/A-0638/plans/")
    sent = []
    page.on("request", lambda one: sent.append(parse_qs(one.post_data)) if one.method == "POST" else None)
    header = page.locator("#wizard-header")
    medical = page.get_by_label("Select Medical Coverage")
    medical.select_option(label="Precision Silver HMO - $886.80")
    header.get_by_text("$886.80").wait_for()
    page.get_by_label("Primary (Ann Leeward): Medical Group Number (3 Digits)").fill("124")
    page.get_by_role("button", name="Use Same PCP Number for All").click()
    page.get_by_text("Every applicant has the number 124 now.").wait_for()
    turns = [int(one["turn"][0]) for one in sent]
    assert turns == list(range(1, len(turns) + 1)), "the page counts what it sends, the button's form last"
    assert sent[-1]["act"] == ["do:pcp:same"]
    assert len(turns) > 1
    assert page.get_by_label("Spouse (Bo): Medical Group Number (3 Digits)").input_value() == "124"
    assert_accessible(page)
    medical.select_option(label="Choice Gold PPO - $1,000.20")
    header.get_by_text("$1,000.20").wait_for()
    page.get_by_text("Medical Group Number").first.wait_for(state="detached")
    assert not draft.applicants.exclude(pcp_number="").exists()


@pytest.mark.feature("COV_02")
def test_the_rights_open_in_a_window_that_keeps_the_focus_and_escape_closes(
    draft, page, world, sign_in_as, assert_accessible
):
    sign_in_as(world.producer, at="/enroll/applications/A-0638/coverage/")
    link = page.get_by_role("link", name="Know Your Rights When You Replace Coverage")
    link.click()
    dialog = page.get_by_role("dialog", name="Know Your Rights When You Replace Coverage")
    dialog.wait_for()
    assert_accessible(page)
    for _ in range(4):
        page.keyboard.press("Tab")
        inside = "document.activeElement === document.body || !!document.activeElement.closest('dialog')"
        assert page.evaluate(inside)
    page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")
    assert link.evaluate("(one) => one === document.activeElement")
    page.locator("#section-replaces").get_by_label("Yes").check()
    page.get_by_role("button", name="+ Add Coverage Replacement").wait_for()
    assert Application.objects.get(pk=draft.pk).replaces_coverage
