"""The list of notifications and the preferences, as people use them (HOM_06)."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from portal.common.models import AuditEvent
from portal.common.notifications.models import Notification, NotificationPreference
from portal.common.notifications.preferences import choices_of
from tests.common.notifications.conftest import NOW
from tests.support.factories import UserFactory

LIST = "/messages/notifications/"
PREFERENCES = "/messages/notifications/preferences/"
Email = NotificationPreference.Email


@pytest.fixture
def rita():
    return UserFactory()


@pytest.fixture
def browser(rita, sign_in) -> Client:
    return sign_in(rita)


def is_read(row: Notification) -> bool:
    return Notification.objects.get(pk=row.pk).read_at is not None


# The list


@pytest.mark.feature("HOM_06")
def test_the_newest_stands_first_and_unread_ones_say_so(rita, browser, tell):
    old, new = tell(rita, title="The older one"), tell(rita, title="The newer one", text="With a sentence.")
    Notification.objects.filter(pk=old.pk).update(read_at=timezone.now())
    html = browser.get(LIST).content.decode()
    assert html.index("The newer one") < html.index("The older one")
    assert html.count('<span class="pill pill-info">Unread</span>') == 1
    assert "With a sentence." in html
    assert "Changed" in html  # the kind, in words
    assert "You have 1 unread notification." in " ".join(html.split())
    assert html.count(f"/messages/notifications/{new.pk}/read/") == 1
    assert f"/messages/notifications/{old.pk}/read/" not in html


@pytest.mark.feature("HOM_06")
def test_the_list_goes_by_when_it_was_told(rita, browser, tell):
    tell(rita, title="Told today")
    tell(rita, title="Told last week", at=NOW - timedelta(days=7))
    html = browser.get(LIST).content.decode()
    assert html.index("Told today") < html.index("Told last week")


def test_nobody_sees_what_others_were_told(browser, tell):
    tell(UserFactory(), title="For somebody else")
    html = browser.get(LIST).content.decode()
    assert "For somebody else" not in html
    assert "No notifications yet" in html


def test_unread_ones_can_be_shown_alone(rita, browser, tell):
    read, unread = tell(rita, title="The read one"), tell(rita, title="The unread one")
    Notification.objects.filter(pk=read.pk).update(read_at=timezone.now())
    html = browser.get(LIST, {"show": "unread"}).content.decode()
    assert "The unread one" in html
    assert "The read one" not in html
    Notification.objects.filter(pk=unread.pk).update(read_at=timezone.now())
    assert "Nothing unread" in browser.get(LIST, {"show": "unread"}).content.decode()


def test_a_page_has_twenty_five_and_a_page_past_the_end_is_the_last(rita, browser, tell):
    for number in range(30):
        tell(rita, title=f"Notice {number:02}")
    first = browser.get(LIST).content.decode()
    assert "1 - 25 of 30 notifications" in first
    assert "Notice 29" in first
    assert "Notice 04" not in first
    last = browser.get(LIST, {"page": "99"}).content.decode()
    assert "26 - 30 of 30 notifications" in last
    assert "Notice 04" in last
    assert 'href="/messages/notifications/"' in last
    assert "?show=unread&amp;page=2" in browser.get(LIST, {"show": "unread"}).content.decode()


def test_the_number_of_notifications_costs_no_queries(rita, browser, tell, django_assert_max_num_queries):
    for _ in range(25):
        tell(rita)
    browser.get(LIST)
    with django_assert_max_num_queries(8):
        browser.get(LIST)


def test_looking_at_the_list_reads_nothing(rita, browser, tell):
    row = tell(rita)
    browser.get(LIST)
    assert browser.get(f"{LIST}{row.pk}/open/").status_code == 405
    assert browser.get(f"{LIST}{row.pk}/read/").status_code == 405
    assert browser.get(f"{LIST}read-all/").status_code == 405
    assert not is_read(row)


@pytest.mark.feature("HOM_06")
def test_opening_one_marks_it_as_read_and_leads_to_its_page(rita, browser, tell):
    row, other = tell(rita, url="/accounts/delegates/"), tell(rita)
    response = browser.post(f"{LIST}{row.pk}/open/")
    assert (response.status_code, response["Location"]) == (302, "/accounts/delegates/")
    assert (is_read(row), is_read(other)) == (True, False)
    assert AuditEvent.objects.get(action="notification.read").object_id == str(row.pk)


def test_one_without_a_page_leads_back_to_the_list(rita, browser, tell):
    row = tell(rita, url="")
    assert browser.post(f"{LIST}{row.pk}/open/")["Location"] == LIST


def test_what_was_marked_as_read_by_mistake_is_put_back(rita, browser, tell):
    notification = tell(rita)
    address = f"/messages/notifications/{notification.pk}"
    browser.post(f"{address}/read/")
    assert b"Mark as Unread" in browser.get("/messages/notifications/").content
    for said in ("Marked as unread.", ""):  # a second press changes nothing
        page = browser.post(f"{address}/unread/", follow=True)
        assert said.encode() in page.content
        notification.refresh_from_db()
        assert notification.read_at is None
    assert AuditEvent.objects.filter(action="notification.unread").count() == 1


def test_marking_one_as_read_stays_on_the_page_of_the_list(rita, browser, tell):
    row = tell(rita)
    response = browser.post(f"{LIST}{row.pk}/read/", {"show": "unread", "page": "2"})
    assert response["Location"] == f"{LIST}?show=unread&page=2"
    assert is_read(row)


def test_marking_twice_is_once(rita, browser, tell):
    row = tell(rita)
    browser.post(f"{LIST}{row.pk}/read/")
    when = Notification.objects.get(pk=row.pk).read_at
    assert browser.post(f"{LIST}{row.pk}/read/").status_code == 302
    assert Notification.objects.get(pk=row.pk).read_at == when
    assert AuditEvent.objects.filter(action="notification.read").count() == 1


@pytest.mark.feature("HOM_06")
def test_all_that_was_seen_is_marked_and_what_came_meanwhile_is_not(rita, browser, tell):
    seen = [tell(rita), tell(rita)]
    html = browser.get(LIST).content.decode()
    assert f'name="up_to" value="{seen[1].pk}"' in html
    meanwhile, others = tell(rita), tell(UserFactory())
    response = browser.post(f"{LIST}read-all/", {"up_to": str(seen[1].pk), "show": "all"}, follow=True)
    assert "2 notifications marked as read." in response.content.decode()
    assert [is_read(row) for row in (*seen, meanwhile, others)] == [True, True, False, False]


@pytest.mark.parametrize("up_to", ["", "x", "-1", "99999999999999999999"])
def test_a_list_that_was_tampered_with_breaks_nothing(rita, browser, tell, up_to):
    tell(rita)
    assert browser.post(f"{LIST}read-all/", {"up_to": up_to}).status_code == 302


@pytest.mark.parametrize("act", ["open", "read"])
def test_what_others_were_told_does_not_exist(browser, tell, act):
    row = tell(UserFactory())
    assert browser.post(f"{LIST}{row.pk}/{act}/").status_code == 404
    assert not is_read(row)


def test_what_went_out_by_email_alone_is_not_listed(rita, browser, tell):
    NotificationPreference.objects.create(user=rita, kind="test.at_once", in_app=False, email=Email.AT_ONCE)
    row = tell(rita, kind="test.at_once", title="By email alone")
    assert "By email alone" not in browser.get(LIST).content.decode()
    assert browser.post(f"{LIST}{row.pk}/read/").status_code == 404


def test_a_title_is_text_and_never_markup(rita, browser, tell):
    tell(rita, title="<script>alert(1)</script>")
    assert "<script>alert(1)" not in browser.get(LIST).content.decode()


def test_a_notification_of_a_kind_that_is_gone_is_still_listed(rita, browser):
    Notification.objects.create(recipient=rita, kind="gone.kind", title="From an older release", dedupe_key="old")
    assert "From an older release" in browser.get(LIST).content.decode()


# Preferences


def everything_off(person) -> dict[str, str]:
    return {f"email-{code}": Email.OFF for code in choices_of(person)}


@pytest.mark.feature("HOM_06")
def test_the_page_offers_the_kinds_of_this_person_with_their_defaults(rita, browser):
    html = browser.get(PREFERENCES).content.decode()
    for words in ("Answered", "An answer came.", "Received", "Refused", "Always shown in the portal"):
        assert words in html
    assert "An email is always sent." in html
    assert "For staff" not in html
    assert "For delegates" not in html
    assert rita.producer.record_email in html
    assert "7:00 AM" in html


def test_choices_are_kept_and_shown_again(rita, browser):
    data = {"in_app-test.digest": "on", "email-test.at_once": Email.DIGEST, "email-test.digest": Email.OFF}
    response = browser.post(PREFERENCES, data, follow=True)
    assert "Your preferences have been saved." in response.content.decode()
    now = choices_of(rita)
    assert (now["test.at_once"].in_app, now["test.at_once"].email) == (False, Email.DIGEST)
    assert (now["test.digest"].in_app, now["test.digest"].email) == (True, Email.OFF)
    assert now["test.mandatory"].in_app is True
    event = AuditEvent.objects.get(action="notifications.preferences_changed")
    assert event.details == {"kinds": ["test.at_once", "test.digest", "test.portal"]}


def test_saving_twice_is_once(rita, browser):
    for _ in range(2):
        browser.post(PREFERENCES, everything_off(rita))
    assert AuditEvent.objects.filter(action="notifications.preferences_changed").count() == 1
    assert NotificationPreference.objects.filter(user=rita).count() == 3


def test_a_way_that_does_not_exist_is_refused_beside_its_field(rita, browser):
    html = browser.post(PREFERENCES, {"email-test.at_once": "PIGEON"}).content.decode()
    assert 'aria-invalid="true"' in html
    assert html.count("Choose one of the three ways in the list.") == 2  # the summary and beside the field
    assert 'id="id_email-test.at_once_error"' in html
    assert not NotificationPreference.objects.exists()


def test_kinds_for_others_cannot_be_chosen(rita, browser):
    browser.post(PREFERENCES, {**everything_off(rita), "in_app-test.staff": "on", "email-test.staff": Email.AT_ONCE})
    assert not NotificationPreference.objects.filter(kind="test.staff").exists()


def test_without_an_address_the_page_says_so(sign_in):
    nora = UserFactory(delegate=True, email="")
    assert "There is no email address on your record" in sign_in(nora).get(PREFERENCES).content.decode()


def test_a_list_and_its_preferences_lead_to_each_other(browser):
    assert PREFERENCES in browser.get(LIST).content.decode()
    assert "Back to Notifications" in browser.get(PREFERENCES).content.decode()


def test_old_ones_say_when_they_came(rita, browser, tell):
    tell(rita, at=NOW - timedelta(days=40))
    when = timezone.localtime(NOW - timedelta(days=40))
    assert f"{when:%m/%d/%Y}" in browser.get(LIST).content.decode()


# Support looks things up


def test_support_sees_titles_and_no_texts(world, sign_in, tell):
    row = tell(world.producer, title="Question EQU000007 was answered", text="A sentence nobody else needs.")
    admin = sign_in(world.admin)
    listed = admin.get("/admin/notifications/notification/", {"q": "RSolberg7"}).content.decode()
    assert "Question EQU000007 was answered" in listed
    page = admin.get(f"/admin/notifications/notification/{row.pk}/change/").content.decode()
    assert "Question EQU000007 was answered" in page
    assert "A sentence nobody else needs." not in page
    assert admin.get("/admin/notifications/notification/add/").status_code == 403
