"""News: who reads what when, and how the carrier publishes it."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.common.content.forms.admin import free_slug
from portal.common.content.models import NewsItem
from portal.common.content.services import news
from portal.common.models import AuditEvent
from tests.support import pages
from tests.support.factories import NewsItemFactory

pytestmark = pytest.mark.feature("ISS_08")


@pytest.fixture
def rita(world, sign_in) -> Client:
    return sign_in(world.producer)


def titles(response) -> list[str]:
    return [title.one("a").text for title in pages.read(response).one("main").all("p", class_="library-title")]


def test_pinned_items_come_first_then_the_newest(rita):
    now = timezone.now()
    for title, hours, pinned in (("Old", 50, False), ("New", 2, False), ("Pinned", 90, True), ("Middle", 9, False)):
        NewsItemFactory(title=title, published_at=now - timedelta(hours=hours), pinned=pinned)
    assert titles(rita.get("/news/")) == ["Pinned", "New", "Middle", "Old"]


def test_drafts_coming_and_withdrawn_items_are_nowhere(rita):
    soon = timezone.now() + timedelta(minutes=5)
    items = [
        NewsItemFactory(draft=True),
        NewsItemFactory(published_at=soon),
        NewsItemFactory(withdrawn=True),
    ]
    shown = NewsItemFactory(withdrawn_at=soon)
    assert titles(rita.get("/news/")) == [shown.title]
    assert titles(rita.get("/")) == [shown.title]
    assert [rita.get(f"/news/{item.slug}/").status_code for item in items] == [404, 404, 404]
    assert rita.get(f"/news/{shown.slug}/").status_code == 200


def test_an_item_is_read_from_its_moment_on_and_no_longer_from_its_withdrawal_on():
    now = timezone.now()
    NewsItemFactory(published_at=now, withdrawn_at=now + timedelta(hours=1))
    readable = [
        NewsItem.objects.published(now + timedelta(seconds=seconds)).exists() for seconds in (-1, 0, 3599, 3600)
    ]
    assert readable == [False, True, True, False]


def test_news_is_of_the_persons_states_and_all_news_is_one_step_away(rita):
    NewsItemFactory(title="Here", states=["IL", "OK"])
    there = NewsItemFactory(title="There", states=["OK"])
    NewsItemFactory(title="Everywhere")
    response = rita.get("/news/")
    assert titles(response) == ["Everywhere", "Here"]
    every = next(a for a in pages.read(response).all("a") if a.text == "Show all states").attrs["href"]
    assert titles(rita.get(every)) == ["Everywhere", "There", "Here"]
    assert rita.get(f"/news/{there.slug}/").status_code == 200


def test_an_item_is_a_page_with_one_heading_and_a_safe_text(rita):
    item = NewsItemFactory(
        title="Dates <now>", body="# First\n\n<script>alert(1)</script> [there](https://a.example/)", states=["IL"]
    )
    response = rita.get(f"/news/{item.slug}/")
    page = pages.read(response)
    assert page.one("h1").text == "Dates <now>"
    assert page.one("article").one("h2").text == "First"
    assert "<script>alert" not in response.content.decode()
    link = next(a for a in page.one("article").all("a"))
    assert link.attrs["rel"] == "noopener noreferrer"
    assert "Illinois" in page.one("main").text


def test_home_shows_the_three_latest_of_the_persons_states(rita):
    now = timezone.now()
    for number in range(5):
        NewsItemFactory(title=f"Item {number}", published_at=now - timedelta(hours=number + 1))
    NewsItemFactory(title="Elsewhere", states=["OK"])
    assert titles(rita.get("/")) == ["Item 0", "Item 1", "Item 2"]
    with CaptureQueriesContext(connection) as queries:
        rita.get("/")
    assert len([q for q in queries if "content_newsitem" in q["sql"]]) == 1


def test_without_news_the_pages_say_so(rita):
    assert "There is no news." in pages.read(rita.get("/news/")).text
    assert "There is no news for your states." in pages.read(rita.get("/")).text


def test_a_long_list_has_pages(rita):
    for number in range(21):
        NewsItemFactory(title=f"Item {number}", published_at=timezone.now() - timedelta(days=number + 1))
    assert len(titles(rita.get("/news/"))) == 20
    assert titles(rita.get("/news/?page=2")) == ["Item 20"]


# Publishing


def test_publishing_and_withdrawing_are_written_down(world):
    item, now = NewsItemFactory(draft=True), timezone.now()
    news.publish(item, by=world.admin, at=now)
    with pytest.raises(news.NotNow, match="published already"):
        news.publish(item, by=world.admin, at=now)
    news.withdraw(item, by=world.admin, at=now + timedelta(seconds=1))
    with pytest.raises(news.NotNow, match="not published"):
        news.withdraw(item, by=world.admin, at=now + timedelta(seconds=2))
    item.refresh_from_db()
    assert (item.published_at, item.withdrawn_at) == (now, now + timedelta(seconds=1))
    news.publish(item, by=world.admin, at=now + timedelta(seconds=3))
    item.refresh_from_db()
    assert (item.published_at, item.withdrawn_at) == (now + timedelta(seconds=3), None)
    assert list(AuditEvent.objects.filter(object_type="newsitem").order_by("id").values_list("action", flat=True)) == [
        "news.published",
        "news.withdrawn",
        "news.published",
    ]


@pytest.mark.parametrize("act", [news.publish, news.withdraw])
def test_without_its_audit_row_nothing_changes(world, monkeypatch, act):
    def refuse(*_args, **_kwargs):
        raise RuntimeError

    item = NewsItemFactory(draft=True) if act is news.publish else NewsItemFactory()
    before = (item.published_at, item.withdrawn_at)
    monkeypatch.setattr(news.audit, "record", refuse)
    with pytest.raises(RuntimeError):
        act(item, by=world.admin, at=timezone.now())
    item.refresh_from_db()
    assert (item.published_at, item.withdrawn_at) == before


def test_addresses_come_from_titles_and_never_clash():
    assert free_slug("Open Enrollment: what's new?") == "open-enrollment-whats-new"
    for slug in ("dates", "dates-2", "dates-of-grace"):
        NewsItemFactory(slug=slug)
    assert free_slug("Dates") == "dates-3"
    assert free_slug("日本") == "news"
    assert len(free_slug("word " * 60)) <= 80
