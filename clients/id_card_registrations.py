"""What ID cards put into the kernel's registries."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse

from clients.membersystem import outcomes
from clients.membersystem.outcomes import Outcomes
from clients.models import MemberChange
from clients.selectors.id_cards import id_card_entries
from clients.selectors.timeline_traces import id_card_traces
from clients.services import id_card_files, id_cards  # noqa: F401 - its outbox handlers
from portal.common import activity, client_actions, timeline
from portal.common.access import Perm
from portal.common.client_actions import ClientAction, ClientInHand
from portal.common.timeline import Source

NO_ACCOUNT_NUMBER = "This household has no account number yet: ID cards can be had once the carrier has assigned one."


def _why_not(client: ClientInHand) -> str:
    """Why none of the policies has ID cards now: the reason of the newest one (IDC_02)."""
    if not client.account_number:
        return NO_ACCOUNT_NUMBER
    reasons = [id_cards.why_not(policy, now=client.now) for policy in client.policies]
    return reasons[0] if reasons and all(reasons) else ""


client_actions.register(
    ClientAction(
        code="id-cards",
        label="Generate ID Cards",
        url=lambda client: reverse("clients:id-cards", args=[client.account_number]),
        perm=Perm.CLIENT_SERVICE,
        order=10,
        why_not=_why_not,
    )
)
timeline.register(
    Source(name="id-cards", perm=Perm.CLIENT_VIEW, order=15, entries=id_card_entries, traces=id_card_traces)
)
outcomes.register(MemberChange.Kind.ID_CARD, Outcomes(accepted=id_cards.was_accepted, failed=id_cards.has_failed))


def _counted(what: str) -> Any:
    def sentence(details: Mapping[str, Any]) -> str:
        cards = details.get("cards", 1)
        return f"{what} ({'1 card' if cards == 1 else f'{cards} cards'})"

    return sentence


activity.register(
    {
        "id_card.ordered": _counted("Ordered permanent ID cards"),
        "id_card.made": _counted("Generated temporary ID cards"),
        "id_card.retried": "Tried once more to get ID cards",
        "id_card.cancelled": "Stopped the making of ID cards",
        "id_card.downloaded": _counted("Downloaded temporary ID cards"),
    }
)
