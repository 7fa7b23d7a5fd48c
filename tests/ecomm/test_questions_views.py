"""Asking, the list and the threads, through the pages."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import DelegateGrant
from clients.models import Account, Member
from ecomm.models import EQuestion, EQuestionAttachment, EQuestionDraft
from ecomm.services import questions
from portal.common.dates import as_text, moment_as_text
from portal.common.files import store
from portal.common.files.models import StoredFile
from portal.common.files.throttle import count_uploads
from portal.common.models import AuditEvent
from tests.support import pages
from tests.support.factories import DelegateGrantFactory, EQuestionFactory, PolicyFactory, UserFactory
from tests.support.uploads import checked_png, png

LIST = "/messages/questions/"
ASK = f"{LIST}new/"
NOW = timezone.now()
KEY = "0" * 32
GENERAL = {"kind": "GENERAL", "subject": "Commission schedule", "question": "When is it sent out?", "form_key": KEY}
MEMBER = {
    **GENERAL,
    "kind": "MEMBER",
    "client_first_name": "John",
    "client_middle_initial": "Q",
    "client_last_name": "Public",
    "client_id": "1231231234",
}


def text(response) -> str:
    return pages.read(response).one("main").text


def value(response, name: str) -> str:
    found = pages.read(response).all(name=name)
    element = next(element for element in found if element.tag in ("input", "textarea"))
    return element.attrs.get("value", "") if element.tag == "input" else "".join(map(str, element.children))


@pytest.fixture
def rita(world, sign_in):
    return sign_in(world.producer)


@pytest.fixture
def dana(world, sign_in):
    return sign_in(world.delegate_with_service)


@pytest.fixture
def question(world) -> EQuestion:
    return EQuestionFactory(asked_by=world.producer, text__by=world.admin, answered=True, of_member=True)


# The form


@pytest.mark.feature("EQ_01")
@pytest.mark.feature("EQ_02")
@pytest.mark.feature("EQ_03")
def test_the_form_has_the_guides_words_in_the_guides_order(rita):
    page = pages.read(rita.get(ASK))
    assert page.one("h1").text == "Submit E-Question"
    words = page.one("form", class_="question-form").text
    in_order = [
        "Please select type of E-Question",
        "General E-Question",
        "Member Specific E-Question",
        "To submit an e-question, fill in the form below and submit your request. You will receive notification once the "
        "e-question is received and processed.",
        "Client's First Name",
        "MI",
        "Client's Last Name",
        "Client ID#",
        "Subject",
        "Question",
        "Max limit of 1000 characters",
        "Attachments",
        "Submit",
    ]
    places = [words.index(phrase, 0 if n == 0 else words.index(in_order[n - 1])) for n, phrase in enumerate(in_order)]
    assert places == sorted(places)
    chosen = [box.attrs["value"] for box in page.all("input", name="kind") if "checked" in box.attrs]
    assert chosen == ["GENERAL"]
    assert not page.one("main").all("select", name="producer")


@pytest.mark.feature("EQ_04")
def test_a_general_question_is_confirmed_with_its_tracking_number(rita):
    response = rita.post(ASK, GENERAL, follow=True)
    question = EQuestion.objects.get()
    assert response.redirect_chain == [(f"{LIST}{question}/submitted/", 302)]
    assert pages.read(response).one("h1").text == "E-Question Submitted"
    assert f"Your E-Question has been submitted. Your tracking number is #EQU{question.number} ." in text(response)
    links = {link.text: link.attrs["href"] for link in pages.read(response).one("main").all("a")}
    assert links["Go to My E-Questions"] == LIST
    assert links["OK"] == "/messages/"


@pytest.mark.feature("EQ_01")
@pytest.mark.feature("EQ_04")
def test_a_question_about_a_member_is_confirmed_with_the_name(rita):
    response = rita.post(ASK, MEMBER, follow=True)
    assert re.search(
        r"Your E-Question regarding John Public has been submitted\. Your tracking number is #EQU\d+ \.", text(response)
    )


@pytest.mark.feature("EQ_03")
@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ("client_first_name", "Enter the client's first name."),
        ("client_last_name", "Enter the client's last name."),
        ("client_id", "Enter the Client ID#."),
        ("subject", "Enter a subject."),
        ("question", "Enter your question."),
        ("kind", "Select the type of E-Question."),
    ],
)
def test_what_is_missing_is_said_and_what_was_typed_is_kept(rita, missing, said):
    response = rita.post(ASK, {**MEMBER, missing: ""})
    assert response.status_code == 200
    assert said in text(response)
    for name, typed in MEMBER.items():
        if name not in ("kind", missing):
            assert value(response, name).strip() == typed
    assert not EQuestion.objects.exists()


def test_middle_initial_is_optional_and_one_letter(rita):
    assert "MI" in text(rita.post(ASK, {**MEMBER, "client_middle_initial": "Quentin"}))
    assert rita.post(ASK, {**MEMBER, "client_middle_initial": ""}).status_code == 302


def test_of_a_general_question_the_fields_of_a_client_do_not_count(rita):
    assert rita.post(ASK, {**MEMBER, "kind": "GENERAL", "client_middle_initial": "Quentin"}).status_code == 302
    assert EQuestion.objects.get().client_name == ""


@pytest.mark.feature("EQ_02")
@pytest.mark.parametrize(
    ("typed", "taken"),
    [
        ("x" * 1000, True),
        ("x" * 1001, False),
        ("x\r\n" * 499 + "xx", True),  # 1000 as a person counts, 1499 as a browser sends it
        ("x\r\n" * 500 + "x", False),
        ("👩" * 1000, True),
        ("é" * 1001, False),
    ],
)
def test_a_question_has_at_most_1000_characters_and_a_line_break_is_one(rita, typed, taken):
    response = rita.post(ASK, {**GENERAL, "question": typed})
    assert (response.status_code == 302) is taken
    if not taken:
        assert "Shorten this to 1,000 characters: it is 1 character too long." in text(response)
        assert value(response, "question").replace("\r\n", "\n").strip() == typed.replace("\r\n", "\n")


@pytest.mark.feature("EQ_02")
def test_the_field_is_counted_in_the_browser_and_does_not_cut_what_is_pasted(rita):
    field = pages.read(rita.get(ASK)).one("textarea", name="question")
    assert field.attrs["data-counted"] == "1000"
    assert "maxlength" not in field.attrs
    assert field.attrs["aria-describedby"]


def test_sent_five_times_it_is_one_question(rita):
    addresses = {rita.post(ASK, MEMBER)["Location"] for _ in range(5)}
    assert len(addresses) == EQuestion.objects.count() == 1


def test_every_showing_of_the_form_has_a_key_of_its_own(rita):
    assert value(rita.get(ASK), "form_key") != value(rita.get(ASK), "form_key")


def test_a_known_client_id_is_linked_a_foreign_or_unknown_one_is_kept_as_typed(world, rita):
    foreign = world.outsider_policy.account.number
    for number, (typed, linked) in enumerate([(world.account_number, True), (foreign, False), ("ABC-99", False)]):
        answer = rita.post(ASK, {**MEMBER, "client_id": typed, "form_key": str(number)})
        assert answer.status_code == 302
        question = EQuestion.objects.latest("id")
        assert (question.client_id, question.account_id is not None) == (typed, linked)


# The client


@pytest.mark.feature("EQ_01")
def test_from_the_clients_page_the_form_is_filled_in(world, rita):
    detail = pages.read(rita.get(f"/clients/{world.account_number}/"))
    (link,) = (link.attrs["href"] for link in detail.all("a") if link.text == "Submit E-Question")
    form = rita.get(link)
    filled = [value(form, f"client_{name}") for name in ("first_name", "last_name", "id")]
    assert filled == ["Tanya", "Washington", world.account_number]
    chosen = [box.attrs["value"] for box in pages.read(form).all("input", name="kind") if "checked" in box.attrs]
    assert chosen == ["MEMBER"]


def test_the_clients_page_offers_it_only_to_those_who_may_ask(world, sign_in):
    for who, offered in (("delegate", False), ("delegate_with_service", True), ("admin", False), ("principal", True)):
        page = sign_in(getattr(world, who)).get(f"/clients/{world.account_number}/")
        links = [link for link in pages.read(page).all("a") if link.text == "Submit E-Question"]
        assert bool(links) is offered


def test_a_household_without_an_account_number_is_asked_about_by_its_e_app_number(world, rita):
    policy = world.policy
    Account.objects.filter(pk=policy.account_id).update(number=None)
    detail = pages.read(rita.get(f"/clients/e-app/{policy.eapp_number}/"))
    (link,) = (link.attrs["href"] for link in detail.all("a") if link.text == "Submit E-Question")
    form = rita.get(link)
    member_id = Member.objects.get(account=policy.account, role="PRIMARY").member_id
    assert (value(form, "client_last_name"), value(form, "client_id")) == ("Washington", member_id)
    foreign = rita.get(ASK, {"eapp": world.outsider_policy.eapp_number})
    assert value(foreign, "client_id") == ""


@pytest.mark.parametrize("number", ["730000999", "", "%00", "x" * 200, "' OR 1=1"])
def test_an_unknown_account_fills_in_nothing(rita, number):
    response = rita.get(ASK, {"account": number})
    assert response.status_code == 200
    assert value(response, "client_id") == ""


def test_a_foreign_account_fills_in_nothing_and_looks_like_an_unknown_one(world, rita):
    def without_keys(response):
        status, _, body = pages.same_but_for_tokens(response)
        return status, re.sub(r'value="[0-9a-f]{32}"', "", body)

    foreign = rita.get(ASK, {"account": world.outsider_policy.account.number})
    assert "Washington" not in foreign.content.decode()
    assert without_keys(foreign) == without_keys(rita.get(ASK, {"account": "nothing"}))


# Files


def test_up_to_three_files_go_with_a_question(rita):
    answer = rita.post(ASK, {**GENERAL, "attachments": [png("a.png"), png("b.png"), png("c.png")]})
    assert answer.status_code == 302
    assert EQuestionAttachment.objects.count() == 3


def test_a_fourth_file_or_a_wrong_one_is_refused_and_said(rita):
    four = rita.post(ASK, {**GENERAL, "attachments": [png(f"{n}.png") for n in range(4)]})
    assert "Choose at most 3 at once" in text(four)
    odd = png("letter.pdf")
    assert "letter.pdf" in text(rita.post(ASK, {**GENERAL, "attachments": [odd]}))
    assert value(four, "subject") == GENERAL["subject"]
    assert not EQuestion.objects.exists()
    assert not StoredFile.objects.exists()


def test_the_51st_file_of_an_hour_is_refused_in_words(world, rita):
    count_uploads(world.producer, 47, timezone.now())
    for n in range(2):
        last = rita.post(ASK, {**GENERAL, "form_key": str(n), "attachments": [png(f"{x}.png") for x in range(3)]})
    assert EQuestion.objects.count() == 1
    assert "50 files within an hour" in text(last)


def test_files_that_are_lost_with_a_mistake_are_named(rita, question):
    files = {"attachments": [png("a.png"), png("b.png")]}
    asked = rita.post(ASK, {**GENERAL, "subject": "", **files})
    assert "Choose “a.png”, “b.png” again: a browser does not keep files." in text(asked)
    again = rita.post(f"{LIST}{question}/", {"question": "", "form_key": KEY, "attachments": [png("c.png")]})
    assert "Choose “c.png” again" in text(again)
    assert not StoredFile.objects.exists()


# Delegates


@pytest.mark.feature("EQ_01")
def test_a_delegate_of_one_producer_asks_for_this_one(world, dana):
    assert not pages.read(dana.get(ASK)).one("main").all("select", name="producer")
    dana.post(ASK, GENERAL)
    question = EQuestion.objects.get()
    assert (question.producer, question.asked_by) == (world.producer.producer, world.delegate_with_service)
    assert AuditEvent.objects.get(action="question.asked").for_producer == world.producer.producer.npn


def test_a_delegate_of_several_says_for_whom(world, dana):
    other = world.outsider.producer
    DelegateGrantFactory(producer=other, delegate=world.delegate_with_service, scopes=["VIEW", "SERVICE"])
    DelegateGrantFactory(producer=world.sibling.producer, delegate=world.delegate_with_service, scopes=["VIEW"])
    form = pages.read(dana.get(ASK)).one("form", class_="question-form")
    offered = [option.text for option in form.one("select", name="producer").all("option")]
    assert set(offered) == {"Please select", world.producer.producer.name, other.name}
    assert "Choose for which producer you ask." in text(dana.post(ASK, GENERAL))
    wrong = dana.post(ASK, {**GENERAL, "producer": world.sibling.producer_id})
    assert "Choose from the list." in text(wrong)
    dana.post(ASK, {**GENERAL, "producer": other.pk})
    assert EQuestion.objects.get().producer == other


def test_from_a_clients_page_the_producer_is_known_where_it_is_one_of_those_acted_for(world, dana, rita):
    other = world.outsider.producer
    DelegateGrantFactory(producer=other, delegate=world.delegate_with_service, scopes=["VIEW", "SERVICE"])

    def chosen(account: str) -> list[str]:
        form = pages.read(dana.get(ASK, {"account": account})).one("form", class_="question-form")
        return [box.text for box in form.one("select", name="producer").all("option") if "selected" in box.attrs]

    assert chosen(world.account_number) == [world.producer.producer.name]
    assert chosen(world.outsider_policy.account.number) == [other.name]
    # A household with policies of both is left to the person.
    PolicyFactory(account=world.outsider_policy.account, producer_number=world.producer.producer.numbers.first())
    assert chosen(world.outsider_policy.account.number) in ([], ["Please select"])


def test_a_thread_of_the_producer_not_chosen_says_whom_to_choose(world, dana, question):
    other = world.outsider.producer
    DelegateGrantFactory(producer=other, delegate=world.delegate_with_service, scopes=["VIEW", "SERVICE"])
    dana.post("/accounts/work-for/", {"producer": other.npn})
    response = dana.get(f"{LIST}{question}/", follow=True)
    assert response.redirect_chain == [(LIST, 302)]
    name = question.producer.name
    said = f"{question} was asked for {name}. To open it, choose this producer under Working for."
    assert pages.messages(response)[-1] == said
    # What one may not read with any choice does not exist.
    foreign = EQuestionFactory(producer=world.sibling.producer, asked_by=world.sibling)
    assert dana.get(f"{LIST}{foreign}/").status_code == 404


def test_a_revoked_delegate_reads_nothing_from_that_moment_on(world, dana, question):
    address = f"{LIST}{question}/"
    assert dana.get(address).status_code == 200
    DelegateGrant.objects.filter(delegate=world.delegate_with_service).update(revoked_at=NOW, revoked_by=world.producer)
    for page in (address, LIST, ASK):
        assert dana.get(page).status_code == 403


# The list


@pytest.mark.feature("EQ_05")
@pytest.mark.feature("EQ_06")
def test_the_list_has_the_guides_columns_newest_first(world, rita, question):
    newer = EQuestionFactory(asked_by=world.producer, submitted_at=NOW)
    response = rita.get(LIST)
    grid = pages.grid(response)
    assert grid.headers == [
        "Select",
        "#",
        "Subject",
        "Status",
        "Submitted",
        "Responded",
        "Client ID",
        "Client Name",
        "Tracking #",
    ]
    assert grid.column("#") == ["1", "2"]
    assert grid.column("Tracking #") == [str(newer), str(question)]
    assert grid.column("Status") == ["In Progress", "Answered"]
    assert grid.column("Responded") == ["", moment_as_text(question.responded_at)]
    assert grid.rows[1]["Client ID"] == "1231231234"
    assert grid.rows[1]["Client Name"] == "John Public"
    assert grid.rows[0]["Submitted"] == moment_as_text(NOW)
    boxes = pages.read(response).all("input", type="checkbox", name="row")
    assert [box.attrs["value"] for box in boxes] == [str(newer), str(question)]
    assert boxes[0].attrs["form"] == pages.read(response).one("form", class_="ticked-form").attrs["id"]


def test_numbers_of_the_list_go_on_on_the_next_page(world, rita):
    for n in range(26):
        EQuestionFactory(asked_by=world.producer, submitted_at=NOW - timedelta(hours=n))
    assert pages.grid(rita.get(LIST, {"page": 2})).column("#") == ["26"]


@pytest.mark.parametrize(
    ("column", "typed", "found"),
    [
        ("subject", "schedule", 2),
        ("status", "answered", 1),
        ("client_name", "john public", 1),
        ("client_id", "1231", 1),
        ("submitted", as_text(timezone.localdate(NOW - timedelta(days=2))), 2),
        ("responded", "12/31/9999", 1),
    ],
)
def test_filters_find_and_stand_in_no_address(world, rita, question, column, typed, found):
    EQuestionFactory(asked_by=world.producer)
    response = rita.post(LIST, {"grid": "filters", f"f_{column}": typed}, follow=True)
    assert len(pages.grid(response).rows) == found
    assert typed not in response.redirect_chain[-1][0]


def test_a_tracking_number_is_found_as_people_write_it(rita, question):
    for typed in (str(question), f"#{question}", str(question.number), str(question).lower()):
        response = rita.post(LIST, {"grid": "filters", "f_tracking": typed}, follow=True)
        assert pages.grid(response).column("Tracking #") == [str(question)]
    response = rita.post(LIST, {"grid": "filters", "f_tracking": "soon"}, follow=True)
    assert pages.grid(response).filter_errors == {"Tracking #": "Enter a tracking number such as EQU30001."}


def test_filters_of_a_session_that_is_gone_show_the_whole_list(rita, question):
    response = rita.get(LIST, {"r": "forgotten"}, follow=True)
    assert pages.messages(response) == ["Those filters are no longer kept. Here is the whole list."]
    assert len(pages.grid(response).rows) == 1


def test_the_list_can_be_taken_out_and_that_is_written_down(rita, question):
    body = b"".join(rita.get(LIST, {"format": "csv"}).streaming_content).decode()
    assert "Tracking #" in body
    assert str(question) in body
    assert AuditEvent.objects.get(action="question.list_exported").details == {"format": "csv", "rows": 1}


def test_other_peoples_questions_are_not_listed(world, sign_in, question):
    for who, rows in (("principal", 1), ("sibling", 0), ("outsider", 0), ("delegate_with_service", 1)):
        assert len(pages.grid(sign_in(getattr(world, who)).get(LIST)).rows) == rows


def test_many_questions_cost_as_many_queries_as_few(world, rita, django_assert_max_num_queries):
    for _ in range(25):
        EQuestionFactory(asked_by=world.producer, of_member=True)
    with django_assert_max_num_queries(12):
        rita.get(LIST)


# Deleting


@pytest.mark.feature("EQ_07")
def test_delete_selected_rows_asks_first_and_deletes_on_ok(world, rita, question):
    asked = rita.post(f"{LIST}delete/", {"row": [str(question)]})
    assert "Are you sure you want to delete the selected row/s?" in text(asked)
    assert str(question) in text(asked)
    assert len(pages.grid(rita.get(LIST)).rows) == 1
    done = rita.post(f"{LIST}delete/", {"row": [str(question)], "confirmed": "1"}, follow=True)
    assert "1 E-Question was deleted from your list." in text(done)
    assert pages.grid(done).rows == []
    assert EQuestion.objects.count() == 1


@pytest.mark.feature("EQ_07")
def test_what_was_deleted_can_be_put_back(world, rita, question):
    rita.post(f"{LIST}delete/", {"row": [str(question)], "confirmed": "1"})
    assert pages.grid(rita.get(f"{LIST}deleted/")).column("Tracking #") == [str(question)]
    thread = rita.get(f"{LIST}{question}/")
    assert "You deleted this E-Question from your list." in text(thread)
    assert "Put the selected row/s back" in text(rita.post(f"{LIST}restore/", {"row": [str(question)]}))
    back = rita.post(f"{LIST}restore/", {"row": [str(question)], "confirmed": "1"}, follow=True)
    assert pages.grid(back).column("Tracking #") == [str(question)]


@pytest.mark.parametrize("ticked", [[], ["EQU1"], ["x"], ["EQU" + "9" * 40], ["\x00"]])
def test_nothing_ticked_or_nothing_of_ones_own_deletes_nothing(rita, question, ticked):
    response = rita.post(f"{LIST}delete/", {"row": ticked, "confirmed": "1"}, follow=True)
    assert pages.messages(response) == ["Tick the box beside at least one row first."]


def test_nobody_deletes_what_is_out_of_scope(world, sign_in, question):
    sign_in(world.outsider).post(f"{LIST}delete/", {"row": [str(question)], "confirmed": "1"})
    assert not question.hidden_for.exists()


# A thread


@pytest.mark.feature("EQ_06")
def test_a_thread_tells_who_wrote_what_and_when(world, rita, question):
    response = rita.get(f"{LIST}{question}/")
    page = pages.read(response)
    facts = pages.facts(page.one("main"))
    assert facts["Tracking #"] == str(question)
    assert facts["Responded"] == moment_as_text(question.responded_at)
    assert facts["Client Name"] == "John Q Public"
    lines = [line.text for line in page.one("ol", class_="thread").all("li", class_="thread-message")]
    assert lines == [
        f"Rita Solberg {moment_as_text(question.submitted_at)} When is the new schedule sent out?",
        f"Producer Services {moment_as_text(question.responded_at)} It was mailed on Monday.",
    ]
    assert AuditEvent.objects.get(action="question.opened").object_id == str(question)


def test_a_delegates_message_names_both(world, rita):
    question = EQuestionFactory(asked_by=world.delegate_with_service, producer=world.producer.producer)
    name = world.delegate_with_service.get_full_name()
    assert f"{name} for {world.producer.producer.name}" in text(rita.get(f"{LIST}{question}/"))


def test_answers_carry_a_name_only_where_the_setting_says_so(world, rita, question, settings):
    world.admin.first_name, world.admin.last_name = "Avery", "Stone"
    world.admin.save()
    assert "Avery" not in rita.get(f"{LIST}{question}/").content.decode()
    settings.QUESTION_ANSWERS_SIGNED = True
    assert "Avery Stone, Producer Services" in text(rita.get(f"{LIST}{question}/"))


def test_what_is_written_is_shown_as_text(world, rita):
    question = EQuestionFactory(asked_by=world.producer, text="<b>bold</b>\nsecond line")
    body = rita.get(f"{LIST}{question}/").content.decode()
    assert "&lt;b&gt;bold&lt;/b&gt;\nsecond line" in body


def test_the_client_is_linked_for_those_who_may_see_the_household(world, rita, sign_in):
    question = EQuestionFactory(
        asked_by=world.producer, of_member=True, client_id=world.account_number, account=world.policy.account
    )
    assert f'href="/clients/{world.account_number}/"' in rita.get(f"{LIST}{question}/").content.decode()
    service_only = UserFactory(delegate=True)
    DelegateGrantFactory(producer=world.producer.producer, delegate=service_only, scopes=["SERVICE"])
    page = sign_in(service_only).get(f"{LIST}{question}/")
    assert page.status_code == 200
    assert "/clients/" not in page.content.decode()


@pytest.mark.feature("EQ_06")
def test_a_follow_up_reopens_the_question(world, rita, question):
    response = rita.post(f"{LIST}{question}/", {"question": "And for dental?", "form_key": KEY}, follow=True)
    assert pages.messages(response) == [f"Your follow-up to {question} has been submitted."]
    assert "And for dental?" in text(response)
    assert "In Progress" in text(response)


def test_a_follow_up_that_is_wrong_is_kept_and_said(rita, question):
    response = rita.post(f"{LIST}{question}/", {"question": "y" * 1001, "form_key": KEY})
    assert "it is 1 character too long" in text(response)
    assert value(response, "question").strip() == "y" * 1001
    assert question.messages.count() == 2


@pytest.mark.parametrize("who", ["sibling", "outsider"])
def test_foreign_threads_do_not_exist(world, sign_in, question, who):
    client = sign_in(getattr(world, who))
    for page in (f"{LIST}{question}/", f"{LIST}{question}/submitted/", f"{LIST}{question}/files/1/"):
        assert client.get(page).status_code == 404
    assert client.post(f"{LIST}{question}/", {"question": "Mine?", "form_key": KEY}).status_code == 404
    assert question.messages.count() == 2


@pytest.mark.parametrize(
    "number", ["EQU1", "EQU0", "EQU999999999999999", "EQU9999999999999999", "equ1", "EQU", "30001"]
)
def test_numbers_that_name_no_question_do_not_exist(rita, number):
    assert rita.get(f"{LIST}{number}/").status_code == 404


# Files of a thread


def attach(question: EQuestion, *, from_carrier: bool, name: str) -> EQuestionAttachment:
    message = question.messages.filter(from_carrier=from_carrier).get()
    file = store.keep(checked_png(name), by=message.author, at=NOW)
    return EQuestionAttachment.objects.create(message=message, file=file)


def test_what_the_carrier_sent_can_be_downloaded_what_was_sent_to_it_is_listed_only(world, rita, question):
    theirs = attach(question, from_carrier=True, name="schedule.png")
    mine = attach(question, from_carrier=False, name="letter.png")
    StoredFile.objects.update(scan=StoredFile.Scan.CLEAN, scanned_at=NOW)
    page = rita.get(f"{LIST}{question}/")
    assert "letter.png" in text(page)
    assert f'href="{LIST}{question}/files/{mine.pk}/"' not in page.content.decode()
    assert f'href="{LIST}{question}/files/{theirs.pk}/"' in page.content.decode()
    assert rita.get(f"{LIST}{question}/files/{mine.pk}/").status_code == 404
    response = rita.get(f"{LIST}{question}/files/{theirs.pk}/")
    assert b"".join(response.streaming_content).startswith(b"\x89PNG")
    assert response["Content-Disposition"] == 'attachment; filename="schedule.png"'
    assert AuditEvent.objects.get(action="question.file_opened").details == {"file": theirs.file_id}


def test_a_file_of_another_thread_does_not_exist_here(world, rita, question):
    theirs = attach(question, from_carrier=True, name="schedule.png")
    other = EQuestionFactory(asked_by=world.producer)
    assert rita.get(f"{LIST}{other}/files/{theirs.pk}/").status_code == 404


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ({"scan": "PENDING", "scanned_at": None}, "being checked for malware"),
        ({"scan": "INFECTED", "scanned_at": NOW}, "malware found, kept apart"),
    ],
)
def test_a_file_that_was_not_found_clean_cannot_be_had(rita, question, state, said):
    theirs = attach(question, from_carrier=True, name="schedule.png")
    StoredFile.objects.update(**state)
    assert said in text(rita.get(f"{LIST}{question}/"))
    response = rita.get(f"{LIST}{question}/files/{theirs.pk}/", follow=True)
    assert response.redirect_chain == [(f"{LIST}{question}/", 302)]
    assert len(pages.messages(response)) == 1
    assert not AuditEvent.objects.filter(action="question.file_opened").exists()


# Drafts


def test_what_was_typed_when_the_session_ended_is_there_after_the_next_login(world, sign_in, rita):
    sent = rita.post(f"{LIST}draft/", {**MEMBER, "question": "Half a sen"})
    assert sent.status_code == 204
    back = sign_in(world.producer).get(ASK)
    assert "This was not submitted when your session was about to end." in text(back)
    assert value(back, "question").strip() == "Half a sen"
    assert value(back, "client_last_name") == "Public"
    sign_in(world.producer).post(ASK, MEMBER)
    assert "This was not submitted" not in text(rita.get(ASK))


def test_an_untouched_form_leaves_no_draft(rita):
    rita.post(f"{LIST}draft/", {"kind": "GENERAL", "subject": " ", "question": ""})
    assert not EQuestionDraft.objects.exists()


def test_keeping_a_draft_does_not_keep_the_session_open(rita):
    from ecomm.views.questions import question_draft

    assert question_draft.is_polled


def test_a_draft_waits_while_one_asks_about_another_client(world, rita):
    rita.post(f"{LIST}draft/", {**MEMBER, "question": "Half a sen"})
    about = f"{ASK}?account={world.account_number}"
    page = rita.get(about)
    assert value(page, "client_id") == world.account_number
    assert value(page, "question").strip() == ""
    assert "Another E-Question was not submitted" in text(page)
    rita.post(about, {**MEMBER, "client_id": world.account_number})
    assert value(rita.get(ASK), "question").strip() == "Half a sen"


def test_a_draft_about_the_same_client_is_gone_on_with(world, rita):
    rita.post(f"{LIST}draft/", {**MEMBER, "client_id": world.account_number, "question": "Half a sen"})
    page = rita.get(ASK, {"account": world.account_number})
    assert value(page, "question").strip() == "Half a sen"
    rita.post(f"{ASK}?account={world.account_number}", {**MEMBER, "client_id": world.account_number})
    assert not EQuestionDraft.objects.exists()


def test_a_draft_can_be_discarded(world, rita, dana):
    rita.post(f"{LIST}draft/", MEMBER)
    dana.post(f"{LIST}draft/", MEMBER)
    discard = pages.read(rita.get(ASK)).one("form", action=f"{LIST}draft/discard/")
    response = rita.post(discard.attrs["action"], follow=True)
    assert response.redirect_chain == [(ASK, 302)]
    assert pages.messages(response) == ["What you had typed has been discarded."]
    assert value(response, "subject") == ""
    assert [draft.user for draft in EQuestionDraft.objects.all()] == [world.delegate_with_service]


def test_a_draft_is_seen_by_nobody_else(world, sign_in, rita):
    rita.post(f"{LIST}draft/", MEMBER)
    assert "Public" not in sign_in(world.principal).get(ASK).content.decode()


# The frame


def test_the_navigation_leads_there_in_the_guides_words(world, rita, sign_in):
    body = rita.get(LIST).content.decode()
    assert f'href="{ASK}"' in body
    assert "New E-Question" in body
    assert "View My E-Questions" in body
    assert f'href="{ASK}"' not in sign_in(world.delegate).get("/").content.decode()


def test_questions_are_told_to_the_producer_in_plain_words(world, rita, dana):
    dana.post(ASK, GENERAL)
    dana.get(f"{LIST}{EQuestion.objects.get()}/")
    grant = DelegateGrant.objects.get(delegate=world.delegate_with_service)
    page = text(rita.get(f"/accounts/delegates/{grant.pk}/activity/"))
    assert "Submitted an e-question" in page
    assert "Opened an e-question" in page
    assert questions.RECEIVED not in page
