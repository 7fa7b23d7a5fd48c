"""Telling a person something: once, as the person has chosen, with the caller's transaction."""

import pytest
from django.db import transaction

from portal.common import outbox
from portal.common.models import MailboxEntry, OutboundMessage
from portal.common.notifications import preferences
from portal.common.notifications.models import Notification, NotificationPreference
from portal.common.notifications.notify import notify, notify_all
from portal.common.notifications.preferences import Choice
from tests.common.notifications.conftest import NOW
from tests.support.concurrency import at_once
from tests.support.factories import UserFactory

Email = NotificationPreference.Email


@pytest.fixture
def rita():
    return UserFactory()


def wants(person, kind: str, *, in_app: bool, email: str) -> None:
    NotificationPreference.objects.create(user=person, kind=kind, in_app=in_app, email=email)


def test_a_notification_stands_in_the_portal(rita, tell):
    told = tell(rita, text="The answer is in the portal.", title="Question EQU000007 was answered")
    assert told is not None
    row = Notification.objects.for_user(rita).get()
    assert (row.title, row.text, row.url) == (
        "Question EQU000007 was answered",
        "The answer is in the portal.",
        "/clients/",
    )
    assert (row.created_at, row.read_at, row.in_app) == (NOW, None, True)
    assert not OutboundMessage.objects.exists()


def test_a_fact_told_twice_is_told_once(rita, tell):
    first = tell(rita, kind="test.at_once", fact="question 7 answered")
    again = tell(rita, kind="test.at_once", fact="question 7 answered", title="Other words")
    assert again == first
    assert OutboundMessage.objects.count() == 1


def test_the_same_fact_is_told_to_each_person(rita, tell):
    omar = UserFactory()
    assert tell(rita, fact="news") != tell(omar, fact="news")


@pytest.mark.django_db(transaction=True)
def test_a_fact_told_by_several_at_the_same_moment_is_told_once(rita, tell):
    results = at_once(*[lambda: tell(rita, kind="test.at_once", fact="question 7 answered")] * 4)
    assert {getattr(result, "pk", result) for result in results} == {Notification.objects.get().pk}
    assert OutboundMessage.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_what_the_caller_takes_back_was_never_told(rita, tell):
    with transaction.atomic():
        tell(rita, kind="test.at_once")
        transaction.set_rollback(True)
    assert not Notification.objects.exists()
    assert not OutboundMessage.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_without_its_email_there_is_no_notification(rita, tell, monkeypatch):
    def fail(*_args, **_kwargs):
        raise RuntimeError

    monkeypatch.setattr("portal.common.notifications.emails.send_email", fail)
    with pytest.raises(RuntimeError):
        tell(rita, kind="test.at_once")
    assert not Notification.objects.exists()


def test_the_email_holds_the_title_and_the_way_into_the_portal(rita, tell, settings):
    settings.PORTAL_URL = "https://portal.example/"
    told = tell(rita, kind="test.at_once", title="Question EQU000007 was answered", text="Details of the answer.")
    outbox.sweep()
    mail = MailboxEntry.objects.get()
    assert (mail.to, mail.subject) == (rita.producer.record_email, "Question EQU000007 was answered")
    assert "https://portal.example/clients/\n" in mail.body
    assert "https://portal.example/messages/notifications/preferences/" in mail.body
    assert "Details of the answer." not in mail.body
    assert told is not None
    assert told.emailed_at == NOW


def test_an_email_without_a_page_leads_to_the_list(rita, tell, settings):
    settings.PORTAL_URL = "https://portal.example"
    tell(rita, kind="test.at_once", url="")
    message = OutboundMessage.objects.get()
    assert "https://portal.example/messages/notifications/\n" in message.body_text
    assert 'href="https://portal.example/messages/notifications/"' in message.body_html


def test_a_title_is_escaped_in_the_email(rita, tell):
    tell(rita, kind="test.at_once", title="File <b> & more was rejected")
    message = OutboundMessage.objects.get()
    assert "File <b> & more was rejected" in message.body_text
    assert "File &lt;b&gt; &amp; more was rejected" in message.body_html


def test_a_delegate_gets_the_email_at_the_logins_own_address(world, tell):
    tell(world.delegate, kind="test.at_once")
    assert OutboundMessage.objects.get().to == world.delegate.email


def test_without_an_address_there_is_a_notification_and_no_email(tell):
    nora = UserFactory(delegate=True, email="")
    told = tell(nora, kind="test.at_once")
    assert told is not None
    assert told.emailed_at is None
    assert not OutboundMessage.objects.exists()


def test_an_inactive_person_is_told_nothing(tell):
    assert tell(UserFactory(is_active=False), kind="test.at_once") is None
    assert not Notification.objects.exists()
    assert not OutboundMessage.objects.exists()


