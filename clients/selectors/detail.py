"""What the client's page reads, always starting from the books the user may open (DET_01 to DET_04)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from accounts import scoping
from accounts.models import User
from clients.models import Account, ContactPoint, Coverage, Member, Policy
from clients.rules.approaching import approaching
from clients.rules.policy_status import PolicyStatus, StatusDecision, policy_status
from clients.rules.status_facts import Fact, status_facts
from clients.services.statuses import facts_of
from clients.tables import status_pill, status_text
from portal.common import member_actions
from portal.common.access import Perm
from portal.common.dates import as_text, today_in
from portal.common.member_actions import MemberLink

ENDED = {Policy.Status.TERMED.value, Policy.Status.CANCELLED.value}
NO_ACCOUNT_NUMBER = (
    "This household has no account number yet. Until the carrier assigns one, it opens by its E-App number."
)


@dataclass(frozen=True)
class PolicyLine:
    """One policy on the client's page with its status in plain words.

    ``explanation`` and ``status_facts`` stand only where the carrier's status and the dates on file say the same;
    where they do not, ``conflict`` says what the dates say. ``remarks`` name facts that are missing or odd.
    """

    policy: Policy
    kind: str
    status_text: str
    status_pill: str
    explanation: str
    conflict: str
    status_facts: list[Fact]
    dates_and_money: list[Fact]
    numbers: list[Fact]
    remarks: list[str]


@dataclass(frozen=True)
class CoveredBy:
    """One policy that covers a person; ``days`` says from when to when."""

    product_name: str
    days: str
    ended: bool


@dataclass(frozen=True)
class HouseholdMember:
    """``notice`` says that an age is near that changes the coverage; ``links`` lead to what can be done about it."""

    member: Member
    covered_by: list[CoveredBy]
    notice: str = ""
    links: list[MemberLink] = field(default_factory=list)


@dataclass(frozen=True)
class ClientDetail:
    """Everything the client's page shows (DET_01). ``contact`` in the guide's fields and order."""

    account: Account
    primary: Member
    address_lines: list[str]
    email: str
    phones: list[Fact]
    policies: list[PolicyLine]
    ended_policies: list[PolicyLine]
    household: list[HouseholdMember]
    eapp_number: str

    @property
    def all_policies(self) -> list[Policy]:
        return [line.policy for line in (*self.policies, *self.ended_policies)]

    @property
    def note(self) -> str:
        return "" if self.account.number else NO_ACCOUNT_NUMBER


def policies_of(user: User, account: Account) -> list[Policy]:
    """The household's policies in the user's books, the newest first: other producers' do not appear."""
    policies = Policy.objects.for_user(user).filter(account=account).select_related("producer_number__producer")
    return list(policies.order_by("-effective_date", "line", "id"))


def client_detail(user: User, account: Account) -> ClientDetail:
    """Read one household as far as it belongs to the user's books, in a number of queries that does not grow."""
    policies = policies_of(user, account)
    coverages = Coverage.objects.filter(policy__in=policies).order_by("id")
    covers: dict[int, dict[int, Coverage]] = {policy.pk: {} for policy in policies}
    for coverage in coverages:
        covers[coverage.policy_id][coverage.member_id] = coverage
    covered_ids = {member_id for of_policy in covers.values() for member_id in of_policy}
    members = [
        member
        for member in Member.objects.for_user(user)
        .filter(account=account)
        .prefetch_related("contact_points")
        .order_by("id")
        if member.id in covered_ids or member.role == Member.Role.PRIMARY
    ]
    members.sort(key=lambda member: (_ROLE_ORDER[Member.Role(member.role)], member.date_of_birth, member.pk))
    primary = next(member for member in members if member.role == Member.Role.PRIMARY)
    spouse = next((member for member in members if member.role == Member.Role.SPOUSE), None)
    lines = [
        _policy_line(policy, [member.first_name for member in members if member.pk in covers[policy.pk]])
        for policy in policies
    ]
    # What is in force, or will be, is what the call is about; the rest is folded unless there is nothing else.
    current = [line for line in lines if line.policy.status not in ENDED]
    ended = [line for line in lines if line.policy.status in ENDED] if current else []
    return ClientDetail(
        account=account,
        primary=primary,
        address_lines=_address_lines(account),
        email=_contact(primary, ContactPoint.Kind.EMAIL),
        phones=_phones(primary, spouse),
        policies=current or lines,
        ended_policies=ended,
        household=[_household_member(user, member, policies, covers) for member in members],
        eapp_number=next((policy.eapp_number for policy in policies if policy.eapp_number), ""),
    )


_ROLE_ORDER = {Member.Role.PRIMARY: 0, Member.Role.SPOUSE: 1, Member.Role.CHILD: 2}


def policies_under(user: User, policies: Sequence[Policy]) -> Callable[[Perm], list[Policy]]:
    """Of policies the user may see, those on whose book a right is held: a delegate's differ from producer to producer."""
    perms = {
        producer_id: scoping.perms_on_book(user, producer_id=producer_id)
        for producer_id in {policy.producer_number.producer_id for policy in policies}
    }
    return lambda perm: [policy for policy in policies if perm in perms[policy.producer_number.producer_id]]


# --- the contact panel ---


def _address_lines(account: Account) -> list[str]:
    place = f"{account.city}, {account.us_state} {account.zip}".strip(", ")
    return [line for line in (account.address_1, account.address_2, place) if line]


