"""What the Messages page and Report an Issue put into the kernel's registries."""

from django.urls import reverse
from django.utils.http import urlencode

from ecomm.services.issues import ANSWERED
from portal.common import account_menu, activity, client_actions, navigation
from portal.common.access import Perm
from portal.common.client_actions import ClientAction
from portal.common.navigation import Entry
from portal.common.notifications import kinds
from portal.common.notifications.kinds import Kind
from portal.common.notifications.models import NotificationPreference

navigation.register(
    Entry(
        label="Messages",
        url_name="ecomm:messages",
        perm=Perm.SIGNED_IN,
        order=50,
        icon="chat-left-text",
        prefix="/messages/",
    ),
    Entry(
        label="Report an Issue",
        url_name="ecomm:report-issue",
        perm=Perm.SIGNED_IN,
        order=95,
        under="Messages",
        prefix="/messages/report-an-issue/",
    ),
)
account_menu.register(
    account_menu.Entry(label="Report an Issue", url_name="ecomm:report-issue", perm=Perm.SIGNED_IN, order=70)
)
client_actions.register(
    ClientAction(
        code="report-an-issue",
        label="Report an Issue",
        url=lambda client: (
            f"{reverse('ecomm:report-issue')}?{urlencode({'page': client.page, 'record': client.number})}"
        ),
        perm=Perm.SIGNED_IN,
        order=90,
    )
)
kinds.register(
    Kind(
        code=ANSWERED,
        label="Issue report answered",
        group="Issue reports",
        description="Support has answered an issue you reported.",
        default_email=NotificationPreference.Email.OFF,
        email_note="An email goes to the address given in the report.",
    )
)
activity.register({"issue.reported": "Reported an issue"})
