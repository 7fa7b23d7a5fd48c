"""Searching resources, news and training at once."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal.common.content.models import NewsItem, Resource
from portal.common.content.models.search import query_text
from portal.common.content.selectors.extracts import START, STOP, highlighted
from portal.common.models import AuditEvent
from tests.support import pages
from tests.support.factories import NewsItemFactory, ResourceFactory, TrainingCourseFactory

pytestmark = pytest.mark.feature("ISS_08")


@pytest.fixture
def rita(world, sign_in) -> Client:
    return sign_in(world.producer)


def search(client: Client, q: str, **choices: str):
    return client.post("/resources/", {"q": q, **choices}, follow=True)


def found(response) -> list[str]:
    return [title.all("span")[0].text for title in pages.read(response).all("h3", class_="library-title")]


def test_one_box_finds_resources_news_and_courses_each_under_its_heading(rita):
    ResourceFactory(title="Renewal guide")
    NewsItemFactory(
        title="Letters", body="## News\n\nAbout **renewals** in [October](https://a.example).", slug="letters"
    )
    TrainingCourseFactory(title="Course", body="How to renew a client.", code="renewing")
    page = pages.read(search(rita, "renewals"))
    assert [heading.text for heading in page.one("main").all("h2")][1:] == ["Resources", "News", "Training"]
    marks = [mark.text for mark in page.all("mark")]
    assert marks == ["Renewal", "renewals", "renew"]
    assert page.one("section", aria_labelledby="found-news").one("a").attrs["href"] == "/news/letters/"
    assert page.one("section", aria_labelledby="found-courses").one("a").attrs["href"] == "/training/renewing/"


@pytest.mark.parametrize(
    ("typed", "hit"),
    [
        ("medical", True),
        ("Medica", True),
        ("MEDIC", True),
        ("change address", True),
        ("addresses", True),
        ("address zebra", False),
        ("PS-1010", True),
        ("ps 1010", True),
        ("1010", True),
        ("Form", True),
        ("ACA Medical", True),
        ("dental", False),
        ("o'brien & | ! ( :* \\", False),
        ("'); DROP TABLE x; --", False),
        ("!!!", False),
        ("é" * 100, False),
    ],
)
@pytest.mark.sampled(6)
def test_what_finds_a_form(rita, typed, hit):
    ResourceFactory(
        with_file=True, title="Change of Address", form_number="PS-1010", product=Resource.Product.ACA_MEDICAL
    )
    assert found(search(rita, typed)) == (["Change of Address"] if hit else [])


def test_the_title_counts_more_than_the_description(rita):
    ResourceFactory(title="Other", description="Something about referrals.")
    ResourceFactory(title="Referrals")
    assert found(search(rita, "referrals")) == ["Referrals", "Other"]


def test_drafts_withdrawn_items_and_closed_courses_are_not_found(rita):
    NewsItemFactory(title="Zebra one", draft=True)
    NewsItemFactory(title="Zebra two", withdrawn=True)
    TrainingCourseFactory(title="Zebra three", active=False)
    assert "Nothing was found." in pages.read(search(rita, "zebra")).text


def test_what_is_found_is_about_the_states_chosen(rita):
    NewsItemFactory(title="Zebra here", states=["IL"])
    NewsItemFactory(title="Zebra there", states=["OK"])
    TrainingCourseFactory(title="Zebra course", states=["OK"])
    own = pages.read(search(rita, "zebra")).text
    assert "Zebra here" in own
    assert "Zebra there" not in own
    assert "Zebra course" not in own
    every = pages.read(search(rita, "zebra", state="ALL")).text
    assert "Zebra there" in every
    assert "Zebra course" in every


def test_choices_only_resources_have_leave_news_and_courses_out(rita):
    NewsItemFactory(title="Zebra news")
    ResourceFactory(title="Zebra link")
    text = pages.read(search(rita, "zebra", kind="LINK")).text
    assert "Zebra link" in text
    assert "Zebra news" not in text


def test_more_than_ten_are_said_to_be_more(rita):
    for number in range(11):
        NewsItemFactory(title=f"Zebra {number}")
    page = pages.read(search(rita, "zebra"))
    assert len(page.one("section", aria_labelledby="found-news").all("li")) == 10
    assert "Only the first ten are shown." in page.text


def test_what_was_typed_is_in_no_address_and_no_audit_row(rita):
    response = rita.post("/resources/", {"q": "Margaret Ellison", "state": "TX"})
    assert re.fullmatch(r"/resources/\?state=TX&r=[\w-]+", response.url)
    assert "Ellison" not in str(list(rita.session.items()))
    assert not AuditEvent.objects.filter(details__icontains="ellison").exists()


def test_a_kept_search_is_nobody_elses(rita, world, sign_in):
    url = rita.post("/resources/", {"q": "anything"}).url
    response = sign_in(world.outsider).get(url, follow=True)
    assert pages.messages(response) == ["That search is no longer open. Please search again."]


@pytest.mark.parametrize("page", ["/news/", "/training/"])
def test_the_box_stands_on_every_page_and_leads_to_the_results(rita, page):
    form = pages.read(rita.get(page)).one("form", role="search", action="/resources/")
    assert (form.attrs["method"], form.attrs["action"]) == ("post", "/resources/")
    assert [box.attrs["name"] for box in form.all("input") if box.attrs["type"] == "text"] == ["q"]


def test_extracts_are_escaped_before_words_are_marked(rita):
    ResourceFactory(
        title="<script>alert('zebra')</script>", description=f"a {START}b{STOP} & <i>zebra</i> {STOP}{START}"
    )
    NewsItemFactory(title="Zebra & co", summary="<b>", body=f"<img src=x onerror=alert(1)> zebra {START}")
    html = search(rita, "zebra").content.decode()
    assert "<script>alert" not in html
    assert "<i>" not in html
    assert "<img src=x" not in html
    assert START not in html
    assert STOP not in html
    assert "&lt;i&gt;<mark>zebra</mark>&lt;/i&gt;" in html


def test_a_long_text_is_cut_to_where_the_words_stand():
    text = f"Beginning. {'Filler words here. ' * 60}The zebra stands here. {'More filler. ' * 60}End."
    (extract,) = highlighted([text], text="zebra")
    assert "<mark>zebra</mark>" in extract
    assert len(extract) < 500
    assert extract.startswith("… ")
    assert extract.endswith(" …")
    assert "Beginning" not in extract


def test_texts_come_back_in_their_order_and_whole_when_short():
    assert highlighted(["b zebra", "a", ""], text="zebra") == ["b <mark>zebra</mark>", "a", ""]
    assert highlighted(["<b>"], text="") == ["&lt;b&gt;"]
    assert highlighted([], text="zebra") == []


def test_searching_asks_the_same_whatever_is_found(rita):
    counts = []
    for number in range(3):
        for _ in range(number * 4 + 1):
            ResourceFactory(with_file=True, description="zebra")
            NewsItemFactory(title="zebra")
            TrainingCourseFactory(title="zebra")
        url = rita.post("/resources/", {"q": "zebra"}).url
        with CaptureQueriesContext(connection) as queries:
            rita.get(url)
        counts.append(len(queries))
    assert counts[1] == counts[2] <= 14


def test_the_search_is_answered_by_its_index():
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    assert "news_words" in NewsItem.objects.about("zebra").order_by().explain()


@pytest.mark.no_db
@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("", ""),
        ("  ,;  ", ""),
        ("one", "'one':*"),
        ("PS-1040 a_b", "'PS':* & '1040':* & 'a':* & 'b':*"),
        ("it's", "'it':* & 's':*"),
        ("a b c d e f g h i j", " & ".join(f"'{letter}':*" for letter in "abcdefgh")),
        ("x" * 90, f"'{'x' * 40}':*"),
    ],
)
def test_what_is_typed_becomes_words_and_nothing_else(typed, asked):
    assert query_text(typed) == asked
