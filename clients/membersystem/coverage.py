"""What an accepted enrollment, termination, reinstatement or first payment does to the policy as the portal shows it (ADR 0014)."""

from datetime import date, datetime, timedelta

from django.db.models import Q

from clients.membersystem import outcomes
from clients.membersystem.outcomes import Outcomes
from clients.membersystem.payloads import EnrolledPcp
from clients.models import Account, Coverage, MemberChange, PcpAssignment, Policy
from clients.rules.dated import add_months
from clients.services import policies, statuses

Kind = MemberChange.Kind
ADDRESS = ("address_1", "address_2", "city", "us_state", "zip")


def _enrolled(change: MemberChange, now: datetime) -> None:
    """Coverage from now on: in the producer's book, with the status that follows from the dates (ADR 0022).

    The numbers are stored by then (``clients.membersystem.numbers``). The address a household that was known before gave
    on its application counts from here.

    One policy for each E-App number and line: what the member system has taken a second time stays out of the book.
    """
    # In turn: two answers at once would both find none in the book.
    Account.objects.select_for_update(no_key=True).only("pk").get(pk=change.account_id)
    if _is_in_the_book_already(change):
        return
    Policy.objects.filter(pk=change.policy_id, awaits_acceptance=True).update(awaits_acceptance=False)
    if address := change.payload.get("address"):
        Account.objects.filter(pk=change.account_id).update(**{name: address[name] for name in ADDRESS})
        policies.refresh_insured(account_ids=[change.account_id])
    for chosen in change.payload.get("pcp", ()):
        _assign(change, chosen)
    statuses.refresh_policies(policy_ids=[change.policy_id], now=now)


def _is_in_the_book_already(change: MemberChange) -> bool:
    policy = Policy.objects.get(pk=change.policy_id)
    if not policy.awaits_acceptance or not policy.eapp_number:
        return False
    same = Policy.objects.in_the_book().filter(eapp_number=policy.eapp_number, line=policy.line)
    return same.filter(account=policy.account_id).exists()


def _assign(change: MemberChange, chosen: EnrolledPcp) -> None:
    """The PCP chosen with the enrollment, from the first day of coverage; whoever was there before ends the day before.

    A choice that begins on that day or later was made since and stays.
    """
    first = Coverage.objects.get(policy=change.policy_id, member=chosen["member"]).effective_date
    spans = PcpAssignment.objects.select_for_update().filter(member=chosen["member"])
    if spans.filter(effective_date__gte=first).exists():
        return
    before = spans.filter(Q(end_date__isnull=True) | Q(end_date__gte=first))
    before.update(end_date=first - timedelta(days=1))
    PcpAssignment.objects.create(
        member_id=chosen["member"],
        policy_id=change.policy_id,
        medical_group_id=chosen["group"],
        provider_id=chosen["provider"],
        effective_date=first,
        received_on=date.fromisoformat(chosen["received_on"]),
    )


def _termed(change: MemberChange, now: datetime) -> None:
    """Coverage ends with ``last_day``, for everybody on the policy whose own coverage does not end before.

    A carrier's status from before is out of date with it: the dates say from now on what the policy is.
    """
    last_day = date.fromisoformat(change.payload["last_day"])
    policy = _locked(change)
    policy.term_date, policy.term_date_derived = last_day, False
    policy.status_source = Policy.StatusSource.DERIVED
    if paid_to := change.payload["paid_to"]:
        policy.paid_to_date = date.fromisoformat(paid_to)
    policy.save(update_fields=["term_date", "term_date_derived", "status_source", "paid_to_date"])
    covered = Coverage.objects.filter(policy=policy)
    covered.filter(Q(term_date__isnull=True) | Q(term_date__gt=last_day)).update(term_date=last_day)
    statuses.refresh_policies(policy_ids=[policy.pk], now=now)


def _reinstated(change: MemberChange, now: datetime) -> None:
    """In force again, for everybody whose coverage had ended with the policy's.

    The member system's word is kept as the carrier's status until its feed brings what has been paid: by the dates on
    file the policy would have ended again.
    """
    policy = _locked(change)
    ended_with_it = Q(policy=policy, term_date=policy.term_date) & Q(term_date__isnull=False)
    Coverage.objects.filter(ended_with_it).update(term_date=None)
    policy.term_date, policy.term_date_derived = None, False
    policy.status, policy.status_source = Policy.Status.ACTIVE, Policy.StatusSource.CARRIER
    policy.save(update_fields=["term_date", "term_date_derived", "status", "status_source"])
    statuses.refresh_policies(policy_ids=[policy.pk], now=now)


def _locked(change: MemberChange) -> Policy:
    return Policy.objects.select_for_update(of=("self",)).get(pk=change.policy_id)


def _billed(change: MemberChange, now: datetime) -> None:
    """The first premium came in, or went back: the month it pays for, and the status that follows. A bill changes nothing.

    News of later months stays: only what the first payment made is taken back.
    """
    policy = _locked(change)
    first_month = add_months(policy.effective_date, 1)
    if change.payload["what"] == "settled":
        policy.binder_paid = True
        policy.paid_to_date = max(policy.paid_to_date or first_month, first_month)
    elif change.payload["what"] == "returned" and policy.paid_to_date in (None, first_month):
        policy.binder_paid, policy.paid_to_date = False, None
    policy.save(update_fields=["binder_paid", "paid_to_date"])
    statuses.refresh_policies(policy_ids=[policy.pk], now=now)


def register() -> None:
    outcomes.register(Kind.ENROLL, Outcomes(accepted=_enrolled))
    outcomes.register(Kind.TERM, Outcomes(accepted=_termed))
    outcomes.register(Kind.REINSTATE, Outcomes(accepted=_reinstated))
    outcomes.register(Kind.BILLING, Outcomes(accepted=_billed))
