"""What provider changes and the Provider Finder put into the registries."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse

from clients.membersystem import outcomes
from clients.membersystem.outcomes import Outcomes
from clients.models import MemberChange
from clients.selectors.pcp import pcp_entries, why_not
from clients.selectors.timeline_traces import pcp_traces
from clients.services import pcp
from portal.common import activity, client_actions, navigation, timeline
from portal.common.access import Perm
from portal.common.client_actions import ClientAction
from portal.common.navigation import Entry
from portal.common.timeline import Source

navigation.register(
    Entry(
        label="Provider Finder",
        url_name="clients:provider-finder",
        perm=Perm.CLIENT_VIEW,
        order=30,
        under="Clients",
        prefix="/clients/providers/",
    )
)
client_actions.register(
    ClientAction(
        code="pcp",
        label="Change PCP",
        url=lambda client: reverse("clients:pcp", args=[client.account_number]),
        perm=Perm.CLIENT_SERVICE,
        order=20,
        why_not=lambda client: why_not(client.policies, account_number=client.account_number),
    )
)
timeline.register(Source(name="pcp", perm=Perm.CLIENT_VIEW, order=15, entries=pcp_entries, traces=pcp_traces))
outcomes.register(MemberChange.Kind.PCP, Outcomes(accepted=pcp.taken_over, failed=pcp.not_taken_over))


def _changed(details: Mapping[str, Any]) -> str:
    members = details.get("members", 1)
    return f"Changed the primary care physician of {members} member{'' if members == 1 else 's'}"


activity.register(
    {
        "pcp.viewed": "Opened the provider change of a client",
        "pcp.changed": _changed,
        "pcp.taken_back": "Took back a provider change that the member system had refused",
        "pcp.settled": "Settled a provider change that the member system had refused",
        "providers.imported": "Imported the provider directory",
    }
)
