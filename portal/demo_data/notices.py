"""What people were told before the demo begins: one thing that was read, one that was not."""

from datetime import datetime, timedelta

from django.urls import reverse

from accounts.models import DelegateGrant
from accounts.rules.delegate_scopes import labels_of
from accounts.services.delegate_notices import DELEGATE_CHANGED
from portal.common.notifications.notify import notify


def add_delegate_notices(*, delegate_id: int, now: datetime) -> None:
    """Tell a delegate and the producer twice of new rights: a month ago, which they have read, and two days ago."""
    grant = DelegateGrant.objects.select_related("producer__user", "delegate").get(delegate_id=delegate_id)
    name, producer = grant.delegate.get_full_name(), grant.producer
    rights = labels_of(grant.scopes)
    for person, title, url in (
        (producer.user, f"You changed what {name} may do for you", reverse("accounts:delegates")),
        (grant.delegate, f"{producer.name} changed what you may do", ""),
    ):
        for days_ago, now_allowed, was_read in ((31, rights[:-1], True), (2, rights, False)):
            at = now - timedelta(days=days_ago, hours=-15)
            told = notify(
                recipient=person,
                kind=DELEGATE_CHANGED,
                title=title,
                text=f"{'; '.join(now_allowed)}.",
                url=url,
                fact=f"demo: rights of {days_ago} days ago",
                at=at,
            )
            if told is not None and was_read:
                # Not by the service: the trail is to begin with what somebody does in the demo.
                told.read_at, told.digest_due = at + timedelta(hours=3), False
                told.save(update_fields=["read_at", "digest_due"])
