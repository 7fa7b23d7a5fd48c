"""What client pages read, always starting from the books the user may open."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from accounts.models import User
from clients.forms.search import SimpleSearchForm
from clients.models import Account, ContactPoint, Member, Policy
from clients.models.accounts import ssn_last4_digest
from clients.models.policies import PolicyQuerySet
from clients.rules.grace_tables import Channel
from clients.rules.policy_status import PolicyFacts, StatusDecision, policy_status
from clients.tables import status_pill, status_text
from portal.common.dates import today_in


def search_policies(user: User, search: dict[str, Any]) -> PolicyQuerySet:
    """Policies whose primary insured matches ``search``, in the user's books only (SRC_02, SRC_10).

    Scope comes first, so however many others share a name or number, none of the user's own clients is lost.
    """
    policies = Policy.objects.for_user(user)
    if search["by"] == SimpleSearchForm.SSN_LAST4:
        return policies.filter(insured_ssn_digest=ssn_last4_digest(search["value"]))
    return policies.filter(account__number=search["value"])


@dataclass(frozen=True)
class PolicyLine:
    """One policy on the client's page with its status in plain words."""

    policy: Policy
    status_text: str
    status_pill: str
    explanation: str


@dataclass(frozen=True)
class HouseholdMember:
    member: Member
    covered_by: list[str]


@dataclass(frozen=True)
class ClientDetail:
    """Everything the client's page shows (DET_01)."""

    account: Account
    primary: Member
    address_lines: list[str]
    email: str
    home_phone: str
    cell_phone: str
    work_phone: str
    spouse_cell_phone: str
    fax: str
    policies: list[PolicyLine]
    household: list[HouseholdMember]


def client_detail(user: User, account: Account) -> ClientDetail:
    """Read one household as far as it belongs to the user's books: other producers' policies do not appear."""
    policies = list(
        Policy.objects.for_user(user)
        .filter(account=account)
        .select_related("producer_number__producer")
        .prefetch_related("coverages")
        .order_by("-effective_date", "line", "id")
    )
    covered: dict[int, list[str]] = {}
    for policy in policies:
        for coverage in policy.coverages.all():
            covered.setdefault(coverage.member_id, []).append(policy.product_name)
    members = [
        member
        for member in Member.objects.for_user(user)
        .filter(account=account)
        .prefetch_related("contact_points")
        .order_by("id")
        if member.id in covered or member.role == Member.Role.PRIMARY
    ]
    primary = next(member for member in members if member.role == Member.Role.PRIMARY)
    spouse = next((member for member in members if member.role == Member.Role.SPOUSE), None)
    today = today_in(account.us_state)
    return ClientDetail(
        account=account,
        primary=primary,
        address_lines=_address_lines(account),
        email=_contact(primary, ContactPoint.Kind.EMAIL),
        home_phone=_contact(primary, ContactPoint.Kind.HOME),
        cell_phone=_contact(primary, ContactPoint.Kind.CELL),
        work_phone=_contact(primary, ContactPoint.Kind.WORK),
        spouse_cell_phone=_contact(spouse, ContactPoint.Kind.CELL) if spouse else "",
        fax=_contact(primary, ContactPoint.Kind.FAX),
        policies=[_policy_line(policy, today) for policy in policies],
        household=[HouseholdMember(member, covered.get(member.id, [])) for member in members],
    )


def _address_lines(account: Account) -> list[str]:
    place = f"{account.city}, {account.us_state} {account.zip}".strip(", ")
    return [line for line in (account.address_1, account.address_2, place) if line]


def _contact(member: Member, kind: str) -> str:
    point = next((point for point in member.contact_points.all() if point.kind == kind), None)
    if point is None:
        return ""
    return point.value if kind == ContactPoint.Kind.EMAIL else phone_text(point.value, point.extension)


def phone_text(ten_digits: str, extension: str = "") -> str:
    """(312) 555-0142, with "ext. 12" where there is one; anything but ten digits is shown as it is."""
    if len(ten_digits) != 10:
        return ten_digits
    number = f"({ten_digits[:3]}) {ten_digits[3:6]}-{ten_digits[6:]}"
    return f"{number} ext. {extension}" if extension else number


def facts_of(policy: Policy) -> PolicyFacts:
    """A policy row as the status rules want it."""
    return PolicyFacts(
        effective_date=policy.effective_date,
        channel=Channel(policy.market),
        state=policy.us_state,
        aptc=policy.aptc_amount > 0,
        net_premium=policy.net_premium,
        binder_paid=policy.binder_paid,
        paid_to=policy.paid_to_date,
        term_date=policy.term_date,
        binder_due=policy.binder_due_date,
        grace_started=policy.grace_started_on,
        notice_mailed=policy.cancellation_notice_mailed_on,
    )


def _policy_line(policy: Policy, today: date) -> PolicyLine:
    decision: StatusDecision = policy_status(facts_of(policy), today=today)
    # The carrier's status is the truth; our explanation is only shown where both say the same.
    agrees = decision.status.value == policy.status
    return PolicyLine(
        policy=policy,
        status_text=status_text(policy),
        status_pill=status_pill(policy),
        explanation=decision.explanation if agrees else "",
    )
