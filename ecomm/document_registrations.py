"""What documents put into the kernel's registries."""

from django.urls import reverse
from django.utils.http import urlencode

from ecomm.selectors.timeline import document_entries
from ecomm.selectors.timeline_traces import document_traces
from ecomm.services import documents
from portal.common import activity, client_actions, navigation, timeline
from portal.common.access import Perm
from portal.common.activity import exported
from portal.common.client_actions import ClientAction, known_numbers
from portal.common.files.scanning import when_infected
from portal.common.navigation import Entry
from portal.common.notifications import kinds
from portal.common.notifications.kinds import Kind
from portal.common.notifications.models import NotificationPreference
from portal.common.timeline import Source

navigation.register(
    Entry(
        label="Document Submission",
        url_name="ecomm:document-submit",
        perm=Perm.CARRIER_CONTACT,
        order=10,
        under="Messages",
        prefix="/messages/documents/new/",
    ),
    Entry(
        label="View Submitted Documents",
        url_name="ecomm:documents",
        perm=Perm.CARRIER_CONTACT,
        order=20,
        under="Messages",
    ),
)
client_actions.register(
    ClientAction(
        code="submit-document",
        label="Submit Document",
        url=lambda client: f"{reverse('ecomm:document-submit')}?{urlencode(known_numbers(client))}",
        perm=Perm.CARRIER_CONTACT,
        order=50,
    )
)
timeline.register(
    Source(name="documents", perm=Perm.CARRIER_CONTACT, order=20, entries=document_entries, traces=document_traces)
)
activity.register(
    {
        "document.submitted": "Submitted a document to the carrier",
        "document.deleted": "Deleted a document from the own list",
        "document.restored": "Put a document back on the own list",
        "document.list_exported": lambda details: exported("the list of submitted documents", details),
    }
)
kinds.register(
    Kind(
        code=documents.REJECTED,
        label="Document rejected",
        group="Documents",
        description="A document you submitted was not accepted; the list of submitted documents says why.",
        default_email=NotificationPreference.Email.AT_ONCE,
        perm=Perm.CARRIER_CONTACT,
    ),
    Kind(
        code=documents.ACCEPTED,
        label="Document accepted",
        group="Documents",
        description="A document you submitted was accepted.",
        default_email=NotificationPreference.Email.OFF,
        perm=Perm.CARRIER_CONTACT,
    ),
)
when_infected(documents.reject_infected)
