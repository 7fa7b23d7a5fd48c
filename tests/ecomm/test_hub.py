"""The Messages page: its boxes, what they hold, and the menus that lead to them."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from ecomm.selectors import hub
from portal.common import account_menu
from portal.common.notifications.models import Notification
from tests.support import pages
from tests.support.documents import sent
from tests.support.factories import EQuestionFactory, IssueReportFactory

URL = "/messages/"
CARRIER_BOXES = ["E-Questions", "Document Submission"]
OWN_BOXES = ["Notifications", "Report an Issue"]


def boxes(response) -> dict[str, pages.Element]:
    panels = pages.read(response).one("main").all("section", class_="panel")
    return {panel.one("h2").text: panel for panel in panels}


def notice(user, title: str, **fields) -> Notification:
    return Notification.objects.create(recipient=user, kind="test.kind", title=title, dedupe_key=title, **fields)


@pytest.mark.feature("EQ_08")
@pytest.mark.parametrize("who", ["producer", "principal", "outsider", "delegate_with_service"])
def test_those_who_may_write_to_the_carrier_have_both_boxes_in_the_guides_words(world, sign_in, who):
    found = boxes(sign_in(getattr(world, who)).get(URL))
    assert list(found) == [*CARRIER_BOXES, *OWN_BOXES]
    questions, documents = (found[title] for title in CARRIER_BOXES)
    assert "You will receive notification once the e-question is received and processed." in questions.text
    assert [(link.text, link.attrs["href"]) for link in questions.one(class_="panel-foot").all("a")] == [
        ("New E-Question", "/messages/questions/new/"),
        ("View My E-Questions", "/messages/questions/"),
    ]
    assert [(link.text, link.attrs["href"]) for link in documents.one(class_="panel-foot").all("a")] == [
        ("Document Submission", "/messages/documents/new/"),
        ("View Submitted Documents", "/messages/documents/"),
    ]


@pytest.mark.feature("EQ_08")
@pytest.mark.parametrize(
    ("who", "why"),
    [
        ("delegate", hub.FOR_DELEGATES),
        ("delegate_with_enroll", hub.FOR_DELEGATES),
        ("former_delegate", hub.FOR_DELEGATES),
        ("admin", hub.FOR_STAFF),
    ],
)
def test_those_who_may_not_are_told_why_in_one_sentence(world, sign_in, who, why):
    response = sign_in(getattr(world, who)).get(URL)
    assert list(boxes(response)) == OWN_BOXES
    assert pages.messages(response) == [why]


@pytest.mark.parametrize("who", ["producer", "delegate", "delegate_with_service", "admin"])
@pytest.mark.sampled(2)
def test_every_link_of_the_page_leads_to_a_page(world, sign_in, who):
    client = sign_in(getattr(world, who))
    page = pages.read(client.get(URL))
    links = {link.attrs["href"] for part in ("main", "header") for link in page.one(part).all("a")}
    answers = {link: client.get(link, follow=True).status_code for link in links if link.startswith("/")}
    assert len(answers) > 8
    assert set(answers.values()) == {200}, answers


def test_each_box_shows_its_latest_three_with_their_state(world, sign_in, settings, tmp_path):
    settings.UPLOADS_ROOT, settings.UPLOADS_SCANNER = tmp_path / "uploads", ""
    rita = world.producer
    for number in range(4):
        EQuestionFactory(asked_by=rita, subject=f"Subject {number}")
    EQuestionFactory(asked_by=rita, subject="Subject 4", answered=True)
    sent(rita, names=("a.png", "b.png", "c.png", "d.png"))
    IssueReportFactory.create_batch(4, reported_by=rita)
    for number in range(4):
        notice(rita, f"Title {number}", read_at=timezone.now() if number < 2 else None)
    found = boxes(sign_in(rita).get(URL))
    lines = {title: [line.text for line in box.all("li")] for title, box in found.items()}
    assert {title: len(shown) for title, shown in lines.items()} == dict.fromkeys([*CARRIER_BOXES, *OWN_BOXES], 3)
    assert "Subject 4" in lines["E-Questions"][0]
    assert "Answered" in lines["E-Questions"][0]
    assert "In Progress" in lines["E-Questions"][1]
    assert "Received" in lines["Document Submission"][0]
    assert lines["Notifications"][0].startswith("Title 3 New ")
    assert lines["Notifications"][2].startswith("Title 1 ")
    assert "New" not in lines["Notifications"][2]
    assert "2 unread" in found["Notifications"].one(class_="panel-head").text
    assert "New" in lines["Report an Issue"][0]


def test_a_question_leads_to_its_thread_and_a_report_to_its_answer(world, sign_in):
    question = EQuestionFactory(asked_by=world.producer)
    report = IssueReportFactory(reported_by=world.producer)
    client = sign_in(world.producer)
    found = boxes(client.get(URL))
    for title, said in (("E-Questions", question.tracking_number), ("Report an Issue", str(report.number))):
        link = found[title].one("li").one("a")
        assert said in link.text
        assert said in pages.read(client.get(link.attrs["href"])).one("main").text


def test_what_belongs_to_somebody_else_or_was_deleted_is_not_shown(world, sign_in):
    EQuestionFactory(asked_by=world.outsider)
    IssueReportFactory(reported_by=world.outsider)
    notice(world.outsider, "Not for her")
    EQuestionFactory(asked_by=world.producer, subject="Taken off").hidden_for.add(world.producer)
    assert [box.all("li") for box in boxes(sign_in(world.producer).get(URL)).values()] == [[], [], [], []]


def test_the_page_asks_as_often_for_many_items_as_for_none(world, sign_in):
    client = sign_in(world.producer)
    client.get(URL)
    with CaptureQueriesContext(connection) as none:
        client.get(URL)
    for _ in range(5):
        EQuestionFactory(asked_by=world.producer)
        IssueReportFactory(reported_by=world.producer)
    with CaptureQueriesContext(connection) as many:
        client.get(URL)
    assert len(many) == len(none) <= 12


# The menus


@pytest.mark.feature("HOM_03")
def test_the_messages_menu_holds_what_the_older_tab_held(world, sign_in):
    page = pages.read(sign_in(world.producer).get(URL))
    menu = page.one("nav", aria_label="Messages")
    assert [link.text for link in menu.all("a")] == [
        "New E-Question",
        "View My E-Questions",
        "Document Submission",
        "View Submitted Documents",
        "Notifications",
        "Report an Issue",
    ]
    assert not menu.all("a", aria_current="page")


@pytest.mark.feature("HOM_03")
def test_the_clients_menu_holds_what_the_older_tab_held(world, sign_in):
    menu = pages.read(sign_in(world.producer).get("/clients/")).one("nav", aria_label="Clients")
    links = {link.text: link for link in menu.all("a")}
    assert links["Client Search"].attrs["href"] == "/clients/"
    assert links["Client Search"].attrs["aria-current"] == "page"
    assert links["Create Report"].attrs["href"] == "/reports/new/"


@pytest.mark.feature("HOM_03")
@pytest.mark.parametrize(
    ("address", "here", "mark"),
    [
        ("/messages/questions/new/", "New E-Question", "page"),
        ("/messages/questions/", "View My E-Questions", "page"),
        ("/messages/documents/new/", "Document Submission", "page"),
        ("/messages/documents/", "View Submitted Documents", "page"),
        ("/messages/notifications/", "Notifications", "page"),
        ("/messages/notifications/preferences/", "Notifications", "true"),
        ("/messages/report-an-issue/", "Report an Issue", "page"),
        ("/messages/report-an-issue/mine/", "Report an Issue", "true"),
    ],
)
@pytest.mark.sampled(4)
def test_exactly_one_entry_of_the_menu_is_where_one_stands(world, sign_in, address, here, mark):
    menu = pages.read(sign_in(world.producer).get(address)).one("nav", aria_label="Messages")
    marked = {link.text: link.attrs["aria-current"] for link in menu.all("a") if "aria-current" in link.attrs}
    assert marked == {here: mark}


@pytest.mark.feature("HOM_03")
def test_the_menu_is_folded_and_stays_folded(world, sign_in):
    client = sign_in(world.producer)
    fold = pages.read(client.get(URL)).one("details", class_="sub-nav-fold")
    assert "open" in fold.attrs
    assert fold.one("summary").text == "Show less Show more"
    client.cookies["submenu"] = "less"
    assert "open" not in pages.read(client.get(URL)).one("details", class_="sub-nav-fold").attrs


@pytest.mark.feature("HOM_02")
@pytest.mark.parametrize(
    ("address", "current"), [("/", "Home"), ("/messages/", "Messages"), ("/accounts/hierarchy/", "My Hierarchy")]
)
@pytest.mark.sampled(1)
def test_the_navigation_stands_in_the_portals_order_and_marks_where_one_is(world, sign_in, address, current):
    page = pages.read(sign_in(world.producer).get(address))
    bar = page.one(id="site-nav").all("ul")[0]
    tops = [item.all("a")[0] for item in bar.children if isinstance(item, pages.Element)]
    order = ["Home", "Clients", "Reporting", "Messages", "My Hierarchy", "Resources", "News"]
    assert [link.text for link in tops if link.text in order] == order
    assert [link.text for link in tops if "aria-current" in link.attrs] == [current]


@pytest.mark.feature("HOM_01")
def test_home_leads_to_everything_one_has(world, sign_in):
    client = sign_in(world.producer)
    header = pages.read(client.get("/")).one("header")
    links = {link.text: link.attrs["href"] for link in header.all("a") if link.text}
    wanted = ["My Information", "My Delegates", "Home", "My Hierarchy", "Reporting", "Resources", "Messages"]
    assert {name: client.get(links[name]).status_code for name in wanted} == dict.fromkeys(wanted, 200)
    assert header.one("form", action="/accounts/logout/").one("button").text == "Logout"


def test_the_account_menu_offers_to_report_an_issue_before_the_administration_and_logout(world):
    for person in (world.producer, world.admin):
        labels = [item.label for item in account_menu.items_for(person)]
        assert labels.index("Edit Profile") < labels.index("Report an Issue") < labels.index("Logout")
    assert reverse("ecomm:report-issue") == "/messages/report-an-issue/"
