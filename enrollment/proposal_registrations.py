"""What proposals, applications and the ways into a quote put into the kernel's registries."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.http import urlencode

from enrollment.selectors.timeline import application_entries, quote_entries
from enrollment.selectors.timeline_traces import application_traces, quote_traces
from enrollment.services import draft_expiry, proposals
from portal.common import activity, came_from, client_actions, member_actions, navigation, prospect_actions, timeline
from portal.common.access import Perm
from portal.common.activity import exported
from portal.common.came_from import ResultList
from portal.common.client_actions import ClientAction, ClientInHand, known_numbers
from portal.common.member_actions import MemberAction
from portal.common.navigation import Entry
from portal.common.notifications import kinds
from portal.common.notifications.kinds import Kind
from portal.common.notifications.models import NotificationPreference
from portal.common.prospect_actions import ProspectAction
from portal.common.timeline import Source


def _new_quote(**known: Any) -> str:
    return f"{reverse('enrollment:quote-add')}?{urlencode(known)}"


def _quote_of_client(client: ClientInHand) -> str:
    return _new_quote(**known_numbers(client))


navigation.register(
    Entry(
        label="Applications",
        url_name="enrollment:applications",
        perm=Perm.ENROLL,
        order=40,
        under="Quote & Enroll",
        prefix="/enroll/applications/",
    )
)
came_from.register(
    ResultList(name="applications", url_name="enrollment:applications", label="Back to Applications"),
)
prospect_actions.register(
    ProspectAction(
        name="proposal",
        label="Save and Create Proposal",
        url=lambda prospect_id: _new_quote(prospect=prospect_id),
        perm=Perm.ENROLL,
        order=10,
    )
)
client_actions.register(
    ClientAction(code="new-quote", label="New Quote", url=_quote_of_client, perm=Perm.ENROLL, order=100)
)
member_actions.register(
    MemberAction(
        name="quote",
        label="New Quote",
        url=lambda member_id: _new_quote(member=member_id, only=1),
        perm=Perm.ENROLL,
        order=10,
    )
)
timeline.register(
    Source(name="quotes", perm=Perm.ENROLL, order=50, entries=quote_entries, traces=quote_traces),
    Source(name="applications", perm=Perm.ENROLL, order=60, entries=application_entries, traces=application_traces),
)
kinds.register(
    Kind(
        code=proposals.FAILED_NOTICE,
        label="A proposal could not be made",
        group="Quotes and applications",
        description="The PDF of a proposal you asked for could not be made, so nothing was sent.",
        default_email=NotificationPreference.Email.OFF,
        perm=Perm.ENROLL,
    ),
    Kind(
        code=draft_expiry.NOTICE,
        label="An application is about to expire",
        group="Quotes and applications",
        description="An application you began or worked on expires in 30, 7 or 1 days, or has expired.",
        default_email=NotificationPreference.Email.DIGEST,
        perm=Perm.ENROLL,
    ),
)


def _created(details: Mapping[str, Any]) -> str:
    plans, emails = details.get("plans", 0), details.get("emails", 0)
    counted = f"{plans} plan" if plans == 1 else f"{plans} plans"
    if not emails:
        return f"Created a proposal ({counted})"
    return f"Created a proposal ({counted}) and sent it by email ({emails})"


activity.register(
    {
        "proposal.created": _created,
        "proposal.sent_again": "Sent a proposal again",
        "proposal.retried": "Tried once more to make a proposal",
        "proposal.downloaded": "Downloaded a proposal",
        "quote.handed_over": "Went on to the exchange with a quote",
        "application.started": "Started an application",
        "application.saved": "Worked on an application",
        "application.terms_agreed": "Confirmed the Terms and Agreements for an applicant",
        "application.viewed": "Opened an application",
        "application.withdrawn": "Withdrew an application",
        "application.restored": "Brought a withdrawn application back",
        "application.list_exported": lambda details: exported("a list of applications", details),
    }
)
