"""Sessions: a new key at sign-in, dead at logout, fifteen minutes idle, twelve hours whole, ended from the list (D7)."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from accounts.models import UserSession
from accounts.services import open_sessions, passwords
from accounts.tasks import forget_what_ended
from portal.common.models import AuditEvent
from tests.support.factories import PASSWORD, UserFactory

NOON = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
IDLE = "because nothing happened for 15 minutes"


@pytest.fixture
def rita():
    return UserFactory(username="rsolberg7")


@pytest.fixture
def clock():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def browser(clock, rita, sign_in) -> Client:
    return sign_in(rita)


def is_in(client: Client) -> bool:
    return client.get("/").status_code == 200


def test_signing_in_adds_the_browser_and_logging_out_takes_it_away(browser, rita):
    assert UserSession.objects.get().user == rita
    old = browser.cookies["sessionid"].value
    browser.post("/accounts/logout/")
    assert not UserSession.objects.exists()
    replay = Client()
    replay.cookies["sessionid"] = old
    assert replay.get("/").status_code == 302


def test_giving_the_password_again_makes_a_new_key_for_the_same_session(browser, clock):
    old, row = browser.cookies["sessionid"].value, UserSession.objects.get()
    clock.move_to(NOON + 5 * MINUTE)
    browser.post("/accounts/my-information/confirm/", {"password": "wrong"})
    assert browser.cookies["sessionid"].value == old
    browser.post("/accounts/my-information/confirm/", {"password": PASSWORD})
    assert browser.cookies["sessionid"].value != old
    kept = UserSession.objects.get()
    assert (kept.pk, kept.signed_in_at) == (row.pk, row.signed_in_at), "and the twelve hours go on"
    assert is_in(browser)
    replay = Client()
    replay.cookies["sessionid"] = old
    assert not is_in(replay)
    assert not Session.objects.filter(session_key=old).exists()


def test_fourteen_minutes_fifty_nine_are_not_idle_and_fifteen_are(browser, clock):
    clock.move_to(NOON + 15 * MINUTE - SECOND)
    assert is_in(browser)
    clock.move_to(NOON + 30 * MINUTE - SECOND)
    response = browser.get("/clients/?r=abc")
    assert (response.status_code, response.url) == (302, "/accounts/login/?next=%2Fclients%2F%3Fr%3Dabc")
    assert IDLE in browser.get(response.url).text
    assert not UserSession.objects.exists()
    assert AuditEvent.objects.filter(action="sign_in.timed_out").count() == 1


def test_twelve_hours_after_signing_in_it_is_over_whatever_happens(browser, clock):
    for minutes in range(14, 12 * 60, 14):
        clock.move_to(NOON + minutes * MINUTE)
        assert is_in(browser)
    clock.move_to(NOON + 12 * 60 * MINUTE - SECOND)
    assert is_in(browser)
    clock.move_to(NOON + 12 * 60 * MINUTE)
    assert browser.get("/").status_code == 302
    assert not Session.objects.filter(expire_date__gt=timezone.now()).exists() or not UserSession.objects.exists()


@pytest.mark.parametrize("url", ["/accounts/session/", "/accounts/verify/delivery/", "/demo/mailbox/"])
def test_what_pages_ask_by_themselves_does_not_keep_a_session_open(browser, clock, url):
    for minutes in range(1, 15):
        clock.move_to(NOON + minutes * MINUTE)
        browser.get(url)
    clock.move_to(NOON + 15 * MINUTE)
    assert not is_in(browser)


def test_being_seen_is_written_at_most_once_a_minute(browser, clock):
    clock.move_to(NOON + 59 * SECOND)
    browser.get("/")
    assert UserSession.objects.get().last_seen_at == NOON
    clock.move_to(NOON + MINUTE)
    browser.get("/")
    assert UserSession.objects.get().last_seen_at == NOON + MINUTE


def test_staying_starts_the_idle_time_anew(browser, clock):
    clock.move_to(NOON + 14 * MINUTE)
    assert browser.get("/accounts/session/").json() == {"seconds_left": 60, "can_be_extended": True}
    assert browser.post("/accounts/session/keep-alive/").json()["seconds_left"] == 900
    clock.move_to(NOON + 29 * MINUTE - SECOND)
    assert is_in(browser)


def test_near_the_twelve_hours_staying_is_not_offered(browser, clock):
    UserSession.objects.update(signed_in_at=NOON - 11 * timedelta(hours=1) - 58 * MINUTE)
    assert browser.post("/accounts/session/keep-alive/").json() == {"seconds_left": 120, "can_be_extended": False}


def test_the_page_carries_what_the_warning_needs(browser, clock):
    clock.move_to(NOON + 30 * SECOND)
    page = browser.get("/").text
    assert 'data-seconds-left="870"' in page
    assert 'data-warn-seconds="120"' in page
    assert 'id="session-warning"' not in Client().get("/accounts/login/").text


def test_after_the_end_a_part_of_a_page_leads_to_the_login_page_for_the_whole_page(browser, clock):
    clock.move_to(NOON + 15 * MINUTE)
    part = browser.get(
        "/reports/new/", headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/clients/?r=1"}
    )
    assert part["HX-Redirect"] == "/accounts/login/?next=%2Fclients%2F%3Fr%3D1"


@pytest.mark.parametrize(
    ("referer", "carried"),
    [("http://testserver/clients/", "?next=%2Fclients%2F"), ("https://evil.example/", ""), ("", "")],
)
def test_after_the_end_a_form_leads_back_to_its_page(browser, clock, referer, carried):
    clock.move_to(NOON + 15 * MINUTE)
    response = browser.post("/accounts/devices/revoke-all/", headers={"Referer": referer})
    assert response.url == f"/accounts/login/{carried}"


def test_one_of_the_own_sessions_is_ended_on_the_server(browser, rita, sign_in):
    other = sign_in(rita)
    key = other.session.session_key
    browser.post(f"/accounts/my-information/sessions/{UserSession.objects.get(session_key=key).pk}/end/")
    assert not Session.objects.filter(session_key=key).exists()
    assert not is_in(other)
    assert is_in(browser)


def test_all_others_are_ended(browser, rita, sign_in):
    others = [sign_in(rita) for _ in range(2)]
    stranger = sign_in(UserFactory())
    browser.post("/accounts/my-information/sessions/end-others/")
    assert [is_in(client) for client in (*others, browser, stranger)] == [False, False, True, True]


def test_nobody_ends_somebody_elses_session(browser, sign_in):
    stranger = sign_in(UserFactory())
    theirs = UserSession.objects.get(session_key=stranger.session.session_key)
    gone = browser.post(f"/accounts/my-information/sessions/{theirs.pk}/end/", follow=True)
    absent = browser.post("/accounts/my-information/sessions/999999/end/", follow=True)
    assert "had ended already" in gone.text
    assert "had ended already" in absent.text
    assert is_in(stranger)


def test_a_session_whose_row_is_gone_is_nobodys(browser):
    UserSession.objects.all().delete()
    assert browser.get("/").status_code == 302


def test_a_changed_password_ends_every_session_and_cleans_the_list(browser, rita, sign_in, clock):
    other = sign_in(rita)
    passwords.set_password(user=rita, new_password="Window%Heron82", by=rita, at=NOON)
    assert not UserSession.objects.exists()
    assert not is_in(other)
    assert not is_in(browser)


def test_sessions_whose_time_is_up_are_swept(browser, clock):
    assert open_sessions.purge(at=NOON + 15 * MINUTE - SECOND) == 0
    assert open_sessions.purge(at=NOON + 15 * MINUTE) == 1
    assert not Session.objects.exists()


def test_the_list_leaves_out_sessions_whose_time_is_up(browser, rita, sign_in, clock):
    sign_in(rita)
    assert browser.get("/accounts/my-information/").text.count("End the session of") == 1
    clock.move_to(NOON + 10 * MINUTE)
    browser.get("/")
    clock.move_to(NOON + 15 * MINUTE)
    assert browser.get("/accounts/my-information/").text.count("End the session of") == 0


def test_beat_forgets_sessions_a_day_after_they_ended(browser, clock):
    clock.move_to(NOON + 15 * MINUTE + timedelta(days=1) - SECOND)
    forget_what_ended()
    assert UserSession.objects.exists()
    clock.move_to(NOON + 15 * MINUTE + timedelta(days=1))
    forget_what_ended()
    assert not UserSession.objects.exists()
