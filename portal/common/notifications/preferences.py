"""Which kinds a person wants, and how (HOM_06)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from portal.common import audit
from portal.common.notifications import kinds
from portal.common.notifications.kinds import Kind
from portal.common.notifications.models import Notification, NotificationPreference


@dataclass(frozen=True)
class Choice:
    """How one kind reaches one person."""

    in_app: bool
    email: str


def choice_of(user: Any, kind: Kind) -> Choice:
    """What the person has chosen for this kind, or its default."""
    return _narrowed(kind, NotificationPreference.objects.filter(user_id=user.pk, kind=kind.code).first())


def choices_of(user: Any) -> dict[str, Choice]:
    """By code, what counts for each kind this person can get."""
    rows = {row.kind: row for row in NotificationPreference.objects.filter(user_id=user.pk)}
    return {kind.code: _narrowed(kind, rows.get(kind.code)) for _group, mine in kinds.groups_for(user) for kind in mine}


def _narrowed(kind: Kind, row: NotificationPreference | None) -> Choice:
    if row is None:
        return Choice(in_app=True, email=str(kind.default_email))
    return _possible(kind, Choice(in_app=row.in_app, email=row.email))


def _possible(kind: Kind, choice: Choice) -> Choice:
    """A choice is never less than what the kind must do, whatever an older row or a form says."""
    email = kind.default_email if kind.email_note else choice.email
    return Choice(in_app=choice.in_app or kind.mandatory, email=str(email))


@transaction.atomic
def save(*, by: Any, choices: Mapping[str, Choice]) -> list[str]:
    """Keep the person's own choices; kinds that this person cannot get are left out. Returns the codes that changed.

    Notices of a kind that no longer wants an email are taken out of the next digest.
    """
    now = choices_of(by)
    choices = {code: _possible(kinds.get(code), choice) for code, choice in choices.items() if code in now}
    changed = sorted(code for code, choice in choices.items() if choice != now[code])
    NotificationPreference.objects.bulk_create(
        (
            NotificationPreference(user=by, kind=code, in_app=choices[code].in_app, email=choices[code].email)
            for code in changed
        ),
        update_conflicts=True,
        unique_fields=["user", "kind"],
        update_fields=["in_app", "email"],
    )
    unwanted = [code for code in changed if choices[code].email == NotificationPreference.Email.OFF]
    if unwanted:
        Notification.objects.filter(recipient=by, digest_due=True, kind__in=unwanted).update(digest_due=False)
    if changed:
        audit.record(
            "notifications.preferences_changed",
            by=by,
            object_type="user",
            object_id=str(by.pk),
            details={"kinds": changed},
        )
    return changed
