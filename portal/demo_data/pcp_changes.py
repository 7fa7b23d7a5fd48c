"""Provider changes in the demo: one that begins next month, and one the member system did not take over."""

from datetime import datetime

from django.db.models import QuerySet

from accounts.models import User
from clients.models import Coverage, MedicalGroup, MemberChange, PcpAssignment, PcpReason
from clients.rules.dated import add_months, first_of_month
from clients.rules.pcp_numbers import read_number
from clients.services import pcp
from clients.services.pcp import Asked
from portal.common.dates import today_in

FAMILY = "100200343"  # the HMO family with three medical groups
REASON = "Doctor/Med Grp Location"
REFUSAL = "The member was not found under this subscriber."


def add_pcp_changes(*, by: User, now: datetime) -> None:
    """Peter of the HMO family moves to his wife's group; of another household the change was refused.

    A demo without such households (a small one) gets none.
    """
    reason = PcpReason.objects.filter(label=REASON).first()
    if reason is None:
        return
    spouse = _covered(Coverage.objects.filter(member__account__number=FAMILY, member__role="SPOUSE"))
    others = Coverage.objects.filter(
        member__role="PRIMARY", policy__producer_number__producer=by.producer, policy__us_state="IL"
    ).exclude(member__account__number=FAMILY)
    with_one_pcp = _covered(others.filter(policy__member_count=1, policy__effective_date__lt=now.date()))
    _change(spouse[:1], "203", reason, by=by, now=now)
    _change(with_one_pcp[:1], "131", reason, by=by, now=now)
    for coverage in with_one_pcp[:1]:
        change = MemberChange.objects.filter(kind=MemberChange.Kind.PCP, member=coverage.member).first()
        if change:
            change.status, change.last_error = MemberChange.Status.REJECTED, REFUSAL
            change.attempts, change.sent_at, change.acked_at = 1, now, now
            change.save(update_fields=["status", "last_error", "attempts", "sent_at", "acked_at"])
            pcp.not_taken_over(change, now)


def _covered(rows: "QuerySet[Coverage]") -> list[Coverage]:
    """Those on an HMO or POS policy in force, with an assignment that has no end yet, in a fixed order."""
    found = rows.filter(
        policy__requires_pcp=True,
        policy__status="ACTIVE",
        term_date=None,
        policy__term_date=None,
        member__pcp_assignments__in=PcpAssignment.objects.filter(end_date=None),
    )
    return list(found.select_related("member", "policy__account").order_by("policy__account__number", "pk")[:5])


def _change(coverages: list[Coverage], number: str, reason: PcpReason, *, by: User, now: datetime) -> None:
    for coverage in coverages:
        if not MedicalGroup.objects.filter(number=number, us_state=coverage.policy.us_state).exists():
            continue
        asked = Asked(
            account=coverage.policy.account,
            number=read_number(number),
            effective_date=add_months(first_of_month(today_in(coverage.policy.us_state, now=now)), 1),
            reasons={coverage.pk: reason.code},
        )
        examined = pcp.examine(asked, by=by, now=now)
        if not examined.failed:
            pcp.change(asked=asked, seen=examined.seen, by=by, now=now, form_key=f"demo-{coverage.pk:011d}")
