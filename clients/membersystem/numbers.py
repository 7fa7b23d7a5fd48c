"""Account numbers and member ids that the member system gives out when it accepts an enrollment."""

import uuid
from collections.abc import Mapping

from clients.models import Account, Member, MemberChange

ACCOUNT = "account_number"
_MEMBER = "member:"
# A member the portal enrolled has a member id of its own making until the member system has told the real one.
PROVISIONAL = "NEW"


def provisional_member_id() -> str:
    """An id for a member row before the member system has given one out; at most 14 characters."""
    return f"{PROVISIONAL}{uuid.uuid4().hex[:11].upper()}"


def is_provisional(member_id: str) -> bool:
    """Whether the member system has not given this member an id yet."""
    return member_id.startswith(PROVISIONAL)


def member_key(member_pk: int) -> str:
    """How an answer names the member whose id it assigns."""
    return f"{_MEMBER}{member_pk}"


def store(change: MemberChange, assigned: Mapping[str, str]) -> None:
    """Keep the numbers an answer brought, in the caller's transaction. Numbers that are there already stay."""
    if number := assigned.get(ACCOUNT):
        Account.objects.filter(pk=change.account_id, number__isnull=True).update(number=number)
    for key, member_id in assigned.items():
        if key.startswith(_MEMBER):
            mine = Member.objects.filter(pk=int(key.removeprefix(_MEMBER)), account_id=change.account_id)
            mine.filter(member_id__startswith=PROVISIONAL).update(member_id=member_id)
