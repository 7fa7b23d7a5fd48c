"""What this app puts into the kernel's registries."""

from accounts import sessions  # noqa: F401 - its receivers of logging in and out
from accounts.selectors.own_states import own_states
from accounts.services import (
    delegate_notices,
    emergency_access,  # noqa: F401 - its outbox handler
    lockout,  # noqa: F401 - its outbox handler
)
from accounts.tour import card
from portal.common import account_menu, activity, home, navigation
from portal.common.access import Perm
from portal.common.account_menu import Entry
from portal.common.content import audience, help_links
from portal.common.notifications import kinds
from portal.common.notifications.models import NotificationPreference

# Order in the menu: My Information 10, My Delegates 20, Edit Profile 30, Report an Issue 70, Guided Tour 75, Carrier
# administration 80, Logout 90.
account_menu.register(
    Entry(label="My Information", url_name="accounts:my-information", perm=Perm.SIGNED_IN, order=10),
    Entry(label="Edit Profile", url_name="accounts:profile", perm=Perm.SIGNED_IN, order=30),
    Entry(label="Logout", url_name="accounts:logout", perm=Perm.SIGNED_IN, order=90, method="post"),
)
account_menu.register(
    Entry(label="My Delegates", url_name="accounts:delegates", perm=Perm.DELEGATES_MANAGE, order=20),
)
account_menu.register(Entry(label="Guided Tour", url_name="accounts:tour", perm=Perm.SIGNED_IN, order=75))
help_links.register(
    help_links.HelpLink(
        label="Guided Tour",
        text="Where things are in this portal",
        url_name="accounts:tour",
        perm=Perm.SIGNED_IN,
        order=90,
    )
)
home.register(home.Panel(name="tour", template="accounts/_tour_card.html", perm=Perm.SIGNED_IN, order=0, context=card))
navigation.register(
    navigation.Entry(
        label="My Hierarchy",
        url_name="accounts:hierarchy",
        perm=Perm.HIERARCHY_VIEW,
        order=60,
        icon="diagram-3",
        prefix="/accounts/hierarchy/",
    )
)
activity.register(
    {
        "delegate.invitation_accepted": "Accepted the invitation",
    }
)

# Who is told that a delegate was added, changed or removed (HOM_08): both sides, in the portal. The emails about it are
# no matter of choice (delegate_notices).
ALWAYS_BY_EMAIL = "An email about this is always sent, for your safety."
kinds.register(
    *(
        kinds.Kind(
            code=code,
            label=label,
            group="Delegates",
            description=description,
            default_email=NotificationPreference.Email.OFF,
            roles=frozenset({"PRODUCER", "DELEGATE"}),
            email_note=ALWAYS_BY_EMAIL,
        )
        for code, label, description in (
            (delegate_notices.DELEGATE_ADDED, "Delegate added", "An invitation was accepted."),
            (delegate_notices.DELEGATE_CHANGED, "Delegate changed", "Rights or days of a delegate were changed."),
            (delegate_notices.DELEGATE_REMOVED, "Delegate removed", "The access of a delegate was ended."),
        )
    )
)
audience.register(own_states)
