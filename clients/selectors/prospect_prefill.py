"""Add New Prospect filled in with a member of a household who will soon need coverage of their own (REP_14, PRO_01)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from accounts.models import Producer, User
from clients.models import ContactPoint, Member, Policy
from clients.selectors.prospects import WRITE


@dataclass(frozen=True)
class KnownMember:
    """``values`` are initial values of the form; ``agent`` is the producer of the newest policy, where the form offers that one."""

    values: dict[str, str]
    agent: Producer | None


def known_member(user: User, params: Mapping[str, str], *, agents: Sequence[Producer]) -> KnownMember | None:
    """What is known of the member of ``?member=<id>``; nothing where nobody is asked for.

    ``None`` when there is no such member in the books the user may add prospects to. Phone and email are the member's own:
    those of the primary insured stay with the household.
    """
    asked = params.get("member", "")
    if not asked:
        return KnownMember({}, None)
    if not (asked.isascii() and asked.isdigit() and len(asked) < 19):
        return None
    rows = Member.objects.for_user(user, perm=WRITE).filter(pk=int(asked)).select_related("account")
    member = rows.prefetch_related("contact_points").first()
    if member is None:
        return None
    newest = (
        Policy.objects.for_user(user, perm=WRITE).filter(account=member.account_id).order_by("-effective_date", "-id")
    )
    producer_id = newest.values_list("producer_number__producer_id", flat=True).first()
    points = {point.kind: point.value for point in member.contact_points.all()}
    account = member.account
    values = {
        "first_name": member.first_name,
        "middle_initial": member.middle_initial,
        "last_name": member.last_name,
        "address_1": account.address_1,
        "address_2": account.address_2,
        "city": account.city,
        "us_state": account.us_state,
        "zip": account.zip,
        "phone": points.get(ContactPoint.Kind.HOME, "") or points.get(ContactPoint.Kind.WORK, ""),
        "cell_phone": points.get(ContactPoint.Kind.CELL, ""),
        "email": points.get(ContactPoint.Kind.EMAIL, ""),
    }
    return KnownMember(values, next((agent for agent in agents if agent.pk == producer_id), None))
