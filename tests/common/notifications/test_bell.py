"""The bell in the header: the unread count on every page, and refreshed while the page is open (HOM_06)."""

from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import resolve
from django.utils import timezone

from accounts.models import UserSession
from portal.common.notifications.models import Notification, NotificationPreference
from tests.support.factories import UserFactory

BELL = "/messages/notifications/bell/"


@pytest.fixture
def rita():
    return UserFactory()


@pytest.fixture
def browser(rita, sign_in) -> Client:
    return sign_in(rita)


def asks_about_notifications(queries: CaptureQueriesContext) -> list[str]:
    return [query["sql"] for query in queries.captured_queries if "notifications_" in query["sql"]]


@pytest.mark.feature("HOM_06")
def test_the_header_shows_how_many_are_unread(rita, browser, tell):
    tell(rita), tell(rita)
    html = browser.get("/").content.decode()
    assert 'data-unread="2"' in html
    assert '<span class="bell-badge" aria-hidden="true">2</span>' in html
    assert "Notifications, 2 unread" in html


@pytest.mark.feature("HOM_06")
def test_zero_hides_the_badge(rita, browser, tell):
    Notification.objects.filter(pk=tell(rita).pk).update(read_at=timezone.now())
    html = browser.get("/").content.decode()
    assert 'data-unread="0"' in html
    assert "bell-badge" not in html
    assert "Notifications, none unread" in html


@pytest.mark.parametrize(("unread", "shown"), [(99, "99"), (100, "99+"), (103, "99+")])
def test_from_a_hundred_on_it_says_99_plus(rita, browser, unread, shown):
    Notification.objects.bulk_create(
        Notification(recipient=rita, kind="test.portal", title="News", dedupe_key=f"news {n}") for n in range(unread)
    )
    assert f'<span class="bell-badge" aria-hidden="true">{shown}</span>' in browser.get("/").content.decode()


def test_others_notifications_and_those_by_email_alone_do_not_count(rita, browser, tell):
    tell(UserFactory())
    Email = NotificationPreference.Email
    NotificationPreference.objects.create(user=rita, kind="test.at_once", in_app=False, email=Email.AT_ONCE)
    tell(rita, kind="test.at_once")
    assert 'data-unread="0"' in browser.get("/").content.decode()


@pytest.mark.parametrize("who", ["producer", "principal", "delegate", "former_delegate", "admin"])
def test_everybody_who_is_signed_in_has_a_bell(world, sign_in, who):
    assert 'id="bell"' in sign_in(getattr(world, who)).get("/").content.decode()


def test_nobody_else_has_one(client, world):
    html = client.get("/accounts/login/").content.decode()
    assert 'id="bell"' not in html
    assert "data-poll-url" not in html


def test_a_page_pays_one_query(rita, browser, tell):
    for _ in range(3):
        tell(rita)
    with CaptureQueriesContext(connection) as queries:
        browser.get("/")
    assert len(asks_about_notifications(queries)) == 1


def test_neither_fragments_nor_signed_out_pages_nor_the_administration_pay(world, client, sign_in):
    admin = sign_in(world.admin)
    for who, url, headers in (
        (sign_in(world.producer), "/", {"HX-Request": "true"}),
        (client, "/accounts/login/", {}),
        (admin, "/admin/", {}),
    ):
        with CaptureQueriesContext(connection) as queries:
            assert who.get(url, headers=headers).status_code == 200
        assert asks_about_notifications(queries) == [], url


def test_the_count_comes_from_the_index_of_unread_ones(rita):
    others = UserFactory()
    Notification.objects.bulk_create(
        Notification(
            recipient=rita if n % 50 == 0 else others,
            kind="test.portal",
            title="News",
            dedupe_key=f"news {n}",
            read_at=timezone.now() if n % 3 else None,
        )
        for n in range(3000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE notifications_notification")
    unread = Notification.objects.for_user(rita).unread().order_by()[:100]
    assert "notices_unread" in unread.explain()


# The page that is open asks again


@pytest.mark.feature("HOM_06")
def test_an_unchanged_count_is_answered_with_nothing(rita, browser, tell):
    tell(rita)
    response = browser.get(BELL, {"shown": "1"})
    assert (response.status_code, response.content) == (204, b"")


@pytest.mark.feature("HOM_06")
@pytest.mark.parametrize("shown", ["0", "2", "", "x"])
def test_a_changed_count_brings_the_bell_alone(rita, browser, tell, shown):
    tell(rita)
    response = browser.get(BELL, {"shown": shown})
    html = response.content.decode()
    assert response.status_code == 200
    assert 'data-unread="1"' in html
    assert "<html" not in html


def test_asking_costs_one_query_of_its_own(rita, browser, tell):
    tell(rita)
    browser.get(BELL)
    with CaptureQueriesContext(connection) as queries:
        browser.get(BELL, {"shown": "0"})
    assert len(asks_about_notifications(queries)) == 1
    # The session, who it belongs to and whether it is still open are asked by every request.
    assert len(queries) <= 5


def test_asking_does_not_keep_a_session_open(rita, browser):
    browser.get("/")
    session = UserSession.objects.get(user=rita)
    before = timezone.now() - timedelta(minutes=5)
    UserSession.objects.filter(pk=session.pk).update(last_seen_at=before)
    browser.get(BELL)
    session.refresh_from_db()
    assert session.last_seen_at == before
    assert resolve(BELL).func.is_polled is True


def test_after_the_session_has_ended_the_header_gets_no_login_page(client):
    response = client.get(BELL, {"shown": "0"})
    # A redirect, which the script does not follow: it takes the whole window to the login page instead.
    assert (response.status_code, response.content) == (302, b"")
    assert 'redirect: "manual"' in (django_settings.BASE_DIR / "static/portal/notifications.js").read_text()


def test_a_poll_only_reads(browser):
    assert browser.post(BELL).status_code == 405
