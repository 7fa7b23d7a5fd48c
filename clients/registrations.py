"""What this app puts into the kernel's registries."""

from typing import Any

from django.http import HttpRequest

from clients.book_figures import count_books
from clients.forms.search import SimpleSearchForm
from portal.common import activity, counters, home, navigation
from portal.common.access import Perm
from portal.common.activity import exported
from portal.common.counters import Counter
from portal.common.home import Panel
from portal.common.navigation import Entry


def _search_panel(_request: HttpRequest) -> dict[str, Any]:
    return {"form": SimpleSearchForm(auto_id="home_%s")}


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
counters.register(Counter(name="clients", order=10, count=count_books))
activity.register(
    {
        "client.searched": "Searched for clients",
        "client.viewed": "Opened the client's page",
        "client.list_exported": lambda details: exported("a client list", details),
    }
)
