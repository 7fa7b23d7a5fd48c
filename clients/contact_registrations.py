"""What contact changes put into the kernel's registries, and what an answer of the member system does."""

from django.urls import reverse

from clients.membersystem import outcomes
from clients.membersystem.outcomes import Outcomes
from clients.models import MemberChange
from clients.rules import contact as rules
from clients.services import contact
from portal.common import activity, client_actions
from portal.common.access import Perm
from portal.common.client_actions import ClientAction, ClientInHand


def why_not(client: ClientInHand) -> str:
    """Why contact information cannot be changed for this client now; asks nothing of the database."""
    return rules.why_not(account_number=client.account_number, statuses=[policy.status for policy in client.policies])


client_actions.register(
    ClientAction(
        code="contact",
        label="Contact Info Change",
        url=lambda client: reverse("clients:contact", args=[client.account_number]),
        perm=Perm.CLIENT_SERVICE,
        order=30,
        why_not=why_not,
    )
)
outcomes.register(MemberChange.Kind.CONTACT, Outcomes(accepted=contact.accepted))
activity.register(
    {
        "client.contact_opened": "Opened a client's contact information",
        "client.contact_changed": "Changed a client's contact information",
    }
)
