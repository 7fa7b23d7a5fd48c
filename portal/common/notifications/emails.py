"""The emails of notifications: a title and the way into the portal, nothing else (HOM_06)."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.conf import settings
from django.urls import reverse

from portal.common.dates import as_text
from portal.common.messaging.send import send_email
from portal.common.notifications.models import Notification


def _links() -> dict[str, Any]:
    return {
        "list_url": absolute(reverse("notifications:list")),
        "preferences_url": absolute(reverse("notifications:preferences")),
    }


def absolute(path: str) -> str:
    """The address of a page as an email needs it: PORTAL_URL and the path."""
    return f"{settings.PORTAL_URL.rstrip('/')}{path}"


def send_at_once(notification: Notification) -> None:
    """Owe the email about one notice. People without an address on record get none."""
    recipient: Any = notification.recipient
    if not recipient.security_email:
        return
    send_email(
        to=recipient.security_email,
        kind="notification",
        subject=notification.title,
        context={
            "title": notification.title,
            "page_url": absolute(notification.url) if notification.url else "",
            **_links(),
        },
    )


def send_digest(recipient: Any, notifications: Sequence[Notification], *, more: int, day: date) -> None:
    """Owe the digest of ``day``, which lists the titles; ``more`` is how many further ones are only in the portal."""
    total = len(notifications) + more
    send_email(
        to=recipient.security_email,
        kind="notification_digest",
        subject=f"{total} new notification{'' if total == 1 else 's'}, {as_text(day)}",
        context={"titles": [notification.title for notification in notifications], "more": more, **_links()},
    )
