"""The daily digest: one email a person and day, nothing twice, nothing lost."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from portal.common import outbox
from portal.common.messaging.backends import MailboxEmailBackend
from portal.common.models import MailboxEntry, OutboundMessage, OutboxMessage
from portal.common.notifications import digest, reading
from portal.common.notifications.models import Notification
from portal.common.notifications.tasks import owe_digests
from tests.support.concurrency import at_once
from tests.support.factories import UserFactory

ZONE = timezone.get_default_timezone()
YESTERDAY = datetime(2026, 3, 9, 15, 0, tzinfo=ZONE)
MORNING = datetime(2026, 3, 10, 7, 0, tzinfo=ZONE)


@pytest.fixture
def rita():
    return UserFactory()


@pytest.fixture
def waiting(rita, tell):
    return [tell(rita, kind="test.digest", title=f"Document {n} was received", at=YESTERDAY) for n in (1, 2)]


def mails() -> list[OutboundMessage]:
    return list(OutboundMessage.objects.filter(kind="notification_digest").order_by("id"))


def run(at: datetime) -> None:
    digest.owe_digests(at=at)
    outbox.sweep()


def test_the_titles_of_a_day_come_in_one_email(rita, waiting):
    run(MORNING)
    mail = MailboxEntry.objects.get()
    assert (mail.to, mail.subject) == (rita.producer.record_email, "2 new notifications, 03/10/2026")
    assert mail.body.index("Document 2 was received") < mail.body.index("Document 1 was received")
    assert "/messages/notifications/preferences/" in mail.body
    assert not Notification.objects.filter(digest_due=True).exists()
    assert Notification.objects.filter(emailed_at__isnull=False).count() == 2


def test_before_its_hour_nothing_goes_out(waiting):
    assert digest.owe_digests(at=MORNING - timedelta(seconds=1)) == 0
    run(MORNING - timedelta(hours=1))
    assert mails() == []


def test_the_hour_is_that_of_the_carriers_zone(settings, waiting):
    settings.NOTIFICATIONS_DIGEST_HOUR = 9
    assert digest.owe_digests(at=MORNING) == 0
    assert digest.owe_digests(at=datetime(2026, 3, 10, 9, 0, tzinfo=ZONE)) == 1


def test_looking_again_the_same_day_sends_nothing_more(waiting):
    run(MORNING)
    run(MORNING + timedelta(hours=5))
    assert len(mails()) == 1


def test_what_comes_after_the_hour_waits_for_the_next_day(rita, waiting, tell):
    digest.owe_digests(at=MORNING)
    tell(rita, kind="test.digest", title="Document 3 was received", at=MORNING)
    outbox.sweep()
    run(MORNING + timedelta(hours=5))
    assert len(mails()) == 1
    run(MORNING + timedelta(days=1))
    assert [mail.subject for mail in mails()] == [
        "2 new notifications, 03/10/2026",
        "1 new notification, 03/11/2026",
    ]


def test_days_on_which_nothing_ran_are_made_up_for(waiting):
    run(MORNING + timedelta(days=3, hours=10))
    assert [mail.subject for mail in mails()] == ["2 new notifications, 03/13/2026"]


def test_what_was_read_is_left_out(rita, waiting):
    reading.mark_read(notification=waiting[0], by=rita, at=MORNING - timedelta(hours=1))
    run(MORNING)
    assert mails()[0].subject.startswith("1 new notification,")
    assert MailboxEntry.objects.get().body.count("was received") == 1


def test_when_everything_was_read_there_is_no_email(rita, waiting):
    reading.mark_all_read(by=rita, up_to=waiting[-1].pk, at=MORNING - timedelta(hours=1))
    assert digest.owe_digests(at=MORNING) == 0
    assert mails() == []


def test_each_person_gets_an_own_email(rita, waiting, tell):
    omar = UserFactory()
    tell(omar, kind="test.digest", title="Document 9 was received", at=YESTERDAY)
    run(MORNING)
    by_address = {entry.to: entry.body for entry in MailboxEntry.objects.all()}
    assert set(by_address) == {rita.producer.record_email, omar.producer.record_email}
    assert "Document 9" not in by_address[rita.producer.record_email]


def test_many_titles_are_listed_up_to_fifty(rita, tell):
    for number in range(53):
        tell(rita, kind="test.digest", title=f"Document {number} was received", at=YESTERDAY)
    run(MORNING)
    mail = MailboxEntry.objects.get()
    assert mail.subject.startswith("53 new notifications")
    assert mail.body.count("was received") == 50
    assert "and 3 more" in mail.body
    assert not Notification.objects.filter(digest_due=True).exists()


@pytest.mark.parametrize("gone", ["inactive", "no address"])
def test_who_cannot_be_reached_gets_no_email_and_holds_nothing_up(tell, gone):
    nora = UserFactory(delegate=True, email="nora@people.example")
    tell(nora, kind="test.digest", at=YESTERDAY)
    nora.is_active = gone != "inactive"
    nora.email = "" if gone == "no address" else nora.email
    nora.save()
    run(MORNING)
    assert mails() == []
    assert not Notification.objects.filter(digest_due=True).exists()
    assert OutboxMessage.objects.get(topic=digest.TOPIC).status == OutboxMessage.Status.DONE


@pytest.mark.django_db(transaction=True)
def test_two_beats_and_two_workers_send_one_email(waiting):
    at_once(*[lambda: digest.owe_digests(at=MORNING)] * 3)
    payload = OutboxMessage.objects.get(topic=digest.TOPIC).payload
    at_once(*[lambda: digest.send(payload)] * 3)
    assert len(mails()) == 1


@pytest.mark.django_db(transaction=True)
def test_when_the_email_cannot_be_written_everything_goes_on_waiting(waiting, monkeypatch):
    def fail(*_args, **_kwargs):
        raise RuntimeError

    with monkeypatch.context() as broken:
        broken.setattr("portal.common.notifications.emails.send_email", fail)
        run(MORNING)
    assert Notification.objects.filter(digest_due=True).count() == 2
    outbox.sweep(now=timezone.now() + timedelta(hours=1))
    assert len(mails()) == 1


def test_while_mail_is_down_the_digest_waits_and_is_sent_once(waiting, monkeypatch):
    def down(*_args, **_kwargs):
        raise OSError

    with monkeypatch.context() as broken:
        broken.setattr(MailboxEmailBackend, "send_messages", down)
        run(MORNING)
    assert [mail.state for mail in mails()] == [OutboundMessage.State.QUEUED]
    run(MORNING + timedelta(hours=1))
    outbox.sweep(now=timezone.now() + timedelta(hours=1))
    assert [mail.state for mail in mails()] == [OutboundMessage.State.SENT]
    assert MailboxEntry.objects.count() == 1


def test_beat_asks_with_the_time_of_now(waiting, monkeypatch):
    monkeypatch.setattr("portal.common.notifications.tasks.timezone.now", lambda: MORNING)
    owe_digests()
    assert OutboxMessage.objects.filter(topic=digest.TOPIC).count() == 1


def test_beat_knows_both_tasks(settings):
    tasks = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert {"notifications.owe_digests", "notifications.forget_old"} <= tasks


def test_looking_for_digests_walks_only_what_waits(rita, tell, django_assert_num_queries):
    tell(rita)
    with django_assert_num_queries(1):
        assert digest.owe_digests(at=MORNING + timedelta(days=3650)) == 0
