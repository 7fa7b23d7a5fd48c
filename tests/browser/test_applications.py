"""Applications from the quote to the client, by a delegate for children, left and found again, refused and corrected."""

from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.utils import timezone

from clients.membersystem import settle
from clients.membersystem.gateways.base import Answer
from clients.membersystem.sweep import sweep
from clients.models import MedicalGroup, MemberChange, Policy
from enrollment.models import Application, Submission
from enrollment.services import submission as service
from tests.support import catalog as small
from tests.support.applications import ready_application
from tests.support.factories import ProducerNumberFactory
from tests.support.quotes import CHILD, NADIA, NOW, SPOUSE, quote_of
from tests.support.wizard import load_tables

GROUP = "124"


@pytest.fixture(autouse=True)
def november():
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture
def tables(november, world):
    load_tables()
    small.build_small()
    MedicalGroup.objects.create(number=GROUP, us_state="IL", name="Lakeside Group", effective_date=NOW.date())


def answer(page, section, **answers):
    """Fill in fields of a section as a person does; a tuple is an option by its place in the list."""
    for name, value in answers.items():
        fields = page.locator(f'[name="{section}-{name}"]')
        kind = fields.first.evaluate("one => one.type")
        if kind == "radio":
            page.locator(f'[name="{section}-{name}"][value="{value}"]').check()
        elif kind == "checkbox":
            fields.check()
        elif kind == "select-one":
            fields.select_option(value)
        else:
            fields.fill(value)


def press_next(page, leads_to):
    page.get_by_role("button", name="Next", exact=True).click()
    page.wait_for_url(f"**/{leads_to}/")


def is_saved(page):
    page.locator("#wizard-saved", has_text="Saved").wait_for()


def header(page, label):
    return page.locator("#wizard-header dt", has_text=label).locator("xpath=following-sibling::dd").inner_text()


@pytest.mark.feature("LST_01")
@pytest.mark.feature("PLN_06")
@pytest.mark.feature("WIZ_04")
def test_a_family_from_its_quote_to_the_clients_page(tables, world, sign_in_as, page):
    plans = [(small.SILVER_HMO, "OFF"), (small.DENTAL, "OFF")]
    quote = quote_of(world.producer, world.number, NADIA, SPOUSE, CHILD, plans=plans)
    page = sign_in_as(world.producer, at=f"/enroll/quotes/{quote.pk}/review/")
    page.get_by_role("button", name="Enroll in Selected Plans").click()
    page.wait_for_url("**/general/")
    premium = header(page, "Total Monthly Premium")
    page.locator('[name="special-special_enrollment"][value="no"]').check()
    is_saved(page)
    page.get_by_role("button", name="Calculate Effective Date").click()
    page.get_by_text("The effective date is 01/01/2027.").wait_for()
    press_next(page, "applicant")
    answer(page, "authorization", authorization="PAPER")
    answer(page, "personal", ssn="212-55-0001")
    page.get_by_label("Enter in address manually").check()
    answer(page, "home", address_1="12 Lake St", city="Chicago", zip="60601")
    answer(page, "mailing", mailing_differs="no")
    answer(page, "contact", phone="6305550142", phone_type="MOBILE", email="nadia@mail.example")
    press_next(page, "household")
    for name, last, first in (("spouse", "Brandt", "Tom"), ("dependents", "Brandt", "Mia")):
        page.locator(f"#section-{name}").get_by_role("button", name="Edit").click()
        page.get_by_label("First Name").fill(first)
        page.get_by_label("Last Name").fill(last)
        answer(page, name, sex="M" if name == "spouse" else "F")
        if name == "spouse":
            answer(page, name, tobacco_use="yes", tobacco_last_used="11/02/2026")
        page.get_by_role("button", name="Save", exact=True).click()
        page.wait_for_url("**/household/#section-*")
    press_next(page, "plans")
    assert header(page, "Total Monthly Premium") == premium, "the price of the quote"
    page.get_by_label("Primary (Nadia Brandt)").fill(GROUP)
    page.get_by_role("button", name="Use Same PCP Number for All").click()
    page.get_by_text(f"Every applicant has the number {GROUP} now.").wait_for()
    press_next(page, "coverage")
    press_next(page, "signatures")
    answer(page, "payment", payment_choice="LATER")
    page.get_by_text("Every question of the application is answered.").wait_for()
    page.get_by_role("button", name="Submit Application").click()
    page.get_by_text("With the member system").first.wait_for()
    assert premium in page.locator("main").inner_text()
    for _plan in plans:
        sweep(now=timezone.now())
    page.get_by_text("Accepted by the member system").wait_for()
    page.get_by_role("link", name="Show the page as it is now").click()
    page.get_by_role("link", name="Open the client's page").click()
    page.get_by_role("heading", name="Nadia Brandt").wait_for()
    text = page.locator("main").inner_text()
    policies = Policy.objects.filter(eapp_number=Application.objects.get().eapp_number)
    assert all(one.product_name in text for one in policies)
    assert f"${sum(one.monthly_premium for one in policies):,.2f}" == premium


