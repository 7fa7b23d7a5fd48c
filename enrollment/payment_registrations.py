"""What payments put into the kernel's registries: the action for past due policies, timeline entries, notices, activity."""

from django.urls import reverse

from enrollment.selectors import payments as selector
from enrollment.selectors.timeline import payment_entries
from enrollment.selectors.timeline_traces import payment_traces
from enrollment.services import payment_receipts
from portal.common import activity, client_actions, timeline
from portal.common.access import Perm
from portal.common.client_actions import ClientAction, ClientInHand
from portal.common.notifications import kinds
from portal.common.notifications.kinds import Kind
from portal.common.notifications.models import NotificationPreference
from portal.common.timeline import Source


def why_not(client: ClientInHand) -> str:
    """Why nothing can be paid for this client now; asks nothing of the database."""
    if not client.account_number:
        return "The client has no account number yet."
    return selector.why_no_past_due(client.policies)


client_actions.register(
    ClientAction(
        code="pay",
        label="Make a Payment",
        url=lambda client: reverse("enrollment:client-pay", args=[client.account_number]),
        perm=Perm.CLIENT_SERVICE,
        order=60,
        why_not=why_not,
    )
)
timeline.register(Source(name="payments", perm=Perm.ENROLL, order=80, entries=payment_entries, traces=payment_traces))
kinds.register(
    Kind(
        code=payment_receipts.SETTLED_NOTICE,
        label="A payment was successful",
        group="Quotes and applications",
        description="A payment begun from the portal has come in.",
        default_email=NotificationPreference.Email.OFF,
        perm=Perm.ENROLL,
    ),
    Kind(
        code=payment_receipts.FAILED_NOTICE,
        label="A payment failed or was returned",
        group="Quotes and applications",
        description="A payment begun from the portal did not come in, or the bank has sent it back.",
        default_email=NotificationPreference.Email.AT_ONCE,
        perm=Perm.ENROLL,
    ),
)
activity.register(
    {
        "payment.started": "Opened the Payment Portal",
        "payment.return_refused": "Used a link back from the Payment Portal once more",
        "autopay.revoked": "Ended a client's autopay",
        "client.past_due_viewed": "Opened what is past due for a client",
    }
)
