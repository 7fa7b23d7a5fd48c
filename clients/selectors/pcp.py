"""Who can be changed on the Provider Change page, and who has whom, always from the books of the user (PCP_01, PCP_17)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from accounts.models import User
from clients.models import Account, Coverage, Member, PcpAssignment, PcpReason, Policy, WithdrawnPcpAssignment
from clients.rules.pcp_change import OPEN_STATUSES
from clients.selectors.provider_directory import group_of, provider_name
from clients.services.pcp import in_household_order, last_covered_day
from portal.common.access import Perm
from portal.common.dates import OPEN_END, as_text, moment_as_text, today_in
from portal.common.timeline import ROWS_AT_MOST, Entry, Household

KIND, ICON = "PCP", "person-vcard"
NO_NUMBER_YET = (
    "This household has no account number yet. The provider can be changed when the carrier has assigned one."
)
NO_PCP_PLAN = "None of the plans requires a primary care physician; HMO and POS plans do."
NOT_PAID = "The first payment for the plan that requires a primary care physician has not been received."
ENDED = "The plan that requires a primary care physician has ended."
REFUSED = (
    "The member system did not take this provider over ({when}). The carrier's staff look into it; until then the "
    "carrier may still have the provider before."
)


def why_not(policies: Sequence[Policy], *, account_number: str) -> str:
    """Why no provider can be changed on any of these policies, in a sentence fit to show; empty when one can be."""
    if not account_number:
        return NO_NUMBER_YET
    with_pcp = [policy for policy in policies if policy.requires_pcp]
    if not with_pcp:
        return NO_PCP_PLAN
    if any(policy.status in OPEN_STATUSES for policy in with_pcp):
        return ""
    unpaid = any(policy.status == Policy.Status.INITIAL_PAYMENT_DUE for policy in with_pcp)
    return NOT_PAID if unpaid else ENDED


@dataclass(frozen=True)
class Assigned:
    """One assignment in words. ``days`` from when to when; ``note`` says what is not as it should be."""

    group_number: str
    group_name: str
    provider_name: str
    npi: str
    days: str
    reason: str
    received: str
    assigned_by: str
    note: str
    withdrawn: bool = False

    @property
    def who(self) -> str:
        """The physician and the medical group as one text."""
        group = " ".join(part for part in (self.group_number, self.group_name) if part)
        return ", ".join(part for part in (self.provider_name, group) if part)


@dataclass(frozen=True)
class MemberRow:
    """One member on one plan with a PCP; ``open`` where the provider can be changed (PCP_01)."""

    coverage: Coverage
    open: bool
    termination_date: str
    history: list[Assigned]

    @property
    def member(self) -> Member:
        return self.coverage.member

    @property
    def policy(self) -> Policy:
        return self.coverage.policy

    @property
    def name(self) -> str:
        return f"{self.member.name} ({self.member.get_role_display()})"


def member_rows(user: User, account: Account, *, now: datetime) -> list[MemberRow]:
    """Every member on every plan with a PCP in the user's books, those who have ended last, in the order of the household."""
    policies = Policy.objects.for_user(user, perm=Perm.CLIENT_SERVICE).filter(account=account, requires_pcp=True)
    coverages = Coverage.objects.filter(policy__in=policies).select_related(
        "member", "policy__producer_number__producer"
    )
    history = _history(user, account, now=now)
    rows = []
    for coverage in sorted(coverages, key=in_household_order):
        last_day, today = last_covered_day(coverage), today_in(coverage.policy.us_state, now=now)
        is_open = coverage.policy.status in OPEN_STATUSES and (last_day is None or last_day >= today)
        rows.append(MemberRow(coverage, is_open, as_text(last_day or OPEN_END), history.get(coverage.member_id, [])))
    return sorted(rows, key=lambda row: not row.open)


def _history(user: User, account: Account, *, now: datetime) -> dict[int, list[Assigned]]:
    """What each member had, has and will have, the newest first; choices that never began are told too."""
    told: dict[int, list[tuple[date, int, Assigned]]] = {}
    rows: list[PcpAssignment | WithdrawnPcpAssignment] = []
    for model in (PcpAssignment, WithdrawnPcpAssignment):
        of_books = model.objects.for_user(user).filter(member__account=account)
        rows += of_books.select_related("medical_group", "provider__medical_group")
    for row in rows:
        withdrawn = isinstance(row, WithdrawnPcpAssignment)
        told.setdefault(row.member_id, []).append((row.effective_date, not withdrawn, in_words(row)))
    return {
        member: [told_one for *_when, told_one in sorted(lines, key=lambda line: line[:2], reverse=True)]
        for member, lines in told.items()
    }