@pytest.mark.feature("HOM_12")
@pytest.mark.feature("SIG_02")
@pytest.mark.feature("SIG_03")
@pytest.mark.long
def test_a_delegate_applies_for_a_child_alone_in_texas(tables, world, sign_in_as, page):
    number = ProducerNumberFactory(producer=world.producer.producer, us_state="TX")
    page = sign_in_as(world.delegate_with_enroll, at="/enroll/applications/")
    page.get_by_role("link", name="Start New Application").click()
    page.get_by_label("Writing Producer Number").fill(number.number)
    page.get_by_role("button", name="Start New Application").click()
    page.wait_for_url("**/general/")
    answer(page, "special", special_enrollment="no")
    is_saved(page)
    page.get_by_role("button", name="Calculate Effective Date").click()
    page.get_by_text("The effective date is").wait_for()
    press_next(page, "applicant")
    answer(page, "form-type", form_type="MEDICAL_DENTAL")
    answer(page, "authorization", authorization="PAPER")
    answer(page, "personal", first_name="Kim", last_name="Ngo", date_of_birth="03/03/2015", sex="F", tobacco_use="no")
    page.get_by_label("Enter in address manually").check()
    answer(page, "home", address_1="9 Bayou Rd", city="Houston", us_state="TX", zip="77002")
    answer(page, "mailing", mailing_differs="no")
    answer(page, "contact", phone="7135550142", phone_type="LANDLINE")
    press_next(page, "household")
    press_next(page, "plans")
    medical = page.get_by_label("Select Medical Coverage")
    with_disclosure = medical.locator("option", has_text="Platinum").first
    medical.select_option(with_disclosure.get_attribute("value"))
    answer(page, "plan", pediatric_dental_elsewhere=True)
    is_saved(page)
    press_next(page, "coverage")
    press_next(page, "signatures")
    page.get_by_role("button", name="Submit Application").click()
    summary = page.locator("#wizard-notice")
    summary.get_by_text("Please attest to Consumer Choice Disclosure before submitting application.").wait_for()
    summary.get_by_text("Choose Pay Now or Pay Later").wait_for()
    page.get_by_label("I agree to the Consumer Choice Disclosure").check()
    answer(page, "guardian", first_name="Rae", last_name="Ngo", relationship="Mother")
    answer(page, "payment", payment_choice="LATER")
    page.get_by_text("Every question of the application is answered.").wait_for()
    page.get_by_role("button", name="Submit Application").click()
    page.get_by_text("With the member system").first.wait_for()
    made = Submission.objects.get()
    assert (made.submitted_by, made.application.us_state) == (world.delegate_with_enroll, "TX")
    roles = made.application.signatures.values_list("role", flat=True)
    assert set(roles) == {"CONSUMER_CHOICE", "GUARDIAN"}


