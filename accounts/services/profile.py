"""The business contact a producer keeps for each of the nine-digit numbers (PRF_02..05, C9).

Nothing here decides where codes go: that is the producer record's email and mobile, which the portal does not edit.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.models import ProducerNumber, User
from accounts.rules.contact_masks import mask_email
from portal.common import audit
from portal.common.dates import US_STATES
from portal.common.messaging.send import send_email

EDITABLE = ("company_name", "address_1", "address_2", "city", "address_state", "zip", "phone", "email")


class ChangedMeanwhile(Exception):
    """Somebody saved other contact data after this form was opened; ``saved`` is what stands there now."""

    def __init__(self, saved: ProducerNumber) -> None:
        self.saved = saved
        super().__init__(
            "Somebody has changed this profile while you were editing it, perhaps you in another window. Nothing of "
            "yours was saved yet: compare the fields below and press Update Profile again to save them as they stand "
            "here."
        )


@dataclass(frozen=True)
class Saved:
    """What became of an update: the names of the fields that changed, and who was told about a new email address."""

    changed: tuple[str, ...]
    notified: str = ""


def stamp(number: ProducerNumber) -> str:
    """Stands for the contact data as they are now; another stamp means other data."""
    values = "\x1f".join(str(getattr(number, name)) for name in EDITABLE)
    return salted_hmac("accounts.profile.stamp", f"{number.pk}\x1f{values}", algorithm="sha256").hexdigest()[:32]


@transaction.atomic
def update(*, number: ProducerNumber, contact: Mapping[str, str], seen: str, by: User, at: datetime) -> Saved:
    """Save the business contact of one producer number; ``seen`` is the ``stamp`` of what the person had before them.

    ``contact`` has the fields of ``EDITABLE``; name and number are not among them (PRF_03). A new email address is told
    to the old one, or to the address on record when there was none (PRF_05). What stands there already is saved once:
    the same form twice is one change. Raises ``ChangedMeanwhile``.
    """
    current = ProducerNumber.objects.select_for_update(of=("self",)).select_related("producer").get(pk=number.pk)
    changed = tuple(name for name in EDITABLE if getattr(current, name) != contact[name])
    if not changed:
        return Saved(())
    if not constant_time_compare(seen, stamp(current)):
        raise ChangedMeanwhile(current)
    old_email = current.email
    for name in changed:
        setattr(current, name, contact[name])
    current.save(update_fields=changed)
    audit.record(
        "profile.updated",
        by=by,
        for_producer=current.producer.npn,
        object_type="producernumber",
        object_id=current.number,
        details={"fields": list(changed)},
    )
    notified = _tell_old_address(current, old_email, at) if "email" in changed else ""
    return Saved(changed, notified)


def _tell_old_address(number: ProducerNumber, old_email: str, at: datetime) -> str:
    to = old_email or number.producer.record_email
    send_email(
        to=to,
        kind="profile_email_changed",
        subject=f"The email address on your {settings.PORTAL_NAME} profile was changed",
        context={
            "changed_at": at,
            "state_name": US_STATES[number.us_state],
            "number": number.number,
            "new_email": mask_email(number.email),
        },
    )
    return to
