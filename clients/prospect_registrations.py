"""What prospects put into the kernel's registries."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse

from portal.common import activity, came_from, member_actions, navigation
from portal.common.access import Perm
from portal.common.activity import exported
from portal.common.came_from import ResultList
from portal.common.member_actions import MemberAction
from portal.common.navigation import Entry

# The guide's Client Leads box.
navigation.register(
    Entry(
        label="Add New Prospect",
        url_name="clients:prospect-add",
        perm=Perm.ENROLL,
        order=40,
        under="Clients",
        prefix="/clients/prospects/new/",
    ),
    Entry(
        label="Search for Prospects",
        url_name="clients:prospects",
        perm=Perm.CLIENT_VIEW,
        order=50,
        under="Clients",
        prefix="/clients/prospects/",
    ),
)
came_from.register(ResultList(name="prospects", url_name="clients:prospects", label="Back to Search for Prospects"))

member_actions.register(
    MemberAction(
        name="prospect",
        label="Add New Prospect",
        url=lambda member_id: reverse("clients:prospect-add", query={"member": member_id}),
        perm=Perm.ENROLL,
        order=20,
    )
)


def _printed(details: Mapping[str, Any]) -> str:
    rows = details.get("rows")
    return (
        f"Printed a list of prospects ({'1 row' if rows == 1 else f'{rows:,} rows'})" if rows else "Printed prospects"
    )


activity.register(
    {
        "prospect.searched": "Searched for prospects",
        "prospect.viewed": "Opened a prospect",
        "prospect.added": "Added a prospect",
        "prospect.changed": "Changed a prospect",
        "prospect.assigned": "Assigned a prospect to another agent",
        "prospect.deleted": "Deleted a prospect",
        "prospect.restored": "Restored a deleted prospect",
        "prospect.list_printed": _printed,
        "prospect.list_exported": lambda details: exported("a list of prospects", details),
    }
)