@pytest.mark.feature("WIZ_07")
@pytest.mark.feature("LST_07")
@pytest.mark.long
def test_what_was_left_is_found_again_and_is_gone_once_it_has_expired(world, sign_in_as, log_in_as, page):
    ready_application(world.number, world.producer)
    Application.objects.update(last_step="general")
    page = sign_in_as(world.producer, at="/enroll/applications/A-0701/coverage/")
    page.locator('[name="replaces-replaces_coverage"][value="yes"]').check()
    page.get_by_role("button", name="+ Add Coverage Replacement").click()
    page.get_by_label("Name of Insurance Company").fill("Old Mutual")
    page.keyboard.press("Tab")
    page.wait_for_load_state("networkidle")
    # Signed out meanwhile: nothing is kept until somebody has signed in again, and nothing that was typed is lost.
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    page.get_by_label("Policy Number").fill("OM-1")
    page.keyboard.press("Tab")
    page.get_by_text("Not saved yet.").wait_for()
    other = page.context.new_page()
    log_in_as(world.producer, on=other)
    other.close()
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("Enter the termination date.").first.wait_for()
    assert page.get_by_label("Policy Number").input_value() == "OM-1"
    assert page.get_by_label("Name of Insurance Company").input_value() == "Old Mutual"
    page.get_by_label("Covered Person").select_option(index=1)
    page.get_by_label("Termination Date").fill("12/31/2026")
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url("**/coverage/#section-*")
    page.get_by_role("button", name="Save & Exit").click()
    page.get_by_text("Your entries were saved.").wait_for()
    page.get_by_role("link", name="A-0701").click()
    page.wait_for_url("**/coverage/")
    page.get_by_text("OM-1").wait_for()
    Application.objects.update(expires_on=timezone.localdate() - timedelta(days=1))
    page.get_by_role("button", name="Next", exact=True).click()
    page.get_by_text("This application expired on").first.wait_for()
    page.goto("/enroll/applications/")
    page.get_by_text("No incomplete applications").first.wait_for()


@pytest.mark.feature("LST_08")
@pytest.mark.feature("LST_10")
@pytest.mark.long
def test_a_refused_application_is_corrected_and_submitted_under_the_same_number(
    world, sign_in_as, page, assert_accessible
):
    ready = ready_application(world.number, world.producer)
    made = service.submit(application=ready, by=world.producer, at=timezone.now(), form_key="form-key-of-the-tests")
    reason = "set 0001 rejected: N3, segment 12: element errors; element 1: too long"
    for change in MemberChange.objects.filter(kind="ENROLL"):
        settle.take_answer(change.pk, Answer(accepted=False, reference="X-1", reason=reason), now=timezone.now())
    page = sign_in_as(world.producer, at="/enroll/applications/?tab=failed")
    page.get_by_role("link", name="A-0701").click()
    page.get_by_role("link", name="Correct and Resubmit").click()
    page.get_by_role("heading", name="Submission Failed").wait_for()
    assert_accessible(page)
    page.get_by_role("link", name="Return to Application").click()
    page.wait_for_url("**/signatures/")
    page.go_back()
    page.get_by_role("link", name="Go to the question").first.click()
    page.wait_for_url("**/applicant/?check=1#id_home-address_1")
    answer(page, "home", address_1="14 Lake St")
    for step in ("household", "plans", "coverage", "signatures"):
        press_next(page, step)
    page.get_by_role("button", name="Submit Application").click()
    page.get_by_text("With the member system").first.wait_for()
    for _plan in range(2):
        sweep(now=timezone.now())
    ready.refresh_from_db()
    assert ready.record_number == "A-0701"
    numbers = [(one.number, one.outcome) for one in ready.submissions.order_by("number")]
    assert numbers == [(1, "FAILED"), (2, "ACCEPTED")]
    assert made.application_id == ready.pk
    page.goto("/enroll/applications/?tab=completed")
    page.get_by_role("link", name="A-0701").wait_for()
