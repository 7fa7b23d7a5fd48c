"""What this app puts into the kernel's registries."""

from functools import cache
from typing import Any

from crispy_forms.utils import render_crispy_form
from django.http import HttpRequest
from django.utils.safestring import SafeString

from clients import (  # noqa: F401 - each fills in its own part
    contact_registrations,
    id_card_registrations,
    member_system_registrations,
    pcp_registrations,
    prospect_registrations,
)
from clients.book_figures import count_books
from clients.forms.search import SimpleSearchForm
from clients.selectors.search import PRESETS
from clients.selectors.timeline import policy_entries
from portal.common import activity, came_from, counters, home, navigation, timeline
from portal.common.access import Perm
from portal.common.activity import exported
from portal.common.came_from import ResultList
from portal.common.counters import Counter
from portal.common.home import Panel
from portal.common.navigation import Entry
from portal.common.timeline import Source


def _search_panel(_request: HttpRequest) -> dict[str, Any]:
    return {"fields": _blank_search_fields(), "presets": PRESETS}


@cache
def _blank_search_fields() -> SafeString:
    """The same for everybody and on each day; drawing them took a tenth of Home's time."""
    return render_crispy_form(SimpleSearchForm(auto_id="home_%s"))


navigation.register(
    Entry(
        label="Clients", url_name="clients:search", perm=Perm.CLIENT_VIEW, order=20, icon="people", prefix="/clients/"
    ),
    Entry(
        label="Client Search",
        url_name="clients:search",
        perm=Perm.CLIENT_VIEW,
        order=10,
        under="Clients",
        prefix="/clients/",
    ),
)
home.register(
    Panel(
        name="client-search",
        template="clients/_search_panel.html",
        perm=Perm.CLIENT_VIEW,
        order=10,
        context=_search_panel,
    )
)
came_from.register(ResultList(name="search", url_name="clients:search", label="Back to Search Results"))
timeline.register(Source(name="policies", perm=Perm.CLIENT_VIEW, order=10, entries=policy_entries))
counters.register(Counter(name="clients", order=10, count=count_books))
activity.register(
    {
        "client.searched": "Searched for clients",
        "client.viewed": "Opened the client's page",
        "client.list_exported": lambda details: exported("a client list", details),
    }
)
