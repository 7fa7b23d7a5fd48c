"""An e-question from the client's page to the carrier's answer, in a browser."""

import pytest
from playwright.sync_api import expect

from ecomm.models import EQuestion
from tests.browser.conftest import PHONE
from tests.support.factories import EQuestionFactory
from tests.support.uploads import png


@pytest.mark.feature("EQ_01")
@pytest.mark.feature("EQ_04")
@pytest.mark.feature("EQ_06")
@pytest.mark.feature("HOM_07")
def test_asked_from_the_clients_page_answered_by_the_carrier_and_read(
    world, sign_in_as, new_context, assert_accessible, tmp_path
):
    page = sign_in_as(world.producer, at=f"/clients/{world.account_number}/")
    page.get_by_role("link", name="Submit E-Question").click()
    expect(page.get_by_label("Member Specific E-Question")).to_be_checked()
    expect(page.get_by_label("Client ID#")).to_have_value(world.account_number)
    assert_accessible(page)
    page.get_by_label("Subject").fill("New card")
    page.get_by_role("textbox", name="Question").fill("The card shows the old address.")
    page.get_by_role("button", name="Submit").click()
    page.get_by_role("heading", name="E-Question Submitted").wait_for()
    question = EQuestion.objects.get()
    page.get_by_text("Your E-Question regarding Tanya Washington has been submitted.").wait_for()
    page.get_by_text(f"#{question}").wait_for()
    assert_accessible(page)
    page.get_by_role("link", name="Go to My E-Questions").click()
    page.get_by_text("In Progress").wait_for()

    staff = sign_in_as(world.admin, on=new_context().new_page(), at="/admin/ecomm/equestion/")
    staff.get_by_role("link", name=str(question)).click()
    staff.get_by_text("The card shows the old address.").wait_for()
    staff.get_by_label("Answer", exact=False).last.fill("A new card is on its way.")
    staff.get_by_role("button", name="Send Answer").click()
    staff.get_by_text(f"{question} has been answered; the asker is told.").wait_for()

    page.goto("/messages/notifications/")
    page.get_by_role("button", name=f"E-Question {question} has been answered", exact=True).click()
    page.get_by_text("A new card is on its way.").wait_for()
    page.get_by_text("Producer Services").wait_for()
    assert_accessible(page)
    page.set_viewport_size(PHONE)
    assert_accessible(page)


@pytest.mark.feature("EQ_01")
@pytest.mark.feature("EQ_02")
@pytest.mark.long
def test_the_choice_shows_the_client_and_the_counter_counts_as_the_server_does(world, sign_in_as):
    page = sign_in_as(world.producer, at="/messages/questions/new/")
    expect(page.get_by_label("Client ID#")).to_be_hidden()
    page.get_by_label("Member Specific E-Question").check()
    expect(page.get_by_label("Client ID#")).to_be_visible()
    page.get_by_label("General E-Question").check()
    expect(page.get_by_label("Client ID#")).to_be_hidden()
    field, counter = page.get_by_role("textbox", name="Question"), page.locator(".counter")
    live = page.locator("[aria-live=polite]")
    field.fill("x" * 500)
    expect(counter).to_have_text("500 of 1,000 characters")
    expect(live).to_have_text("")
    field.fill("x\n" * 450 + "👩")
    expect(counter).to_have_text("901 of 1,000 characters")
    expect(live).to_have_text("99 characters left")
    field.fill("x\n" * 500 + "x")
    expect(counter).to_have_text("1 character too many")
    expect(live).to_have_text("1 character too many")
    page.get_by_label("Subject").fill("Counted")
    page.get_by_role("button", name="Submit").click()
    page.get_by_text("it is 1 character too long").first.wait_for()
    field.fill("x\n" * 499 + "xx")
    page.get_by_role("button", name="Submit").click()
    page.get_by_role("heading", name="E-Question Submitted").wait_for()


