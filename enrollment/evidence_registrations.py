"""What proof of life events puts into the kernel's registries."""

from collections.abc import Mapping
from typing import Any

from ecomm.services.documents import when_decided
from enrollment.selectors.timeline import evidence_entries
from enrollment.selectors.timeline_traces import evidence_traces
from enrollment.services import evidence, evidence_reminders
from portal.common import activity, timeline
from portal.common.access import Perm
from portal.common.notifications import kinds
from portal.common.notifications.kinds import Kind
from portal.common.notifications.models import NotificationPreference
from portal.common.timeline import Source


def _sent(details: Mapping[str, Any]) -> str:
    files = details.get("files", 0)
    return f"Sent papers with an application ({'1 file' if files == 1 else f'{files} files'})"


timeline.register(Source(name="evidence", perm=Perm.ENROLL, order=70, entries=evidence_entries, traces=evidence_traces))
activity.register(
    {"evidence.sent": _sent, "evidence.attested": "Entered an attestation of the applicant with an application"}
)
kinds.register(
    Kind(
        code=evidence.REJECTED_NOTICE,
        label="A paper of an application was rejected",
        group="Quotes and applications",
        description="A paper sent as proof of a life event was not accepted; the application's papers say why.",
        default_email=NotificationPreference.Email.AT_ONCE,
        perm=Perm.ENROLL,
    ),
    Kind(
        code=evidence_reminders.NOTICE,
        label="Papers of an application are due",
        group="Quotes and applications",
        description="Something asked for with an application is due in 14 or 3 days, or is late.",
        default_email=NotificationPreference.Email.DIGEST,
        perm=Perm.ENROLL,
    ),
)
when_decided(evidence.follow)
