"""Registering in a real browser: the whole way to the home page, the live checklist, and the older style."""

import json

import pytest
from playwright.sync_api import Page, expect

from accounts.models import RegistrationRequest
from accounts.password_validation import checklist
from accounts.rules.passwords import password_rules
from accounts.services import state_registrations
from portal.common import outbox
from portal.common.models import MailboxEntry
from tests.browser.conftest import PHONE
from tests.support.browsing import with_and_without_scripts
from tests.support.factories import PASSWORD, ProducerNumberFactory, UserFactory
from tests.support.password_cases import cases
from tests.support.registering import NPN, NUMBER, ZIP, publish_terms, rita


def log_in(page: Page, username: str) -> None:
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log In").click()
    page.get_by_role("link", name="Skip for now").click()  # the typing pattern is asked for at the first login
    page.get_by_role("button", name="Send Code").click()
    page.locator("[name=code]").wait_for()
    outbox.sweep()
    page.locator("[name=code]").fill(MailboxEntry.objects.latest("id").code)
    page.get_by_role("button", name="Submit").click()
    page.wait_for_url("**/")


def to_create_login(page: Page) -> None:
    page.goto("/accounts/login/")
    page.get_by_role("link", name="New User? Register Here").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Terms of Use")
    page.get_by_role("button", name="Accept").click()
    page.get_by_label("Producer Number", exact=False).first.fill(NUMBER)
    page.get_by_label("National Producer Number").fill(NPN)
    page.get_by_label("Zip Code").fill(ZIP)
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("heading", name="Create Your Secure Login.").wait_for()
    page.wait_for_load_state()  # scripts follow what is typed


def link_in_mailbox() -> str:
    outbox.sweep()
    body = MailboxEntry.objects.filter(subject__contains="Your Account Information").latest("id").body
    return next(line for line in body.splitlines() if "/register/confirm/" in line).strip()


def walk_to_home(page: Page) -> None:
    to_create_login(page)
    page.get_by_role("textbox", name="Username").fill("rsolberg7")
    page.get_by_role("textbox", name="Password").fill(PASSWORD)
    page.get_by_role("button", name="Create Login").click()
    page.get_by_text("xxxlberg@record.example").wait_for()
    page.goto(link_in_mailbox())
    page.get_by_role("button", name="Confirm Your Email Address").click()
    page.get_by_role("link", name="Return to Log In").click()
    log_in(page, "rsolberg7")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Welcome, Rita Solberg")


@pytest.mark.feature("REG_01")
@pytest.mark.feature("REG_04")
@pytest.mark.feature("REG_18")
@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
@pytest.mark.sampled(1)
def test_from_the_login_page_through_three_steps_to_home(new_context, scripts):
    publish_terms()
    rita()
    walk_to_home(new_context(java_script_enabled=scripts).new_page())


@pytest.mark.feature("REG_04")
@pytest.mark.feature("REG_12")
@pytest.mark.long
def test_step_1_names_what_is_missing_and_back_keeps_what_was_entered(page):
    publish_terms()
    rita()
    page.goto("/accounts/register/")
    page.get_by_role("button", name="Accept").click()
    page.get_by_role("button", name="Continue").click()
    for problem in ("Enter your producer number.", "Enter your National Producer Number.", "Enter the ZIP code."):
        expect(page.locator(".invalid-feedback", has_text=problem)).to_be_visible()
    to_create_login_again = page.get_by_label("Zip Code")
    page.locator("[name=producer_number]").fill(NUMBER)
    page.locator("[name=npn]").fill(NPN)
    to_create_login_again.fill(ZIP)
    page.get_by_role("button", name="Continue").click()
    expect(page.locator(".steps [aria-current=step]")).to_have_text("Create Login")
    page.get_by_role("link", name="< Back").click()
    expect(page.locator("[name=producer_number]")).to_have_value(NUMBER)
    expect(page.locator("[name=zip]")).to_have_value(ZIP)


def states(page: Page) -> dict[str, str]:
    lines = page.locator("[data-rule]").all()
    return {str(line.get_attribute("data-rule")): str(line.get_attribute("data-state")) for line in lines}


@pytest.mark.feature("PWD_09")
def test_every_marker_follows_the_typing_and_the_change_is_read_out(page):
    publish_terms()
    rita()
    to_create_login(page)
    assert set(states(page).values()) == {"open"}
    expect(page.get_by_role("heading", name="Password Must Have")).to_be_visible()
    expect(page.get_by_role("heading", name="Password Cannot Have")).to_be_visible()
    field = page.get_by_role("textbox", name="Password")
    field.press_sequentially("a")
    assert (states(page)["lowercase"], states(page)["length"], states(page)["month"]) == ("met", "broken", "met")
    breaking = {
        "length": "Vk7!",
        "uppercase": "vk7!zw2q",
        "lowercase": "VK7!ZW2Q",
        "digit": "Vkt!zWhq",
        "special": "Vk7xzW2q",
        "sequence": "Vk7!abc#W2",
        "repetition": "Vk7!!!zW2q",
        "month": "Market9!",
        "day": "Vk7!Mon#W2",
        "restricted_term": "Vk7!Log#W2",
        "refused_character": "Vk7!=zW2q",
    }
    assert set(breaking) == set(states(page))
    for rule, password in breaking.items():
        field.fill(password)
        assert {code for code, state in states(page).items() if state == "broken"} == {rule}
    status = page.locator("[data-rules-status]")
    assert status.get_attribute("role") == "status"
    expect(status).to_have_text("10 of 11 rules followed. Still wrong. Password Cannot Have: A special character.")
    field.fill("Harbor#Kite58")
    expect(status).to_have_text("The password follows all rules of the list.")
    field.fill("")
    assert set(states(page).values()) == {"open"}