@pytest.mark.feature("EQ_07")
@pytest.mark.long
def test_ticked_rows_are_deleted_after_the_dialog(world, sign_in_as, assert_accessible):
    for number in range(3):
        EQuestionFactory(asked_by=world.producer, subject=f"Question {number}")
    page = sign_in_as(world.producer, at="/messages/questions/")
    assert_accessible(page)
    page.get_by_label("Select all rows of this page").check()
    page.get_by_text("3 selected").wait_for()
    page.locator("input[name=row]").first.uncheck()
    page.get_by_text("2 selected").wait_for()
    page.get_by_role("button", name="Delete Selected Rows").click()
    dialog = page.get_by_role("dialog", name="Delete Selected Rows")
    dialog.get_by_text("Are you sure you want to delete the selected row/s?").wait_for()
    dialog.get_by_role("link", name="Cancel").click()
    expect(page.locator("input[name=row]")).to_have_count(3)
    page.get_by_role("button", name="Delete Selected Rows").click()
    dialog.get_by_role("button", name="OK").click()
    page.get_by_text("2 E-Questions were deleted from your list.").wait_for()
    expect(page.locator("input[name=row]")).to_have_count(1)
    # The box works in a list that was refreshed in place, too.
    page.get_by_label("Filter Status").fill("progress")
    page.keyboard.press("Enter")
    page.wait_for_url("**/messages/questions/?r=*")
    page.locator("input[name=row]").check()
    page.get_by_role("button", name="Delete Selected Rows").click()
    dialog.get_by_role("button", name="OK").click()
    page.get_by_text("No E-Questions yet").wait_for()


def test_what_is_typed_when_the_session_is_about_to_end_comes_back(world, sign_in_as):
    page = sign_in_as(world.producer, at="/messages/questions/new/")
    page.get_by_role("textbox", name="Question").fill("Half a sen")
    with page.expect_response("**/messages/questions/draft/"):
        page.evaluate("document.dispatchEvent(new CustomEvent('portal:session-ending'))")
    page.goto("/messages/questions/new/")
    expect(page.get_by_role("textbox", name="Question")).to_have_value("Half a sen")
    page.get_by_text("This was not submitted when your session was about to end.").wait_for()


@pytest.mark.drill
@pytest.mark.feature("EQ_07")
def test_asking_and_deleting_work_without_javascript(world, new_context, sign_in_as):
    page = new_context(java_script_enabled=False).new_page()
    sign_in_as(world.producer, on=page, at=f"/messages/questions/new/?account={world.account_number}")
    page.get_by_label("Subject").fill("New card")
    page.get_by_role("textbox", name="Question").fill("The card shows the old address.")
    page.get_by_role("button", name="Submit").click()
    page.get_by_role("link", name="Go to My E-Questions").click()
    page.locator("input[name=row]").check()
    page.get_by_role("button", name="Delete Selected Rows").click()
    page.get_by_role("heading", name="Are you sure you want to delete the selected row/s?").wait_for()
    page.get_by_role("button", name="OK").click()
    page.get_by_text("No E-Questions yet").wait_for()


@pytest.mark.feature("EQ_01")
@pytest.mark.long
def test_a_general_question_with_a_file_is_sent_though_the_clients_fields_are_empty(world, sign_in_as):
    page = sign_in_as(world.producer, at="/messages/questions/new/")
    file = {"name": "scan.png", "mimeType": "image/png", "buffer": png().read()}
    page.get_by_label("Attachments").set_input_files(file)
    page.get_by_role("textbox", name="Question").fill("When is it sent out?")
    page.get_by_role("button", name="Submit").click()
    # What is shown and still missing is said before the file travels.
    expect(page.get_by_label("Subject")).to_be_focused()
    page.get_by_label("Subject").fill("Schedule")
    page.get_by_role("button", name="Submit").click()
    page.get_by_role("heading", name="E-Question Submitted").wait_for()
    assert EQuestion.objects.get().messages.get().attachments.count() == 1