def in_words(row: PcpAssignment | WithdrawnPcpAssignment) -> Assigned:
    group = group_of(row)
    if isinstance(row, WithdrawnPcpAssignment):
        days = f"was to begin {as_text(row.effective_date)}"
        note = f"{row.get_why_display()}, {moment_as_text(row.withdrawn_at)}"
    else:
        days = f"{as_text(row.effective_date)} to {as_text(row.end_date or OPEN_END)}"
        note = f"Not taken over by the member system, {moment_as_text(row.refused_at)}" if row.refused_at else ""
    return Assigned(
        group_number=group.number if group else "",
        group_name=group.name if group else "",
        provider_name=provider_name(row.provider),
        npi=row.provider.npi if row.provider else "",
        days=days,
        reason=row.reason,
        received=as_text(row.received_on),
        assigned_by=row.assigned_by,
        note=note,
        withdrawn=isinstance(row, WithdrawnPcpAssignment),
    )


def reasons_for(user: User, *, today: date) -> list[PcpReason]:
    """The reasons this person can choose on this day (PCP_07), by name."""
    rows = PcpReason.objects.filter(first_day__lte=today).order_by("label")
    if user.role != User.Role.CARRIER_ADMIN:
        rows = rows.filter(staff_only=False)
    return [row for row in rows if row.last_day is None or row.last_day >= today]


# --- the client's page ---


@dataclass(frozen=True)
class ProviderLine:
    """Whom one member has now, and what comes. ``refused`` says what the member system did not take over."""

    member: Member
    current: Assigned | None
    coming: list[Assigned]
    refused: str

    @property
    def line_id(self) -> str:
        return f"pcp-{self.member.pk}"


def providers_of(
    user: User, account: Account, policies: Iterable[Policy], members: Iterable[Member], *, today: date
) -> list[ProviderLine]:
    """Whom each member with an assignment in the user's books has on ``today``; empty where no policy needs a PCP."""
    if not any(policy.requires_pcp for policy in policies):
        return []
    rows = PcpAssignment.objects.for_user(user).filter(member__account=account).order_by("member_id", "effective_date")
    of_member: dict[int, list[PcpAssignment]] = {}
    for row in rows.select_related("medical_group", "provider__medical_group"):
        of_member.setdefault(row.member_id, []).append(row)
    lines = []
    for member in members:
        assigned = of_member.get(member.pk, [])
        if not assigned:
            continue
        now = [row for row in assigned if row.effective_date <= today and (not row.end_date or row.end_date >= today)]
        wrong = [row.refused_at for row in assigned if row.refused_at]
        lines.append(
            ProviderLine(
                member=member,
                current=in_words(now[-1]) if now else None,
                coming=[in_words(row) for row in assigned if row.effective_date > today],
                refused=REFUSED.format(when=moment_as_text(max(wrong))) if wrong else "",
            )
        )
    return lines


def pcp_entries(user: User, household: Household) -> list[Entry]:
    """Timeline: on which days primary care physicians began, or will; one entry for the members of one day and policy."""
    rows = PcpAssignment.objects.for_user(user).filter(member__account=household.account)
    rows = rows.select_related("member", "policy", "medical_group", "provider__medical_group")
    days: dict[tuple[date, int, str], list[PcpAssignment]] = {}
    for row in rows.order_by("-effective_date", "-id")[:ROWS_AT_MOST]:
        days.setdefault((row.effective_date, row.policy_id, row.reason), []).append(row)
    return [_entry(list(reversed(of_day)), household.today) for of_day in days.values()]


def _entry(rows: Sequence[PcpAssignment], today: date) -> Entry:
    first = rows[0]
    who = "; ".join(f"{row.member.first_name}: {in_words(row).who}" for row in rows)
    reason = f" Reason: {first.reason}." if first.reason else ""
    return Entry(
        at=first.effective_date,
        kind=KIND,
        title=f"Primary care physician {'begins' if first.effective_date > today else 'began'}",
        text=f"{who}.{reason}",
        about=(first.policy.product_name,),
        icon=ICON,
    )
