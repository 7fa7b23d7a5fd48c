"""The contact change of a primary insured: what stands, what is awaited, and the change itself (CON_01..10).

The member system owns the data. A change is written here as a fact that is owed to it, in one transaction with its audit
row, and shows on the client's page when the member system has accepted it.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.models import User
from clients.membersystem.payloads import ContactPayload, ContactPointData
from clients.models import ContactPoint, Member, MemberChange, Policy
from clients.rules.contact import (
    EMAIL,
    NO_CHANGE,
    Consent,
    Contact,
    Point,
    changed_kinds,
    consent_needed,
    with_changes,
    with_consent,
)
from clients.services import member_changes, trail
from portal.common import form_keys
from portal.common.messaging.send import send_email

# Not answered yet: what these say is what will stand there.
WAITING = (MemberChange.Status.PENDING, MemberChange.Status.SENT)
NOT_SAVED = "The changes could not be handed over. Nothing was saved"


class Unsuccessful(Exception):
    """The request was unsuccessful; ``errors`` are members with what is wrong, in sentences fit to show (CON_09)."""

    def __init__(self, errors: list[tuple[Member, str]]) -> None:
        self.errors = errors
        super().__init__("; ".join(text for _member, text in errors))


class NoChange(Unsuccessful):
    """Everything stands there already, or is on its way."""

    def __init__(self, member: Member) -> None:
        super().__init__([(member, NO_CHANGE)])


class ChangedMeanwhile(Exception):
    """Other contact data were saved, or came from the carrier, after the form was opened; ``standing`` is what there is now."""

    def __init__(self, standing: "Standing") -> None:
        self.standing = standing
        super().__init__(
            "This contact information has changed while you were editing it: by somebody else, by the carrier, or by you in "
            "another window. Nothing of yours was saved yet: compare the fields below and press Next again to go on with "
            "them as they stand here."
        )


@dataclass(frozen=True)
class Standing:
    """How a primary insured is reached: as it is on record, and as it will be when all that is on its way was accepted."""

    member: Member
    on_record: Contact
    awaited: Contact

    @property
    def pending(self) -> list[str]:
        """Kinds whose values are on their way to the member system."""
        return changed_kinds(self.on_record, self.awaited)

    @property
    def stamp(self) -> str:
        """Stands for the contact data as they are awaited now; another stamp means other data."""
        told = "\x1e".join(f"{kind}\x1f{point.said}" for kind, point in sorted(self.awaited.items()))
        return salted_hmac("clients.contact.stamp", f"{self.member.pk}\x1e{told}", algorithm="sha256").hexdigest()[:32]


def standing_of(member: Member) -> Standing:
    """What is on record for the member and what is on its way, whoever sent it: the values are the member's."""
    on_record = {
        point.kind: Point(
            value=point.value, extension=point.extension, send_text=point.send_text, consent=_consent_kept(point)
        )
        for point in ContactPoint.objects.filter(member=member)
    }
    awaited: Contact = on_record
    for change in MemberChange.objects.filter(
        member=member, kind=MemberChange.Kind.CONTACT, status__in=WAITING
    ).order_by("id"):
        awaited = with_changes(awaited, asked_for(change))
    return Standing(member, on_record, awaited)


def _consent_kept(point: ContactPoint) -> Consent | None:
    if point.text_consent_at is None and not point.text_consent_by:
        return None
    return Consent(at=point.text_consent_at, by=point.text_consent_by, how=point.text_consent_how)


def asked_for(change: MemberChange) -> dict[str, Point | None]:
    """What a contact change asks for, by kind; ``None`` takes a number or address away."""
    return {kind: _as_point(data) for kind, data in change.payload["after"].items()}


@transaction.atomic
def change(
    *,
    member: Member,
    policy: Policy,
    wanted: Contact,
    consent: Consent | None,
    seen: str,
    form_key: str,
    by: User,
    at: datetime,
) -> MemberChange | None:
    """Owe the member system the primary insured's new contact information; ``None`` when this form was saved already.

    ``wanted`` is all there is to be, by kind. ``seen`` is the stamp of what the person had before them, ``consent`` what was
    said about text messages in this form, ``policy`` the policy of the books under which it is done. Raises ``NoChange``,
    ``ChangedMeanwhile``, and ``ValueError`` for what no form lets through: a member who is not the primary insured (CON_01),
    or text messages about which nobody has said anything (CON_10).
    """
    if member.role != Member.Role.PRIMARY:
        raise ValueError("Only the primary insured's contact information is changed here.")
    # One after the other: whoever comes second sees what the first has asked for. Rows that refer to the member may be made
    # meanwhile: whoever makes them holds the household, for which this waits.
    member = Member.objects.select_for_update(of=("self",), no_key=True).get(pk=member.pk)
    standing = standing_of(member)
    fingerprint = _fingerprint(form_key, by, wanted)
    if not form_keys.first_time("contact", fingerprint, at=at):
        if changed_kinds(standing.awaited, wanted):
            raise ChangedMeanwhile(standing)
        return None
    kinds = changed_kinds(standing.awaited, wanted)
    if not kinds:
        raise NoChange(member)
    if not constant_time_compare(seen, standing.stamp):
        raise ChangedMeanwhile(standing)
    payload = ContactPayload(
        before={kind: _as_data(standing.awaited.get(kind)) for kind in kinds},
        after={kind: _as_data(_settled(standing.awaited.get(kind), wanted.get(kind), consent)) for kind in kinds},
    )
    trail.record("client.contact_changed", policy, by=by, fields=kinds)
    return member_changes.queue(
        kind=MemberChange.Kind.CONTACT,
        policy=policy,
        member=member,
        payload=dict(payload),
        reference=fingerprint,
        by=by,
        now=at,
    )


