"""What the member-system sync puts into the kernel's registries."""

from accounts.models import User
from clients.membersystem import coverage, figures, notices
from clients.selectors.member_changes import change_entries
from clients.selectors.timeline_traces import change_traces
from portal.common import monitoring, timeline
from portal.common.access import Perm
from portal.common.notifications import kinds
from portal.common.notifications.kinds import Kind
from portal.common.notifications.models import NotificationPreference
from portal.common.timeline import Source

coverage.register()
monitoring.register("member changes", problems=figures.problems, metrics=figures.metrics)
timeline.register(
    Source(name="member-changes", perm=Perm.CLIENT_VIEW, order=15, entries=change_entries, traces=change_traces)
)
kinds.register(
    Kind(
        code=notices.FAILED,
        label="Change not accepted",
        group="Clients",
        description="A change to a client's record was not accepted by the member system, or could not be delivered to it.",
        default_email=NotificationPreference.Email.AT_ONCE,
        perm=Perm.CLIENT_VIEW,
        roles=frozenset({User.Role.PRODUCER, User.Role.DELEGATE}),
        mandatory=True,
    ),
    Kind(
        code=notices.ATTENTION,
        label="Member changes that need attention",
        group="Administration",
        description="Changes for the member system were given up, are overdue or were not answered within a day.",
        default_email=NotificationPreference.Email.DIGEST,
        perm=Perm.CARRIER_ADMIN,
        roles=frozenset({User.Role.CARRIER_ADMIN}),
        staff_permission="clients.change_memberchange",
    ),
)