@pytest.mark.parametrize(
    ("in_app", "email", "listed", "mails", "waits"),
    [
        (True, Email.OFF, True, 0, False),
        (True, Email.AT_ONCE, True, 1, False),
        (True, Email.DIGEST, True, 0, True),
        (False, Email.AT_ONCE, False, 1, False),
        (False, Email.DIGEST, False, 0, True),
    ],
)
def test_people_are_told_in_the_ways_they_have_chosen(rita, tell, in_app, email, listed, mails, waits):
    wants(rita, "test.at_once", in_app=in_app, email=email)
    told = tell(rita, kind="test.at_once")
    assert told is not None
    assert told.digest_due == waits
    assert Notification.objects.for_user(rita).exists() == listed
    assert OutboundMessage.objects.count() == mails


def test_who_wants_a_kind_in_no_way_is_told_nothing(rita, tell):
    wants(rita, "test.at_once", in_app=False, email=Email.OFF)
    assert tell(rita, kind="test.at_once") is None
    assert not Notification.objects.exists()


def test_a_mandatory_kind_shows_whatever_was_chosen(rita, tell):
    wants(rita, "test.mandatory", in_app=False, email=Email.AT_ONCE)
    tell(rita, kind="test.mandatory")
    assert Notification.objects.for_user(rita).exists()
    assert not OutboundMessage.objects.exists()  # somebody else sends the email of this kind


def test_several_people_are_told_each_once(rita):
    omar, gone = UserFactory(), UserFactory(is_active=False)
    told = notify_all(recipients=[rita, omar, rita, gone], kind="test.at_once", title="News", fact="news", at=NOW)
    assert {row.recipient for row in told} == {rita, omar}
    assert OutboundMessage.objects.count() == 2


@pytest.mark.parametrize(
    "url", ["https://elsewhere.example/", "//elsewhere.example/", "/\\elsewhere.example", "clients/"]
)
def test_a_notification_leads_nowhere_else(rita, tell, url):
    with pytest.raises(ValueError, match="a page of this portal"):
        tell(rita, url=url)


@pytest.mark.parametrize("fact", ["", "x" * 141])
def test_a_fact_needs_a_name_that_fits(rita, tell, fact):
    with pytest.raises(ValueError, match="1 to 140"):
        tell(rita, fact=fact)


def test_a_long_title_is_cut_not_lost(rita, tell):
    told = tell(rita, title="x" * 300, text="y" * 900)
    assert told is not None
    assert (len(told.title), len(told.text)) == (200, 500)


def test_an_unknown_kind_is_refused(rita):
    with pytest.raises(ValueError, match="test.unknown"):
        notify(recipient=rita, kind="test.unknown", title="News", fact="news", at=NOW)


# Preferences


def test_what_was_saved_counts_for_the_next_notification(rita, tell):
    changed = preferences.save(by=rita, choices={"test.at_once": Choice(in_app=True, email=Email.OFF)})
    assert changed == ["test.at_once"]
    tell(rita, kind="test.at_once")
    assert not OutboundMessage.objects.exists()


def test_saving_what_counts_already_changes_nothing(rita):
    assert preferences.save(by=rita, choices=preferences.choices_of(rita)) == []
    assert not NotificationPreference.objects.exists()


def test_a_kind_for_others_cannot_be_chosen(rita):
    assert preferences.save(by=rita, choices={"test.staff": Choice(in_app=False, email=Email.OFF)}) == []
    assert not NotificationPreference.objects.exists()


def test_what_must_be_cannot_be_switched_off(rita):
    preferences.save(by=rita, choices={"test.mandatory": Choice(in_app=False, email=Email.AT_ONCE)})
    assert preferences.choices_of(rita)["test.mandatory"] == Choice(in_app=True, email=Email.OFF)


def test_no_email_any_more_also_empties_the_digest(rita, tell):
    waiting, other = tell(rita, kind="test.digest"), tell(UserFactory(), kind="test.digest")
    preferences.save(by=rita, choices={"test.digest": Choice(in_app=True, email=Email.OFF)})
    waiting.refresh_from_db()
    other.refresh_from_db()
    assert (waiting.digest_due, other.digest_due) == (False, True)


@pytest.mark.django_db(transaction=True)
def test_saving_at_the_same_moment_keeps_one_row(rita):
    choice = Choice(in_app=False, email=Email.DIGEST)
    at_once(*[lambda: preferences.save(by=rita, choices={"test.at_once": choice})] * 4)
    row = NotificationPreference.objects.get()
    assert (row.in_app, row.email) == (False, Email.DIGEST)
