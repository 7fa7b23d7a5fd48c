"""What quotes put into the kernel's registries."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from enrollment.selectors import quotes as selector
from portal.common import activity, home, navigation
from portal.common.access import Perm
from portal.common.activity import exported
from portal.common.home import Panel
from portal.common.navigation import Entry

ON_THE_HOME_PAGE = 3

navigation.register(
    Entry(
        label="Quote & Enroll",
        url_name="enrollment:home",
        perm=Perm.ENROLL,
        order=30,
        icon="clipboard-check",
        prefix="/enroll/",
    ),
    Entry(
        label="Quotes",
        url_name="enrollment:quotes",
        perm=Perm.ENROLL,
        order=10,
        under="Quote & Enroll",
        prefix="/enroll/quotes/",
    ),
    Entry(
        label="New Quote",
        url_name="enrollment:quote-add",
        perm=Perm.ENROLL,
        order=20,
        under="Quote & Enroll",
        prefix="/enroll/quotes/new/",
    ),
)


def _panel(request: HttpRequest) -> dict[str, Any]:
    """The quotes changed last, each with whom it is for and what has become of it."""
    now = timezone.now()
    user: Any = request.user
    return {
        "quotes": [
            {
                "id": quote.pk,
                "name": quote.name or selector.applicants_name(quote.people.all()),
                "effective_date": quote.effective_date,
                "status": (status := selector.status_of(quote, now=now)),
                "pill": selector.STATUS_PILLS[status],
            }
            for quote in selector.newest(user, most=ON_THE_HOME_PAGE)
        ]
    }


home.register(Panel(name="quotes", template="enrollment/_home_panel.html", perm=Perm.ENROLL, order=20, context=_panel))


def _with_plans(details: Mapping[str, Any]) -> str:
    count = details.get("plans", 0)
    return f"Selected plans of a quote ({'1 plan' if count == 1 else f'{count} plans'})"


activity.register(
    {
        "quote.started": "Started a quote",
        "quote.changed": "Changed a quote",
        "quote.viewed": "Opened a quote",
        "quote.plans_selected": _with_plans,
        "quote.plans_chosen": "Chose plans of a quote to enroll in",
        "quote.saved": "Saved a quote",
        "quote.renamed": "Renamed a quote",
        "quote.copied": "Copied a quote",
        "quote.deleted": "Deleted a quote",
        "quote.restored": "Restored a deleted quote",
        "quote.list_exported": lambda details: exported("a list of quotes", details),
    }
)
