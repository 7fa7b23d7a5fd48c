"""Contact changes of the demo: one on its way to the member system, one that it did not accept."""

from datetime import datetime, timedelta
from typing import Any

from accounts.models import User
from clients.membersystem.payloads import ContactPointData
from clients.models import MemberChange, Policy

# Account numbers of portal.demo_data.cases: the household without an email address, and the one with the accents.
WAITS, REFUSED = "100200351", "100200355"


def add_contact_changes(*, by: User, now: datetime) -> None:
    """Add one change asked for today, held back until tomorrow so that it can be looked at, and one refused yesterday."""
    _add(
        WAITS,
        before={"HOME": _point("3125550123"), "EMAIL": None},
        after={"HOME": _point("3125550188"), "EMAIL": _point("new.address@example.com")},
        by=by,
        at=now,
        not_before=now + timedelta(days=1),
    )
    yesterday = now - timedelta(hours=15)
    _add(
        REFUSED,
        before={"WORK": None},
        after={"WORK": _point("7135550164", extension="220")},
        by=by,
        at=yesterday,
        not_before=yesterday + timedelta(hours=4),
        status=MemberChange.Status.REJECTED,
        attempts=1,
        sent_at=yesterday + timedelta(hours=4),
        acked_at=yesterday + timedelta(hours=4, minutes=1),
        last_error="The member's record is being changed by customer service",
    )


def _point(value: str, *, extension: str = "") -> ContactPointData:
    return ContactPointData(value=value, extension=extension, send_text=False)


def _add(account_number: str, *, before: Any, after: Any, by: User, at: datetime, **columns: Any) -> None:
    policy = Policy.objects.filter(account__number=account_number).order_by("id").first()
    if policy is None:
        return  # a smaller demo without this household
    member = policy.account.members.get(role="PRIMARY")
    change = MemberChange.objects.create(
        kind=MemberChange.Kind.CONTACT,
        account_id=policy.account_id,
        member=member,
        policy=policy,
        payload={"before": before, "after": after},
        idempotency_key=f"CONTACT:{member.member_id}:demo",
        created_by=by,
        **columns,
    )
    change.created_at = at  # the field itself always says now
    change.save(update_fields=["created_at"])