@transaction.atomic
def take_over(
    *, member: Member, policy: Policy, told: Contact, reference: str, by: User, at: datetime
) -> MemberChange | None:
    """Owe the member system what somebody who is a client has told with an application; ``None`` when it is known already.

    ``told`` are numbers and an address to be reached by; others stay. A number that stands under another type, or is on its way, is
    no change. Nothing is said about text messages by it. The household's row is locked by the caller, behind whose changes this
    one is sent; the same ``reference`` is one change.
    """
    awaited = standing_of(member).awaited
    numbers = {point.value for kind, point in awaited.items() if kind != EMAIL}
    wanted = dict(awaited)
    for kind, point in told.items():
        before = awaited.get(kind)
        same_address = kind == EMAIL and before is not None and before.value.lower() == point.value.lower()
        if not (same_address or (kind != EMAIL and point.value in numbers)):
            wanted[kind] = point
    kinds = changed_kinds(awaited, wanted)
    if not kinds:
        return None
    payload = ContactPayload(
        before={kind: _as_data(awaited.get(kind)) for kind in kinds},
        after={kind: _as_data(wanted[kind]) for kind in kinds},
    )
    trail.record("client.contact_changed", policy, by=by, fields=kinds)
    return member_changes.queue(
        kind=MemberChange.Kind.CONTACT,
        policy=policy,
        member=member,
        payload=dict(payload),
        reference=reference,
        by=by,
        now=at,
    )


def _fingerprint(form_key: str, by: User, wanted: Contact) -> str:
    """Names this form with this content, sent by this person: a double click has the same one."""
    told = "\x1e".join(f"{kind}\x1f{point.said}" for kind, point in sorted(wanted.items()))
    return hashlib.sha256(f"{form_key}\x1e{by.pk}\x1e{told}".encode()).hexdigest()[:40]


def _settled(before: Point | None, after: Point | None, consent: Consent | None) -> Point | None:
    if after is None:
        return None
    if consent_needed(before, after) and (consent is None or not (consent.by and consent.how)):
        raise ValueError("Who agreed to text messages, and how, is not known.")
    return with_consent(before, after, consent)


def record_opened(policy: Policy, *, by: User) -> None:
    """Every look at contact information is written down."""
    trail.record("client.contact_opened", policy, by=by)


# --- payloads ---


def _as_data(point: Point | None) -> ContactPointData | None:
    if point is None:
        return None
    data = ContactPointData(value=point.value, extension=point.extension, send_text=point.send_text)
    if point.consent is not None:
        data["text_consent_at"] = point.consent.at.isoformat() if point.consent.at else None
        data["text_consent_by"] = point.consent.by
        data["text_consent_how"] = point.consent.how
    return data


def _as_point(data: Mapping[str, Any] | None) -> Point | None:
    if data is None:
        return None
    at, by, how = (data.get(f"text_consent_{part}") for part in ("at", "by", "how"))
    consent = Consent(at=datetime.fromisoformat(at) if at else None, by=by or "", how=how or "") if at or by else None
    return Point(value=data["value"], extension=data["extension"], send_text=data["send_text"], consent=consent)


# --- what the member system answered ---


def accepted(change: MemberChange, now: datetime) -> None:
    """Bring the client's page up to date with an accepted change (CON_03). Twice is the same as once.

    The address before is told of a new email address now, when it has changed, and not when it was asked for: a change
    that is corrected, taken back or refused on the way alarms nobody.
    """
    member = Member.objects.select_for_update(of=("self",)).get(changes=change.pk)
    for kind, point in asked_for(change).items():
        _keep(member, kind, point)
    _tell_address_before(change, now)


def _keep(member: Member, kind: str, point: Point | None) -> None:
    if point is None:
        ContactPoint.objects.filter(member=member, kind=kind).delete()
        return
    consent = point.consent or Consent(at=None, by="", how="")
    ContactPoint.objects.update_or_create(
        member=member,
        kind=kind,
        defaults={
            "value": point.value,
            "extension": point.extension,
            "send_text": point.send_text,
            "text_consent_at": consent.at,
            "text_consent_by": consent.by,
            "text_consent_how": consent.how,
        },
    )


def _tell_address_before(change: MemberChange, now: datetime) -> None:
    """Somebody else may have asked for the change: whoever reads the address before is told, once, without the new one."""
    before, after = change.payload["before"].get(EMAIL), change.payload["after"].get(EMAIL)
    if EMAIL not in change.payload["after"] or before is None or (after and after["value"] == before["value"]):
        return
    if not form_keys.first_time("contact-notice", str(change.pk), at=now):
        return
    send_email(
        to=before["value"],
        kind="contact_email_changed",
        subject=f"The email address that {settings.CARRIER_NAME} has for you was changed",
        context={"changed_at": now, "removed": after is None},
    )
