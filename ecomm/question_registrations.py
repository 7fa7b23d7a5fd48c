"""What e-questions put into the kernel's registries."""

from django.urls import reverse
from django.utils.http import urlencode

from ecomm.selectors.timeline import question_entries
from ecomm.selectors.timeline_traces import question_traces
from ecomm.services.questions import ANSWERED, RECEIVED
from portal.common import activity, client_actions, navigation, timeline
from portal.common.access import Perm
from portal.common.activity import exported
from portal.common.client_actions import ClientAction, known_numbers
from portal.common.navigation import Entry
from portal.common.notifications import kinds
from portal.common.notifications.kinds import Kind
from portal.common.notifications.models import NotificationPreference
from portal.common.timeline import Source

navigation.register(
    Entry(
        label="New E-Question",
        url_name="ecomm:question-ask",
        perm=Perm.CARRIER_CONTACT,
        order=5,
        under="Messages",
    ),
    Entry(
        label="View My E-Questions",
        url_name="ecomm:questions",
        perm=Perm.CARRIER_CONTACT,
        order=6,
        under="Messages",
        prefix="/messages/questions/",
    ),
)
client_actions.register(
    ClientAction(
        code="submit-e-question",
        label="Submit E-Question",
        url=lambda client: f"{reverse('ecomm:question-ask')}?{urlencode(known_numbers(client))}",
        perm=Perm.CARRIER_CONTACT,
        order=40,
        also_button=True,
    )
)
timeline.register(
    Source(name="e-questions", perm=Perm.CARRIER_CONTACT, order=30, entries=question_entries, traces=question_traces)
)
kinds.register(
    Kind(
        code=RECEIVED,
        label="E-Question received",
        group="E-Questions",
        description="The carrier has received an E-Question of yours.",
        default_email=NotificationPreference.Email.OFF,
        perm=Perm.CARRIER_CONTACT,
    ),
    Kind(
        code=ANSWERED,
        label="E-Question answered",
        group="E-Questions",
        description="The carrier has answered an E-Question of yours. The email says so; the answer is in the portal.",
        default_email=NotificationPreference.Email.AT_ONCE,
        perm=Perm.CARRIER_CONTACT,
    ),
)
activity.register(
    {
        "question.asked": "Submitted an e-question",
        "question.followed_up": "Asked a follow-up to an e-question",
        "question.opened": "Opened an e-question",
        "question.file_opened": "Downloaded a file the carrier sent with an answer",
        "question.deleted": "Deleted an e-question from the list",
        "question.restored": "Put a deleted e-question back on the list",
        "question.list_exported": lambda details: exported("the list of e-questions", details),
    }
)
