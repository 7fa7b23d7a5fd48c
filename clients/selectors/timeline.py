"""What a household's policies tell its timeline: the application, when coverage begins and ends, what is to be paid."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta

from accounts.models import User
from clients.models import Policy
from clients.rules.policy_status import StatusDecision
from clients.selectors.detail import agrees, decide
from portal.common.dates import as_text
from portal.common.timeline import ROWS_AT_MOST, Entry, Household

KIND, ICON = "Policy", "clipboard-check"


def policy_entries(user: User, household: Household) -> Sequence[Entry]:
    """Events of the newest policies of the household in the user's books.

    Two policies that went the same way on the same day are one entry about both.
    """
    policies = Policy.objects.for_user(user).filter(account=household.account)
    newest = policies.order_by("-effective_date", "-id")[:ROWS_AT_MOST]
    told: dict[Entry, list[str]] = {}
    for policy in newest:
        for entry in _events(policy, household.today):
            told.setdefault(entry, []).append(policy.product_name)
    return [replace(entry, about=tuple(sorted(set(about)))) for entry, about in told.items()]


def _events(policy: Policy, today: date) -> Iterator[Entry]:
    yield from _application(policy)
    yield from _coverage(policy, today)
    decision = decide(policy)
    # Days that only the rules know are told where they and the carrier agree on the status.
    if agrees(policy, decision):
        yield from _payments(policy, decision, today)


def _application(policy: Policy) -> Iterator[Entry]:
    number = f"E-App number {policy.eapp_number}" if policy.eapp_number else ""
    if policy.application_started_on:
        yield _entry(policy.application_started_on, "Application started", number)
    if policy.application_signed_on:
        yield _entry(policy.application_signed_on, "Application signed", number)
    if policy.application_submitted_at:
        yield Entry(
            at=policy.application_submitted_at, kind=KIND, title="Application submitted", text=number, icon=ICON
        )


def _coverage(policy: Policy, today: date) -> Iterator[Entry]:
    ahead = policy.effective_date > today
    if policy.status == Policy.Status.CANCELLED:
        yield _entry(policy.effective_date, "Cancelled", "Coverage was to begin on this day and was never in force.")
        return
    if policy.status == Policy.Status.INITIAL_PAYMENT_DUE:
        yield _entry(policy.effective_date, "Coverage to begin", "Not in force before the first payment is received.")
    else:
        yield _entry(policy.effective_date, "Coverage begins" if ahead else "Coverage began")
    if policy.term_date:
        yield _entry(policy.term_date, "Last day of coverage", _ended(policy) if policy.term_date < today else "")


def _payments(policy: Policy, decision: StatusDecision, today: date) -> Iterator[Entry]:
    if policy.status == Policy.Status.GRACE:
        if decision.grace_start:
            yield _entry(decision.grace_start, "Grace period began", "The premium due was not received.")
        if decision.grace_end:
            unpaid = as_text(decision.term_if_unpaid)
            then = f"If the premiums owed are not received, the last day of coverage is {unpaid}." if unpaid else ""
            yield _entry(decision.grace_end, "Last day to pay", then)
    elif policy.status == Policy.Status.ACTIVE and policy.paid_to_date and policy.net_premium > 0:
        if policy.term_date is None or policy.paid_to_date <= policy.term_date:
            yield _entry(policy.paid_to_date, "Premium due", f"${policy.net_premium:,.2f}")
    elif policy.status == Policy.Status.INITIAL_PAYMENT_DUE and decision.days_left is not None:
        yield _entry(
            today + timedelta(days=decision.days_left), "Last day for the first payment", f"${policy.net_premium:,.2f}"
        )


def _ended(policy: Policy) -> str:
    return "Termed, as worked out from the dates." if policy.term_date_derived else "Termed."


def _entry(day: date, title: str, text: str = "") -> Entry:
    return Entry(at=day, kind=KIND, title=title, text=text, icon=ICON)
