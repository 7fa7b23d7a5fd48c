"""What content pages put into the kernel's registries."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from portal.common import activity, home, navigation
from portal.common.access import Perm
from portal.common.content import audience
from portal.common.content.selectors import library
from portal.common.content.services.reminders import EXPIRING
from portal.common.home import Panel
from portal.common.navigation import Entry
from portal.common.notifications import kinds
from portal.common.notifications.models import NotificationPreference


def _news_panel(request: HttpRequest) -> dict[str, Any]:
    """The latest news of the person's states."""
    rows = library.news(at=timezone.now(), states=audience.own_states(request.user))
    return {"items": library.news_lines(rows[: library.NEWS_ON_HOME])}


navigation.register(
    Entry(
        label="Resources",
        url_name="content:resources",
        perm=Perm.SIGNED_IN,
        order=70,
        icon="book",
        prefix="/resources/",
    ),
    Entry(
        label="Forms and Links",
        url_name="content:resources",
        perm=Perm.SIGNED_IN,
        order=10,
        under="Resources",
        prefix="/resources/",
    ),
    Entry(
        label="Training",
        url_name="content:training",
        perm=Perm.SIGNED_IN,
        order=20,
        under="Resources",
        prefix="/training/",
    ),
    Entry(label="News", url_name="content:news", perm=Perm.SIGNED_IN, order=80, icon="newspaper", prefix="/news/"),
)
home.register(
    Panel(name="news", template="content/_news_panel.html", perm=Perm.SIGNED_IN, order=60, context=_news_panel)
)
activity.register({"resource.downloaded": "Downloaded a form or guide"})
kinds.register(
    kinds.Kind(
        code=EXPIRING,
        label="Certification about to expire",
        group="Training",
        description="30 days before the last day of a certification, and again 7 days before it.",
        default_email=NotificationPreference.Email.AT_ONCE,
        roles=frozenset({"PRODUCER", "DELEGATE"}),
    )
)
