"""A proof file against this portal: its seal, and the rows it speaks of. For the carrier's staff, on nobody's behalf."""

from collections.abc import Sequence

from django.utils.crypto import constant_time_compare

from enrollment.application_record import answers as record
from enrollment.application_record.documents import SEAL
from enrollment.application_record.trail import event_as_content
from enrollment.models import Submission
from portal.common import crypto
from portal.common.hash_chain import Broken, Link
from portal.common.models import AuditEvent


def check(links: Sequence[Link]) -> None:
    """Raise ``Broken`` unless the chain was sealed by this portal and everything in it is on file as it says.

    ``links`` is a chain that holds (``hash_chain.verified``).
    """
    if links[0].content.get("kind") != "application" or links[-1].content.get("kind") != "seal":
        raise Broken("The file does not begin with the application and end with the seal.")
    head, seal = links[-1].previous, str(links[-1].content.get("seal", ""))
    if not constant_time_compare(seal, crypto.digest(head, purpose=SEAL)):
        raise Broken("The seal is not this portal's.")
    number = str(links[0].content.get("record_number", ""))
    for place, link in enumerate(links, 1):
        if link.content.get("kind") == "audit_event":
            _check_event(place, link)
        elif link.content.get("kind") == "submission":
            _check_submission(place, link, number)


def _check_event(place: int, link: Link) -> None:
    event = AuditEvent.objects.filter(pk=link.content["id"]).first()
    if event is None or event_as_content(event) != link.content:
        raise Broken(f"Line {place}: the audit trail on file says something else.")


def _check_submission(place: int, link: Link, record_number: str) -> None:
    one = Submission.objects.filter(application__record_number=record_number, number=link.content["number"]).first()
    told = (link.content["answers_sha256"], link.content["trail_sha256"])
    if one is None or (one.answers_sha256, one.trail_sha256) != told:
        raise Broken(f"Line {place}: the submission on file is another one.")
    if record.sha256_of(one.answers) != one.answers_sha256:
        raise Broken(f"Line {place}: the answers on file are not those that were submitted.")
