"""Reading for the contact change: the primary insured, the others on the policy, the help desk (CON_01, CON_02, CON_09)."""

from dataclasses import dataclass
from datetime import date

from accounts.models import User
from clients.models import Account, ContactPoint, Coverage, Member, MemberChange, Policy
from clients.rules.contact import (
    CELL,
    CHANGES_OWN,
    EMAIL,
    ENDED,
    PHONES,
    USES_PRIMARYS,
    Consent,
    Contact,
    Point,
    changed_kinds,
    uses_primarys_contact,
)
from clients.selectors.detail import phone_text
from clients.selectors.pending_changes import FAILED, NOT_DELIVERED
from portal.common.access import Perm
from portal.common.content.selectors.contacts import lines_by_state


@dataclass(frozen=True)
class OtherMember:
    """Somebody on the policy whose contact information is not changed here, and why."""

    name: str
    role: str
    how: str


def primary_of(user: User, account: Account) -> Member | None:
    """The primary insured of a household in the user's books."""
    member: Member | None = (
        Member.objects.for_user(user).filter(account=account, role=Member.Role.PRIMARY).order_by("id").first()
    )
    return member


def reached_by(member: Member, *, primary: Member, today: date) -> Member:
    """Whose phone numbers and email address count for ``member``: a dependent under 18 has the primary insured's (CON_02)."""
    minor = uses_primarys_contact(role=member.role, date_of_birth=member.date_of_birth, today=today)
    return primary if minor else member


def others_on(user: User, policies: list[Policy], *, primary: Member, today: date) -> list[OtherMember]:
    """The others whom ``policies`` cover, the oldest first."""
    covered = Coverage.objects.filter(policy__in=policies).values("member_id")
    members = Member.objects.for_user(user).filter(account_id=primary.account_id, pk__in=covered).exclude(pk=primary.pk)
    return [
        OtherMember(
            member.name,
            member.get_role_display(),
            USES_PRIMARYS if reached_by(member, primary=primary, today=today) == primary else CHANGES_OWN,
        )
        for member in members.order_by("date_of_birth", "id")
    ]


def policy_for_change(policies: list[Policy]) -> Policy:
    """Under which of the policies (at least one, the newest first) the change is sent: one in force, if there is one."""
    return next((policy for policy in policies if policy.status not in ENDED), policies[0])


def refused_change(user: User, account: Account, change_id: str) -> MemberChange | None:
    """A contact change of the household that the member system did not accept, for one who may try it again."""
    if not (change_id.isascii() and change_id.isdigit() and len(change_id) < 19):
        return None
    changes = MemberChange.objects.for_user(user, perm=Perm.CLIENT_SERVICE).select_related("member")
    change: MemberChange | None = changes.filter(
        pk=int(change_id), account=account, kind=MemberChange.Kind.CONTACT, status__in=FAILED
    ).first()
    return change


def why_refused(change: MemberChange) -> str:
    """In the member system's words; a change that never got there says so."""
    reason = change.last_error if change.status == MemberChange.Status.REJECTED else ""
    return reason or f"{NOT_DELIVERED[0].upper()}{NOT_DELIVERED[1:]}"


def help_desk_phone(us_state: str) -> str:
    """The help desk of a state, out of the portal's contact data."""
    return next((line.phone for line in lines_by_state() if line.us_state == us_state), "")


# --- the confirmation ---


@dataclass(frozen=True)
class ContactLine:
    """One number or address on one side of the confirmation; ``mark`` says what becomes of it: New, Changed, Removed."""

    label: str
    value: str
    extension: str = ""
    send_text: str = ""
    mark: str = ""


@dataclass(frozen=True)
class Side:
    """Current or Updated (CON_07)."""

    phones: list[ContactLine]
    email: ContactLine


@dataclass(frozen=True)
class Comparison:
    """What there is beside what there will be; ``consent`` is what was said about text messages, or empty."""

    current: Side
    updated: Side
    consent: str


def comparison(before: Contact, after: Contact, consent: Consent | None) -> Comparison:
    """Both sides of the confirmation, in the guide's columns; a number that goes stays to be seen on the right."""
    kinds = [kind for kind in PHONES if kind in before or kind in after]
    changed = set(changed_kinds(before, after))
    current = [_line(kind, before[kind]) for kind in kinds if kind in before]
    updated = [_line(kind, after.get(kind) or before[kind], _mark(kind, before, after, changed)) for kind in kinds]
    email = after.get(EMAIL) or before.get(EMAIL)
    return Comparison(
        Side(current, _line(EMAIL, before.get(EMAIL))),
        Side(updated, _line(EMAIL, email, _mark(EMAIL, before, after, changed))),
        _consent_text(after.get(CELL), consent),
    )


def _consent_text(cell: Point | None, consent: Consent | None) -> str:
    if consent is None:
        return ""
    wants = "Wants" if cell and cell.send_text else "Does not want"
    return f"{wants} text messages: said by {consent.by}, {consent.how[:1].lower()}{consent.how[1:]}."


def _mark(kind: str, before: Contact, after: Contact, changed: set[str]) -> str:
    if kind not in changed:
        return ""
    return "Changed" if kind in before and kind in after else "New" if kind in after else "Removed"


def _line(kind: str, point: Point | None, mark: str = "") -> ContactLine:
    label = ContactPoint.Kind(kind).label
    if point is None:
        return ContactLine(label, "", mark=mark)
    if kind == EMAIL:
        return ContactLine(label, point.value, mark=mark)
    return ContactLine(label, phone_text(point.value), point.extension, "Yes" if point.send_text else "No", mark)


@dataclass(frozen=True)
class OnItsWay:
    """A kind with a pending change: what is on record and what is awaited, each in one line."""

    label: str
    on_record: str
    awaited: str


def on_their_way(on_record: Contact, awaited: Contact) -> list[OnItsWay]:
    """The pending changes behind the form, so that one can be taken back by entering what is on record."""
    return [
        OnItsWay(ContactPoint.Kind(kind).label, _in_one_line(on_record.get(kind)), _in_one_line(awaited.get(kind)))
        for kind in changed_kinds(on_record, awaited)
    ]


def _in_one_line(point: Point | None) -> str:
    if point is None:
        return "nothing"
    return phone_text(point.value, point.extension) + (", Send Text: Yes" if point.send_text else "")
