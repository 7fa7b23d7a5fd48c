"""Old notifications are forgotten; what is unread or waits is kept longer."""

from datetime import timedelta

import pytest

from portal.common.notifications import retention
from portal.common.notifications.models import Notification, NotificationPreference
from portal.common.notifications.tasks import forget_old
from tests.common.notifications.conftest import NOW
from tests.support.factories import UserFactory


@pytest.fixture
def rita():
    return UserFactory()


@pytest.mark.parametrize(
    ("told_days_ago", "read_days_ago", "kept"),
    [(400, 90, True), (100, 91, False), (90, 90, True), (365, None, True), (366, None, False), (366, 1, False)],
)
def test_read_ones_are_kept_ninety_days_and_unread_ones_a_year(rita, tell, told_days_ago, read_days_ago, kept):
    row = tell(rita, at=NOW - timedelta(days=told_days_ago))
    if read_days_ago is not None:
        Notification.objects.filter(pk=row.pk).update(read_at=NOW - timedelta(days=read_days_ago))
    # Read 90 days ago, told 400 days ago: the year of what nobody reads ends it all the same.
    kept = kept and told_days_ago <= 365
    assert retention.forget_old(at=NOW) == (0 if kept else 1)
    assert Notification.objects.exists() == kept


def test_what_went_out_by_email_alone_is_forgotten_like_what_was_read(rita, tell):
    Email = NotificationPreference.Email
    NotificationPreference.objects.create(user=rita, kind="test.at_once", in_app=False, email=Email.AT_ONCE)
    tell(rita, kind="test.at_once", at=NOW - timedelta(days=91))
    tell(rita, kind="test.at_once", at=NOW - timedelta(days=89))
    assert retention.forget_old(at=NOW) == 1


def test_what_waits_for_a_digest_is_not_lost(rita, tell):
    tell(rita, kind="test.digest", at=NOW - timedelta(days=1000))
    assert retention.forget_old(at=NOW) == 0


def test_many_go_in_pieces(rita, tell, monkeypatch):
    monkeypatch.setattr(retention, "BATCH", 2)
    for _ in range(5):
        tell(rita, at=NOW - timedelta(days=1000))
    assert retention.forget_old(at=NOW) == 5


def test_beat_forgets_with_the_settings(rita, tell, settings):
    settings.NOTIFICATIONS_KEEP_UNREAD_DAYS = 10
    tell(rita, at=NOW - timedelta(days=11))
    tell(rita, at=NOW - timedelta(days=9))
    forget_old()
    assert Notification.objects.count() == 1
