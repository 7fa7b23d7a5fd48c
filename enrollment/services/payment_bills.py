"""What the member system is told of a first premium: that it is to be billed by mail, came in, or was returned (SIG_05, PAY_08)."""

from datetime import datetime

from clients.models import Member, MemberChange, Policy
from clients.services import member_changes
from enrollment.models import Application, Payment, Submission
from enrollment.rules import first_payment
from enrollment.rules.payment_states import (
    PAID_OR_ON_ITS_WAY,
)
from portal.common.dates import today_in


def bill_if_owed(*, application: Application, at: datetime) -> None:
    """Once the application is accepted: a notice for the bill by mail, unless the first premium is paid or on its way.

    Told once for each policy, whatever happens afterwards (PAY_08). In the caller's transaction.
    """
    newest = application.submissions.defer("answers").order_by("-number").first()
    if newest is None or newest.outcome != Submission.Outcome.ACCEPTED:
        return
    if application.payments.filter(state__in=PAID_OR_ON_ITS_WAY).exists():
        return
    tell_member_system(application, "bill", None, at)


def tell_member_system(application: Application, what: str, payment: Payment | None, at: datetime) -> None:
    """Owe the member system "bill", "settled" or "returned" of the first premium, once for each of the policies."""
    newest = application.submissions.order_by("-number").select_related("submitted_by").defer("answers").first()
    if newest is None:
        return
    submitted_on = today_in(application.us_state, now=application.submitted_at or at)
    rows = Policy.objects.filter(submissions__submission__application=application, awaits_acceptance=False)
    for policy in rows.distinct().order_by("id"):
        primary = Member.objects.filter(account_id=policy.account_id, role=Member.Role.PRIMARY).order_by("id").first()
        if primary is None:
            continue
        due = first_payment.due_on(effective_date=policy.effective_date, submitted_on=submitted_on)
        member_changes.queue(
            kind=MemberChange.Kind.BILLING,
            policy=policy,
            member=primary,
            payload={
                "what": what,
                "amount": str(policy.monthly_premium),
                "due_on": due.isoformat(),
                "payment": payment.number if payment else "",
            },
            reference=f"{application.record_number}-{policy.line}-{what}{f'-{payment.number}' if payment else ''}",
            by=newest.submitted_by,
            now=at,
        )
