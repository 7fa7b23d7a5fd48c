"""What is on its way to the member system for a household, in finished lines, and what it did not accept (CON_03, C28).

The portal shows the old values until the member system has answered; these lines say so beside them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from accounts import scoping
from accounts.models import User
from clients.models import Account, ContactPoint, MemberChange
from clients.rules.contact import KINDS
from clients.services.contact import WAITING
from portal.common.access import Perm
from portal.common.dates import moment_as_text

Kind, Status = MemberChange.Kind, MemberChange.Status
SHOWN = (Kind.CONTACT, Kind.PCP, Kind.ID_CARD)
FAILED = (Status.REJECTED, Status.DEAD)
# What was not accepted is shown this long, unless it is tried again or closed by the carrier's staff before.
FAILED_SHOWN_FOR = timedelta(days=30)
MOST_READ = 200
NOT_DELIVERED = "it could not be delivered"
TRY_AGAIN = "Try again"
# As clients.selectors.detail calls them.
PANEL_LABELS = {
    "HOME": "Home Phone",
    "CELL": "Cell Phone",
    "WORK": "Work Phone",
    "FAX": "Fax",
    "UNTYPED": "Phone Without a Type",
    "EMAIL": "E-mail Address",
}
WHERE = {Kind.CONTACT: "clients:contact", Kind.PCP: "clients:pcp", Kind.ID_CARD: "clients:id-cards"}


@dataclass(frozen=True, kw_only=True)
class PendingLine:
    """One line of the client's page. ``state`` is pending or problem; ``field`` the kind of contact point, if it is one.

    ``action_url`` leads to where it is tried again, for those who may.
    """

    text: str
    state: str
    field: str = ""
    action_url: str = ""
    action_label: str = ""

    @property
    def panel_label(self) -> str:
        """What the field is called in the contact panel; empty where it stands in none."""
        return PANEL_LABELS.get(self.field, "")


def pending_of(user: User, account: Account, *, now: datetime | None = None) -> list[PendingLine]:
    """What was changed for the household in the user's books and has not arrived, and what was refused. One query.

    Of several changes of one thing the newest counts. A change that was taken back before it was sent is not told.
    """
    now = now or timezone.now()
    changes = list(
        MemberChange.objects.for_user(user)
        .filter(account=account, kind__in=SHOWN)
        .filter(Q(status__in=WAITING) | Q(created_at__gte=now - FAILED_SHOWN_FOR))
        .select_related("member", "policy__producer_number")
        .order_by("-id")[:MOST_READ]
    )
    return [
        line
        for thing in _things(changes)
        if (line := _line(user, account, thing, [change for change in changes if thing.is_in(change)], now))
    ]


@dataclass(frozen=True)
class _Thing:
    """What can be pending: one contact point, one member's PCP, or one member's cards of one line of coverage."""

    kind: str
    member_id: int | None
    field: str
    label: str
    noun: str = "change"

    def is_in(self, change: MemberChange) -> bool:
        if change.kind != self.kind or change.member_id != self.member_id:
            return False
        if self.kind == Kind.CONTACT:
            return self.field in change.payload["after"]
        return self.kind != Kind.ID_CARD or change.payload.get("line", "") == self.field


def _things(changes: Sequence[MemberChange]) -> Iterator[_Thing]:
    """In the order of the screens: contact points, then PCPs, then cards."""
    contact = [change for change in changes if change.kind == Kind.CONTACT]
    for field in KINDS:
        of_field = [change for change in contact if field in change.payload["after"]]
        for member_id in dict.fromkeys(change.member_id for change in of_field):
            yield _Thing(Kind.CONTACT, member_id, field, ContactPoint.Kind(field).label)
    for kind, label, noun in ((Kind.PCP, "Primary Care Physician", "change"), (Kind.ID_CARD, "ID cards", "order")):
        seen = set()
        for change in reversed(changes):
            field = change.payload.get("line", "") if kind == Kind.ID_CARD else ""
            if change.kind == kind and (change.member_id, field) not in seen:
                seen.add((change.member_id, field))
                whose = f"{label} of {change.member.first_name}" if change.member else label
                yield _Thing(kind, change.member_id, field, whose, noun)


def _line(
    user: User, account: Account, thing: _Thing, changes: Sequence[MemberChange], now: datetime
) -> PendingLine | None:
    """``changes`` are those of the thing, the newest first; there is at least one."""
    newest = changes[0]
    if newest.status in FAILED:
        return _refused(user, account, thing, newest) if newest.created_at >= now - FAILED_SHOWN_FOR else None
    waiting = [change for change in changes if change.status in WAITING]
    if newest not in waiting or _taken_back(thing, waiting):
        return None
    since, by = moment_as_text(newest.created_at), _moment_after(newest.created_at, newest.not_before)
    text = f"{thing.label}: {thing.noun} pending since {since}, "
    if now > newest.not_before + settings.SYNC_OVERDUE_AFTER:
        text += f"overdue: it should have reached the member system by {by}"
    elif newest.status == Status.SENT:
        text += "sent to the member system, which has not answered yet"
    else:
        text += f"will reach the member system by {by}"
    return PendingLine(text=text, state="pending", field=thing.field if thing.kind == Kind.CONTACT else "")


def _moment_after(before: datetime, moment: datetime) -> str:
    """The time of day; with its day, when that is another one than ``before``."""
    day, _blank, time = moment_as_text(moment).partition(" ")
    return time if moment_as_text(before).startswith(day) else f"{day} {time}"


def _taken_back(thing: _Thing, waiting: Sequence[MemberChange]) -> bool:
    """Does nothing change in the end, and has nothing left yet?"""
    if thing.kind != Kind.CONTACT or any(change.status == Status.SENT for change in waiting):
        return False
    return _told(waiting[-1].payload["before"].get(thing.field)) == _told(waiting[0].payload["after"][thing.field])


def _told(data: dict[str, object] | None) -> tuple[object, ...] | None:
    return (data["value"], data["extension"], data["send_text"]) if data else None


def _refused(user: User, account: Account, thing: _Thing, change: MemberChange) -> PendingLine:
    why = change.last_error.rstrip(". ") if change.status == Status.REJECTED else NOT_DELIVERED
    url = _try_again_url(user, account, change)
    return PendingLine(
        text=f"{thing.label}: {thing.noun} not accepted by the member system{f': {why}' if why else ''}.",
        state="problem",
        field=thing.field if thing.kind == Kind.CONTACT else "",
        action_url=url,
        action_label=TRY_AGAIN if url else "",
    )


def _try_again_url(user: User, account: Account, change: MemberChange) -> str:
    """Where it is done again; empty for those who may only look, and for what is not offered any more."""
    on_book = scoping.perms_on_book(user, producer_id=change.policy.producer_number.producer_id)
    if not account.number or Perm.CLIENT_SERVICE not in on_book:
        return ""
    try:
        page = reverse(WHERE[Kind(change.kind)], args=[account.number])
    except NoReverseMatch:
        return ""
    return f"{page}?again={change.pk}" if change.kind == Kind.CONTACT else page
