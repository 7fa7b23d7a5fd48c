"""Client Search on an application: the person's own clients, found as the quick search finds them (APP_01, SRC_17)."""

from dataclasses import dataclass
from datetime import date

from accounts.models import User
from clients.models import ContactPoint, Member
from clients.selectors import search as finding
from enrollment.selectors.places import places_of_zip
from portal.common.access import Perm
from portal.common.dates import as_text

MOST_LINES = 8
# The kinds of number taken over, the likeliest first; the second part says whether it is a cellular phone.
NUMBERS = ((ContactPoint.Kind.CELL, True), (ContactPoint.Kind.HOME, False), (ContactPoint.Kind.WORK, False))


@dataclass(frozen=True)
class ClientLine:
    """A client to choose: the primary insured of a household."""

    pk: int
    name: str
    facts: str


@dataclass(frozen=True)
class ClientLines:
    """What a text finds. ``exact`` says whether it is what was typed, ``more`` that there are others beyond the lines."""

    lines: list[ClientLine]
    exact: bool = True
    more: bool = False


@dataclass(frozen=True)
class KnownClient:
    """What is on file of a client and can be taken over; ``county_fips`` is empty where the ZIP code leaves it open."""

    member: Member
    phone: str
    phone_is_mobile: bool
    email: str
    county_fips: str


def may_search(user: User) -> bool:
    """Clients are found by whoever may view clients; delegates who only enroll enter the applicant by hand."""
    return user.has_portal_perm(Perm.CLIENT_VIEW)


def client_lines(user: User, text: str, *, today: date) -> ClientLines:
    """Clients of the books the person may both view and enroll for; nothing for text that says nothing."""
    answer = finding.quick(user, text, today=today) if may_search(user) else None
    if answer is None:
        return ClientLines([])
    households: dict[int, None] = {}
    for reading in (answer.shown, *answer.others):
        if len(households) > MOST_LINES:
            break
        rows = finding.of_reading(user, reading).order_by("insured_last_key", "insured_first_key", "account_id")
        columns = ("insured_last_key", "insured_first_key", "account_id")
        households.update({row[2]: None for row in rows.values_list(*columns).distinct()[: MOST_LINES + 1]})
    members = Member.objects.for_user(user, perm=Perm.ENROLL).filter(
        role=Member.Role.PRIMARY, account__any_of=list(households)
    )
    found = sorted(members.select_related("account"), key=lambda one: list(households).index(one.account_id))
    return ClientLines([_line(one) for one in found[:MOST_LINES]], exact=answer.exact, more=len(found) > MOST_LINES)


def _line(member: Member) -> ClientLine:
    account = member.account
    place = f"{account.city}, {account.us_state} {account.zip}".strip(" ,")
    number = f"Account {account.number}" if account.number else ""
    facts = [f"born {as_text(member.date_of_birth)}", place, number]
    return ClientLine(member.pk, member.name, " · ".join(filter(None, facts)))


def known_client(user: User, pk: str) -> KnownClient | None:
    """What is on file of a client of the books the person may view and enroll for; ``None`` for anybody else."""
    if not (pk.isascii() and pk.isdigit() and len(pk) < 19) or not may_search(user):
        return None
    rows = Member.objects.for_user(user, perm=Perm.ENROLL).filter(pk=int(pk), role=Member.Role.PRIMARY)
    member = rows.select_related("account").first()
    if member is None or not Member.objects.for_user(user).filter(pk=member.pk).exists():
        return None
    points = {one.kind: one.value for one in member.contact_points.all()}
    phone, mobile = next(((points[kind], cell) for kind, cell in NUMBERS if points.get(kind)), ("", False))
    places = places_of_zip(member.account.zip, us_state=member.account.us_state)
    return KnownClient(
        member=member,
        phone=phone,
        phone_is_mobile=mobile,
        email=points.get(ContactPoint.Kind.EMAIL, ""),
        county_fips=places[0].county_fips if len(places) == 1 else "",
    )