@pytest.mark.feature("PWD_09")
def test_the_browser_judges_every_password_of_the_table_as_the_server_does(page):
    page.goto("/accounts/login/")
    rules = [rule for column in checklist() for rule in column["rules"]]
    table = [password for password, _ in cases()]
    judged = page.evaluate(
        """([rules, passwords]) => passwords.map(password => rules
            .filter(rule => new RegExp(rule.pattern, rule.flags).test(password) !== (rule.wanted === "found"))
            .map(rule => rule.code))""",
        json.loads(json.dumps([rules, table])),
    )
    assert judged == [[rule.code for rule in password_rules() if not rule.is_met(password)] for password in table]


@pytest.mark.feature("PWD_09")
@pytest.mark.long
def test_without_scripts_the_server_marks_the_same_rules_and_says_each_error(new_context):
    publish_terms()
    rita()
    page = new_context(java_script_enabled=False).new_page()
    to_create_login(page)
    page.get_by_role("textbox", name="Username").fill("rsolberg7")
    page.get_by_role("textbox", name="Password").fill("Market=9")
    page.get_by_role("button", name="Create Login").click()
    expect(page.locator("#id_password_error")).to_be_visible()
    broken = {code for code, state in states(page).items() if state == "broken"}
    assert broken == {"special", "month", "refused_character"}
    expect(page.locator("[data-rule=month]")).to_contain_text("not followed")
    assert page.locator("#id_password_error strong").count() == 3
    expect(page.get_by_label("Show what is typed")).to_be_hidden()


def test_the_password_can_be_shown_and_is_sent_as_a_password(page):
    publish_terms()
    rita()
    to_create_login(page)
    page.locator("[name=password]").fill("Market9!")
    page.get_by_label("Show what is typed").check()
    expect(page.locator("[name=password]")).to_have_attribute("type", "text")
    page.get_by_role("button", name="Create Login").click()
    expect(page.locator("[name=password]")).to_have_attribute("type", "password")
    expect(page.locator("[name=password]")).to_have_value("")


@pytest.mark.feature("PWD_11")
@pytest.mark.long
def test_both_lists_stand_on_create_new_password_and_on_change_password(world, sign_in_as, new_context):
    page = new_context().new_page()
    page.goto("/accounts/forgot-password/")
    page.get_by_label("Username").fill(world.outsider.username)
    page.get_by_role("button", name="Find Account").click()
    page.get_by_role("button", name="Send Code").click()
    page.locator("[name=code]").wait_for()
    outbox.sweep()
    page.locator("[name=code]").fill(MailboxEntry.objects.latest("id").code)
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("heading", name="Create New Password").wait_for()
    signed_in = sign_in_as(world.producer, at="/accounts/profile/password/")
    for shown in (page, signed_in):
        expect(shown.get_by_role("heading", name="Password Must Have")).to_be_visible()
        expect(shown.get_by_role("heading", name="Password Cannot Have")).to_be_visible()
        shown.locator("[name=new_password]").fill("Market9!")
        assert [code for code, state in states(shown).items() if state == "broken"] == ["month"]


# The older style


def fill_block(page: Page, us_state: str, number: str) -> None:
    for name, value in {
        "company_name": "Harbor Benefits",
        "address_1": "123 Test St",
        "city": "Testville",
        "zip": "60601",
        "producer_number": number,
        "phone": "(312) 555-0142",
        "email": "office@harbor.example",
    }.items():
        page.locator(f"[name={us_state}-{name}]").fill(value)