def _phones(primary: Member, spouse: Member | None) -> list[Fact]:
    """The guide's five in its order. A number whose kind the carrier does not know is told too, or it would be lost."""
    told = [
        ("Home Phone", _contact(primary, ContactPoint.Kind.HOME)),
        ("Cell Phone", _contact(primary, ContactPoint.Kind.CELL)),
        ("Work Phone", _contact(primary, ContactPoint.Kind.WORK)),
        ("Spouse Cell Phone", _contact(spouse, ContactPoint.Kind.CELL) if spouse else ""),
        ("Fax", _contact(primary, ContactPoint.Kind.FAX)),
    ]
    untyped = _contact(primary, ContactPoint.Kind.UNTYPED)
    return [*told, ("Phone Without a Type", untyped)] if untyped else told


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


# --- household ---


def _household_member(
    user: User, member: Member, policies: list[Policy], covers: dict[int, dict[int, Coverage]]
) -> HouseholdMember:
    covered_by = _covered_by(member, policies, covers)
    in_force = [policy for policy in policies if member.pk in covers[policy.pk] and policy.status not in ENDED]
    if not in_force:
        return HouseholdMember(member, covered_by)
    newest = in_force[0]
    notice = approaching(
        member.date_of_birth,
        is_child=member.role == Member.Role.CHILD,
        on_exchange=newest.market == Policy.Market.ON,
        us_state=newest.us_state,
        today=today_in(newest.us_state),
    )
    if notice is None:
        return HouseholdMember(member, covered_by)
    under = policies_under(user, in_force)
    links = member_actions.links_for(user, member.pk, holds=lambda perm: bool(under(perm)))
    return HouseholdMember(member, covered_by, notice.sentence, links)


def _covered_by(member: Member, policies: list[Policy], covers: dict[int, dict[int, Coverage]]) -> list[CoveredBy]:
    return [
        CoveredBy(policy.product_name, _days_covered(policy, coverage), policy.status in ENDED)
        for policy in policies
        if (coverage := covers[policy.pk].get(member.pk))
    ]


def _days_covered(policy: Policy, coverage: Coverage) -> str:
    """From when to when, both inclusive. A cancelled policy covers nobody, whatever dates the carrier sends with it."""
    if policy.status == Policy.Status.CANCELLED:
        return "never in force"
    first, last = as_text(coverage.effective_date), as_text(coverage.term_date or policy.term_date)
    return f"{first} to {last}" if last else f"from {first}"


# --- policies ---


def decide(policy: Policy) -> StatusDecision:
    """What the rules make of a policy's dates today, in the policy's state."""
    return policy_status(facts_of(policy), today=today_in(policy.us_state))


def agrees(policy: Policy, decision: StatusDecision) -> bool:
    """Whether the carrier reports the status that the dates lead to. Its word counts; only agreed ones are explained.

    Where the carrier reports none there is nothing to disagree with: the dates are all there is.
    """
    return decision.status.value == policy.status or policy.status_source == Policy.StatusSource.DERIVED


def _policy_line(policy: Policy, covers: list[str]) -> PolicyLine:
    facts, decision, today = facts_of(policy), decide(policy), today_in(policy.us_state)
    agreed = agrees(policy, decision)
    return PolicyLine(
        policy=policy,
        kind=", ".join(
            part
            for part in (policy.get_line_display(), policy.get_network_type_display(), policy.get_market_display())
            if part
        ),
        status_text=status_text(policy),
        status_pill=status_pill(policy),
        explanation=decision.explanation if agreed else "",
        conflict="" if agreed else _conflict(policy, decision),
        status_facts=status_facts(facts, decision, past_due=policy.past_due, today=today) if agreed else [],
        dates_and_money=_dates_and_money(policy, covers, told_amount=agreed),
        numbers=_numbers(policy),
        remarks=[flag.sentence for flag in decision.data_flags],
    )


def _conflict(policy: Policy, decision: StatusDecision) -> str:
    said = PolicyStatus(policy.status).label
    return (
        f"The carrier reports {said}, which counts. The dates on file do not fit: by them alone it would be "
        f"{decision.status.label}. {decision.explanation}"
    )


def _dates_and_money(policy: Policy, covers: list[str], *, told_amount: bool) -> list[Fact]:
    premium = f"${policy.net_premium:,.2f}"
    if policy.aptc_amount:
        premium += f" after ${policy.aptc_amount:,.2f} tax credit"
    # What is past due stands among the status facts; without them it must not be lost.
    past_due = [("Past Due", f"${policy.past_due:,.2f}")] if policy.past_due and not told_amount else []
    return [
        ("Coverage Effective Date", as_text(policy.effective_date)),
        ("Paid To Date", as_text(policy.paid_to_date)),
        ("Termed", as_text(policy.term_date)),
        ("Monthly Premium", premium),
        *past_due,
        ("Covers", ", ".join(covers)),
        ("Producer", f"{policy.producer_number.producer.name}, {policy.producer_number.number}"),
        ("E-App Number", policy.eapp_number),
        ("Autopay", "Yes" if policy.on_autopay else "No"),
    ]


def _numbers(policy: Policy) -> list[Fact]:
    """What is asked for on the phone now and then; what the policy does not have is left out."""
    numbers = [
        ("Group Number", policy.group_number),
        ("Client App ID", policy.client_app_id),
        ("Exchange Assigned ID", policy.exchange_assigned_id),
        ("Pending Application ID", policy.pending_application_id),
        ("Plan ID", policy.plan_id),
        ("Metal Level", policy.metal_level.capitalize()),
        ("Primary Care Physician", "Required" if policy.requires_pcp else "Not required"),
        ("Status From", policy.get_status_source_display()),
    ]
    return [(label, value) for label, value in numbers if value]
