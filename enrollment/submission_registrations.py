"""What submitted applications put into the kernel's registries, and what they do with the member system's answers."""

from collections.abc import Mapping
from typing import Any

from clients.membersystem import outcomes
from clients.membersystem.outcomes import Outcomes
from clients.models import MemberChange
from enrollment.services import submission
from portal.common import activity
from portal.common.access import Perm
from portal.common.notifications import kinds
from portal.common.notifications.kinds import Kind
from portal.common.notifications.models import NotificationPreference

outcomes.register_also(
    MemberChange.Kind.ENROLL,
    Outcomes(accepted=submission.accepted, failed=submission.failed, tells_people=submission.is_of_an_application),
)
kinds.register(
    Kind(
        code=submission.ACCEPTED_NOTICE,
        label="An application was accepted",
        group="Quotes and applications",
        description="The member system took an application; the client's policies are in the book.",
        default_email=NotificationPreference.Email.OFF,
        perm=Perm.ENROLL,
    ),
    Kind(
        code=submission.FAILED_NOTICE,
        label="An application failed",
        group="Quotes and applications",
        description="The member system did not take an application. It can be corrected and submitted again.",
        default_email=NotificationPreference.Email.AT_ONCE,
        perm=Perm.ENROLL,
        mandatory=True,
    ),
)


def _submitted(details: Mapping[str, Any]) -> str:
    number = details.get("submission", 1)
    return "Submitted an application" if number == 1 else "Submitted an application again"


activity.register(
    {
        "application.submitted": _submitted,
        "application.refused": "Submitted an application, which was refused at once",
        "application.application_pdf_downloaded": "Downloaded the PDF of an application",
        "application.proof_pdf_downloaded": "Downloaded the proof packet of an application",
        "application.proof_file_downloaded": "Downloaded the proof file of an application",
    }
)
