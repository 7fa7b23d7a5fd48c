"""The carrier's queue of e-questions: reading, answering, assigning, figures."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from ecomm.models import CannedAnswer, EQuestion, EQuestionAttachment
from ecomm.selectors import question_figures
from portal.common.files import store
from portal.common.files.models import StoredFile
from portal.common.models import AuditEvent
from portal.common.notifications.models import Notification
from portal.common.staff_roles import StaffRole
from tests.support import pages
from tests.support.factories import EQuestionFactory, UserFactory
from tests.support.uploads import checked_png, png

QUEUE = "/admin/ecomm/equestion/"
NOW = timezone.now()
KEY = "1" * 32


@pytest.fixture
def staff() -> User:
    return UserFactory(username="carrieradmin", carrier_admin=True, first_name="Avery", last_name="Stone")


@pytest.fixture
def colleague() -> User:
    return UserFactory(username="colleague1", carrier_admin=True, first_name="Blake", last_name="Ives")


@pytest.fixture
def browser(staff, sign_in):
    return sign_in(staff)


@pytest.fixture
def question() -> EQuestion:
    return EQuestionFactory(of_member=True)


def thread(question: EQuestion) -> str:
    return f"{QUEUE}{question.pk}/change/"


def sent(question: EQuestion, **more) -> dict[str, object]:
    newest = question.messages.order_by("-id").first().pk
    return {"answer": "It was mailed on Monday.", "form_key": KEY, "seen_message_id": newest, **more}


def listed(response) -> list[str]:
    rows = pages.read(response).all("tr")
    cells = [row.all(class_="field-tracking") for row in rows]
    return [found[0].text for found in cells if found]


def said(response) -> str:
    return pages.read(response).one("ul", class_="messagelist").text


def words(response) -> str:
    return pages.read(response).one("div", id="content").text


# The queue


@pytest.mark.feature("EQ_06")
def test_what_waits_longest_comes_first_and_what_is_late_is_marked(browser, settings):
    settings.QUESTION_TARGET_HOURS = 24
    new = EQuestionFactory(submitted_at=NOW - timedelta(hours=2))
    old = EQuestionFactory(submitted_at=NOW - timedelta(days=5))
    asked_again = EQuestionFactory(submitted_at=NOW - timedelta(days=9), last_opened_at=NOW - timedelta(hours=23))
    EQuestionFactory(answered=True)
    response = browser.get(QUEUE)
    assert listed(response) == [str(old), str(asked_again), str(new)]
    marked = [row.all(class_="field-overdue") for row in pages.read(response).all("tr")]
    assert [found[0].text for found in marked if found] == ["Overdue", "-", "-"]


def test_answered_ones_and_all_are_looked_up_newest_first(browser):
    waiting = EQuestionFactory()
    answered = EQuestionFactory(answered=True)
    assert listed(browser.get(QUEUE, {"state": "ANSWERED"})) == [str(answered)]
    assert listed(browser.get(QUEUE, {"state": "all"})) == [str(answered), str(waiting)]


def test_mine_and_nobodys(browser, staff, colleague):
    mine = EQuestionFactory(assigned_to=staff)
    EQuestionFactory(assigned_to=colleague)
    nobodys = EQuestionFactory()
    assert listed(browser.get(QUEUE, {"assigned": "me"})) == [str(mine)]
    assert listed(browser.get(QUEUE, {"assigned": "nobody"})) == [str(nobodys)]


def test_a_tracking_number_is_found_as_people_write_it(browser, question):
    EQuestionFactory()
    for typed in (str(question), f"#{question}", str(question.number), str(question).lower(), question.producer.npn):
        assert listed(browser.get(QUEUE, {"q": typed})) == [str(question)]
    for typed in ("EQU", "9" * 30, "nobody"):
        assert listed(browser.get(QUEUE, {"q": typed})) == []


def test_a_number_is_found_whether_it_was_answered_or_not(browser):
    waits, answered = EQuestionFactory(), EQuestionFactory(answered=True)

    def chosen(response) -> list[str]:
        status = pages.read(response).all("details", data_filter_title="status")[0]
        return [line.text for line in status.all("li", class_="selected")]

    found = browser.get(QUEUE, {"q": str(answered)})
    assert (listed(found), chosen(found)) == ([str(answered)], ["All"])
    only_waiting = browser.get(QUEUE, {"q": waits.producer.npn, "state": "IN_PROGRESS"})
    assert (listed(only_waiting), chosen(only_waiting)) == ([str(waits)], ["In Progress"])
    queue = browser.get(QUEUE)
    assert (listed(queue), chosen(queue)) == ([str(waits)], ["In Progress"])
    assert "?q=EQU" in found.content.decode()
    assert "state=IN_PROGRESS" in found.content.decode()


def test_many_rows_cost_as_many_queries_as_few(browser, django_assert_max_num_queries):
    for _ in range(30):
        EQuestionFactory()
    with django_assert_max_num_queries(14):
        browser.get(QUEUE)


# The thread


def test_every_look_is_written_down(browser, staff, question):
    response = browser.get(thread(question))
    page = words(response)
    assert "When is the new schedule sent out?" in page
    assert "John Q Public, Client ID# 1231231234" in page
    event = AuditEvent.objects.get(action="question.opened")
    assert (event.actor_id, event.object_id, event.for_producer) == (staff.pk, str(question), question.producer.npn)


@pytest.mark.feature("EQ_06")
@pytest.mark.feature("HOM_07")
def test_an_answer_changes_status_and_time_and_the_asker_has_one_unread_item(browser, question, sign_in):
    response = browser.post(thread(question), sent(question), follow=True)
    assert response.redirect_chain == [(QUEUE, 302)]
    assert said(response) == f"{question} has been answered; the asker is told."
    question.refresh_from_db()
    assert question.status == "ANSWERED"
    assert question.responded_at is not None
    notice = Notification.objects.get(recipient=question.asked_by)
    assert (notice.kind, notice.read_at) == ("question.answered", None)
    page = sign_in(question.asked_by).get(notice.url)
    assert "It was mailed on Monday." in page.content.decode()


def test_an_answer_can_carry_files(browser, question):
    browser.post(thread(question), sent(question, attachments=[png("schedule.png")]))
    attachment = EQuestionAttachment.objects.get()
    assert (attachment.file.name, attachment.message.from_carrier) == ("schedule.png", True)


def test_files_of_an_answer_that_was_not_sent_are_named(browser, sign_in, colleague, question):
    empty = browser.post(thread(question), sent(question, answer="", attachments=[png("schedule.png")]))
    assert "Choose “schedule.png” again" in words(empty)
    first, second = sent(question), sent(question, form_key="2" * 32, attachments=[png("schedule.png")])
    sign_in(colleague).post(thread(question), first)
    assert "Choose “schedule.png” again" in words(browser.post(thread(question), second))
    assert not EQuestionAttachment.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "why"),
    [({"answer": ""}, "Enter the answer."), ({"answer": "x" * 4001}, "it is 1 character too long")],
)
def test_what_is_wrong_with_an_answer_is_said_and_kept(browser, question, wrong, why):
    response = browser.post(thread(question), sent(question, **wrong))
    assert why in words(response)
    assert pages.read(response).one("textarea", name="answer").text == wrong["answer"]
    question.refresh_from_db()
    assert question.status == "IN_PROGRESS"


def test_the_second_of_two_who_answer_is_told_and_can_still_send(browser, sign_in, colleague, question):
    first, second = sent(question), sent(question, form_key="2" * 32, answer="On Monday, by mail.")
    sign_in(colleague).post(thread(question), first)
    response = browser.post(thread(question), second)
    assert "Blake Ives has answered meanwhile." in words(response)
    assert "It was mailed on Monday." in words(response)
    assert pages.read(response).one("textarea", name="answer").text == "On Monday, by mail."
    assert question.messages.count() == 2
    seen = pages.read(response).one("input", name="seen_message_id").attrs["value"]
    browser.post(thread(question), {**second, "seen_message_id": seen})
    assert question.messages.count() == 3


def test_the_same_answer_sent_twice_is_one(browser, question):
    answer = sent(question)
    for _ in range(3):
        browser.post(thread(question), answer)
    assert question.messages.count() == 2
    assert Notification.objects.filter(recipient=question.asked_by).count() == 1


def test_a_canned_answer_is_put_into_the_text_and_nothing_is_sent(browser, question):
    canned = CannedAnswer.objects.create(title="Mailed", text="It has been mailed.")
    hidden = CannedAnswer.objects.create(title="Old", text="Old text", active=False)
    offered = pages.read(browser.get(thread(question))).one("select", name="canned").text
    assert "Mailed" in offered
    assert "Old" not in offered
    response = browser.post(thread(question), sent(question, answer="Dear Rita,", canned=canned.pk, insert="Insert"))
    assert pages.read(response).one("textarea", name="answer").text == "Dear Rita, It has been mailed."
    assert pages.read(response).one("input", name="form_key").attrs["value"] == KEY
    assert question.messages.count() == 1
    for choice in ("", "soon", hidden.pk):
        response = browser.post(thread(question), sent(question, canned=choice, insert="Insert"))
        assert "Choose a text first" in said(response)
        assert pages.read(response).one("textarea", name="answer").text == "It was mailed on Monday."


def test_canned_answers_are_kept_by_the_carrier(browser):
    add = reverse("admin:ecomm_cannedanswer_add")
    browser.post(add, {"title": "Mailed", "text": "It has been mailed.", "order": 10, "active": "on"})
    assert CannedAnswer.objects.get().text == "It has been mailed."


def test_a_row_that_does_not_exist_leads_back(browser):
    assert browser.get(f"{QUEUE}999999/change/").status_code == 302
    for page in ("999999/files/1/", "999999/assign/"):
        assert browser.get(f"{QUEUE}{page}").status_code == 404


# Who may


def test_who_may_only_look_cannot_answer_or_assign(sign_in, question):
    client = sign_in(UserFactory(clerk=True, staff_role=StaffRole.AUDITOR))
    page = client.get(thread(question))
    assert page.status_code == 200
    assert not pages.read(page).all("textarea", name="answer")
    assert client.post(thread(question), sent(question)).status_code == 403
    assert client.post(f"{QUEUE}{question.pk}/assign/", {"me": "1"}).status_code == 403
    assert question.messages.count() == 1


def test_who_may_not_look_sees_nothing(sign_in, question):
    client = sign_in(UserFactory(clerk=True, staff_role=StaffRole.CONTENT_EDITOR))
    for page in ("", f"{question.pk}/change/", "figures/"):
        assert client.get(f"{QUEUE}{page}").status_code == 403
    assert client.get(f"{QUEUE}{question.pk}/files/1/").status_code == 403


# Assigning


def test_assigned_to_me_to_a_colleague_to_nobody(browser, staff, colleague, question):
    address = f"{QUEUE}{question.pk}/assign/"
    for posted, expected in (
        ({"me": "Assign to me"}, staff),
        ({"assigned_to": colleague.pk}, colleague),
        ({"assigned_to": ""}, None),
    ):
        response = browser.post(address, posted, follow=True)
        assert response.redirect_chain == [(thread(question), 302)]
        question.refresh_from_db()
        assert question.assigned_to == expected
    assert AuditEvent.objects.filter(action="question.assigned").count() == 3


def test_whose_login_was_closed_is_still_named_and_no_longer_offered(browser, colleague, question):
    EQuestion.objects.update(assigned_to=colleague)
    User.objects.filter(pk=colleague.pk).update(is_active=False)
    page = pages.read(browser.get(thread(question)))
    chosen = [box.text for box in page.one("select", name="assigned_to").all("option") if "selected" in box.attrs]
    assert chosen == ["colleague1 (login closed)"]
    assert "login closed" not in browser.get(thread(EQuestionFactory())).content.decode()


def test_a_question_is_assigned_to_nobody_outside_the_carrier(browser, question):
    response = browser.post(f"{QUEUE}{question.pk}/assign/", {"assigned_to": question.asked_by_id}, follow=True)
    assert said(response) == "Choose somebody of the carrier's staff."
    question.refresh_from_db()
    assert question.assigned_to is None


def test_looking_at_the_address_assigns_nothing(browser, question):
    browser.get(f"{QUEUE}{question.pk}/assign/?me=1")
    question.refresh_from_db()
    assert question.assigned_to is None


def test_many_are_assigned_to_me_from_the_list(browser, staff):
    rows = [EQuestionFactory() for _ in range(3)]
    browser.post(QUEUE, {"action": "assign_to_me", "_selected_action": [row.pk for row in rows]})
    assert set(EQuestion.objects.values_list("assigned_to", flat=True)) == {staff.pk}


# Files


def test_staff_can_have_every_file_after_the_scan_and_it_is_written_down(browser, question):
    file = store.keep(checked_png(), by=question.asked_by, at=NOW)
    attachment = EQuestionAttachment.objects.create(message=question.messages.get(), file=file)
    address = f"{QUEUE}{question.pk}/files/{attachment.pk}/"
    StoredFile.objects.update(scan=StoredFile.Scan.PENDING, scanned_at=None)
    assert browser.get(address, follow=True).redirect_chain == [(thread(question), 302)]
    assert "being checked for malware" in words(browser.get(thread(question)))
    StoredFile.objects.update(scan=StoredFile.Scan.CLEAN, scanned_at=NOW)
    assert address in browser.get(thread(question)).content.decode()
    response = browser.get(address)
    assert b"".join(response.streaming_content).startswith(b"\x89PNG")
    assert AuditEvent.objects.filter(action="question.file_opened").count() == 1
    other = EQuestionFactory()
    assert browser.get(f"{QUEUE}{other.pk}/files/{attachment.pk}/").status_code == 404


# Figures


def answered_after(hours: float, *, days_ago: float = 1, **more) -> EQuestion:
    responded = NOW - timedelta(days=days_ago)
    return EQuestionFactory(
        status="ANSWERED",
        submitted_at=responded - timedelta(hours=hours),
        responded_at=responded,
        first_responded_at=responded,
        **more,
    )


def test_median_and_ninetieth_percentile_of_first_answers(staff):
    for hours in (1, 2, 3, 4, 100):
        answered_after(hours)
    answered_after(7, of_member=True)
    answered_after(50, days_ago=45)
    answered_after(900, days_ago=91)
    figures = question_figures.figures(staff, at=NOW)
    month, quarter = (lines for _, lines in figures.periods)
    assert [days for days, _ in figures.periods] == [30, 90]
    assert [(line.kind, line.answered, line.median_hours, line.ninetieth_hours) for line in month] == [
        ("General E-Question", 5, 3.0, 61.6),
        ("Member Specific E-Question", 1, 7.0, 7.0),
        ("All", 6, 3.5, 53.5),
    ]
    assert [line.answered for line in quarter] == [6, 1, 7]


def test_the_first_answer_counts_not_the_last(staff):
    question = answered_after(4)
    EQuestion.objects.filter(pk=question.pk).update(responded_at=NOW, last_opened_at=NOW)
    assert question_figures.figures(staff, at=NOW).periods[0][1][-1].median_hours == 4.0


def test_what_waits_is_counted_by_kind_with_the_oldest_and_the_overdue(staff, settings):
    settings.QUESTION_TARGET_HOURS = 24
    EQuestionFactory(submitted_at=NOW - timedelta(hours=30))
    EQuestionFactory(submitted_at=NOW - timedelta(hours=24))
    answered_after(1)
    waiting = question_figures.figures(staff, at=NOW).waiting
    assert [(line.kind, line.count, line.overdue, line.oldest_hours) for line in waiting] == [
        ("General E-Question", 2, 1, 30.0),
        ("Member Specific E-Question", 0, 0, None),
        ("All", 2, 1, 30.0),
    ]


def test_the_page_of_figures_holds_numbers_only(browser, question, django_assert_max_num_queries):
    answered_after(4)
    with django_assert_max_num_queries(14):
        response = browser.get(f"{QUEUE}figures/")
    page = words(response)
    assert "First answers of the last 30 days" in page
    assert "General E-Question 1 4.0 4.0" in page
    assert "Member Specific E-Question 0 - -" in page
    assert "John" not in page


def test_without_any_question_the_figures_are_empty(browser):
    assert "All 0 - -" in words(browser.get(f"{QUEUE}figures/"))


def test_the_history_of_a_question_says_who_read_and_answered_it(browser, question):
    browser.get(thread(question))
    browser.post(thread(question), sent(question))
    page = browser.get(f"{QUEUE}{question.pk}/history/", follow=True).content.decode()
    for action in ("question.opened", "question.answered"):
        assert action in page