@pytest.mark.feature("REGL_02")
@pytest.mark.feature("REGL_05")
@pytest.mark.feature("REGL_07")
@pytest.mark.feature("REGL_09")
@with_and_without_scripts
@pytest.mark.long
def test_the_older_style_from_the_form_to_the_activated_login(new_context, settings, scripts):
    settings.REGISTRATION_STYLE = "per_state"
    publish_terms()
    rita()
    page = new_context(java_script_enabled=scripts).new_page()
    page.goto("/accounts/register/")
    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_text("Please do NOT register more than one time.")).to_be_visible()
    expect(page.get_by_role("main").get_by_role("link", name="Contact Us")).to_be_visible()
    page.get_by_role("button", name="Continue").click()
    expect(page.locator("#states_error")).to_have_text("Choose at least one state.")
    expect(page.locator("[name=IL-city]")).to_be_hidden()
    page.get_by_label("Register for Illinois").check()
    page.get_by_label("Register for Texas").check()
    assert [page.locator(f"[name={s}-city]").is_visible() for s in ("IL", "MT", "NM", "OK", "TX")] == [
        *(True, False, False, False),
        True,
    ]
    page.get_by_label("First Name").fill("Rita")
    page.get_by_label("Last Name").fill("Solberg")
    page.get_by_label("User Name").fill("rsolberg7")
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("[name=confirm_password]").fill(PASSWORD)
    fill_block(page, "IL", NUMBER)
    fill_block(page, "TX", "000845210")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="Confirm Texas Registration Information")).to_be_visible()
    page.emulate_media(media="print")
    expect(page.locator(".site-header")).to_be_hidden()
    expect(page.get_by_role("button", name="Submit Registration")).to_be_hidden()
    page.emulate_media(media="screen")
    page.get_by_role("link", name="Edit").click()
    expect(page.locator("[name=TX-city]")).to_have_value("Testville")
    page.locator("[name=TX-city]").fill("Austin")
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("[name=confirm_password]").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("Austin")).to_be_visible()
    page.get_by_role("button", name="Submit Registration").click()
    page.get_by_role("link", name="Back to Login Page").click()
    request = RegistrationRequest.objects.get()
    state_registrations.activate(
        request, by=UserFactory(username="carrieradmin", carrier_admin=True), at=request.submitted_at
    )
    log_in(page, "rsolberg7")


@pytest.mark.feature("PRF_08")
@pytest.mark.long
def test_another_state_is_offered_only_where_the_producer_is_not_registered(sign_in_as):
    producer = rita()
    for us_state in ("MT", "OK"):
        ProducerNumberFactory(producer=producer, us_state=us_state)
    page = sign_in_as(UserFactory(producer=producer, username="rsolberg7"), at="/accounts/profile/")
    page.get_by_role("link", name="Register for Another State").click()
    assert page.locator(".state-choice > .form-check label").all_inner_texts() == [
        "Register for New Mexico",
        "Register for Texas",
    ]
    page.get_by_label("Register for Texas").check()
    fill_block(page, "TX", "000845210")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Submit Registration").click()
    page.get_by_role("heading", name="Registration Information Submitted").wait_for()
    page.get_by_role("link", name="Back to Profile Page").click()
    page.get_by_role("heading", name="Edit Profile").wait_for()


# Accessibility


@pytest.mark.drill
def test_every_page_of_the_registration_is_accessible(page, assert_accessible):
    publish_terms()
    rita()
    page.goto("/accounts/register/")
    assert_accessible(page)
    page.get_by_role("button", name="Accept").click()
    assert_accessible(page)
    page.get_by_role("button", name="Continue").click()
    assert_accessible(page)
    to_create_login_by_fields(page)
    assert_accessible(page)
    page.locator("[name=username]").fill("short")
    page.locator("[name=password]").fill("abc")
    assert_accessible(page)
    page.get_by_role("button", name="Create Login").click()
    assert_accessible(page)
    page.set_viewport_size(PHONE)
    page.locator("[name=username]").fill("rsolberg7")
    page.locator("[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Create Login").click()
    page.get_by_role("button", name="Resend Email Link").wait_for()
    assert_accessible(page)
    link = link_in_mailbox()
    for address in (link, "/accounts/register/confirm/made-up/"):
        page.goto(address)
        assert_accessible(page)


def to_create_login_by_fields(page: Page) -> None:
    page.locator("[name=producer_number]").fill(NUMBER)
    page.locator("[name=npn]").fill(NPN)
    page.locator("[name=zip]").fill(ZIP)
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("heading", name="Create Your Secure Login.").wait_for()


@pytest.mark.drill
def test_the_pages_of_the_older_style_are_accessible(page, settings, assert_accessible, sign_in_as):
    settings.REGISTRATION_STYLE = "per_state"
    publish_terms()
    producer = rita()
    page.goto("/accounts/register/")
    page.get_by_role("button", name="Accept").click()
    assert_accessible(page)
    page.get_by_label("Register for Illinois").check()
    page.get_by_role("button", name="Continue").click()
    assert_accessible(page)
    page.get_by_label("First Name").fill("Rita")
    page.get_by_label("Last Name").fill("Solberg")
    page.get_by_label("User Name").fill("kestrel77")
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("[name=confirm_password]").fill(PASSWORD)
    fill_block(page, "IL", NUMBER)
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Submit Registration").wait_for()
    assert_accessible(page)
    page.get_by_role("button", name="Submit Registration").click()
    page.get_by_role("link", name="Back to Login Page").wait_for()
    assert_accessible(page)
    sign_in_as(UserFactory(producer=producer), at="/accounts/register/state/")
    page.get_by_label("Register for Texas").check()
    assert_accessible(page)
    fill_block(page, "TX", "000845210")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Submit Registration").wait_for()
    assert_accessible(page)
