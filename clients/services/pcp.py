"""Provider changes: examined, made, and what the member system's answer does to them (PCP_03..17, ADR 0017).

What may be chosen is decided by ``clients.rules.pcp_change``; here the rows are read and written. A change is examined on
Validate, shown, and examined again under lock on Finish: minutes lie between them, and another window.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, Q

from accounts.models import User
from clients.membersystem.payloads import PcpData, PcpPayload
from clients.models import (
    Account,
    Coverage,
    Member,
    MemberChange,
    PcpAssignment,
    PcpReason,
    Policy,
    WithdrawnPcpAssignment,
)
from clients.rules import pcp_change
from clients.rules.pcp_change import Choice, Limit, MemberFacts, Reason
from clients.rules.pcp_numbers import ProviderNumber
from clients.rules.pcp_reasons import ASKED_OUT, CORRECTION
from clients.rules.pcp_spans import Span, groups_left, plan_change
from clients.rules.policy_status import PolicyStatus
from clients.selectors.provider_directory import FoundEntry, entry_for, group_key, group_of, provider_name
from clients.services import id_cards, member_changes, trail
from portal.common import form_keys
from portal.common.access import Perm
from portal.common.dates import today_in
from portal.common.one_by_one import one_by_one

ROLE_ORDER = {Member.Role.PRIMARY: 0, Member.Role.SPOUSE: 1, Member.Role.CHILD: 2}
CHANGED_MEANWHILE = (
    "The member's provider was changed after you pressed Validate. Nothing was saved; please validate again"
)
TAKEN_BACK_NOTE = "The provider change was taken back in the portal."
FIRST_OF_MONTH_ONLY = "The provider can begin on the first day of a month only; please validate again"


class NotOffered(Exception):
    """One of the ticked members is not among those the person may change at all: no page of ours asks for that."""


class NotPossible(Exception):
    """Nothing was saved; ``examined`` says for each member why."""

    def __init__(self, examined: "Examined") -> None:
        self.examined = examined
        super().__init__("The provider change is not possible as it stands.")


class CannotTakeBack(Exception):
    """The assignment stays; the text is fit to show."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What somebody asks for. ``reasons`` has the code of each ticked member's reason by the id of the coverage, empty for none yet."""

    account: Account
    number: ProviderNumber
    effective_date: date
    reasons: Mapping[int, str]


@dataclass(frozen=True, kw_only=True)
class Line:
    """One ticked member. ``current`` is the assignment that would end, ``replaced`` those that would never begin.

    ``problem`` is empty where the change is possible; ``proposed`` is the first of the next month where the plan's
    state wants one.
    """

    coverage: Coverage
    today: date
    reason: PcpReason | None
    current: PcpAssignment | None
    replaced: tuple[PcpAssignment, ...]
    problem: str
    proposed: date | None

    @property
    def member(self) -> Member:
        return self.coverage.member

    @property
    def policy(self) -> Policy:
        return self.coverage.policy


@dataclass(frozen=True, kw_only=True)
class Examined:
    """What came of an examination. ``seen`` stands for the assignments on file: another text, other assignments."""

    entry: FoundEntry | None
    effective_date: date
    lines: tuple[Line, ...]
    seen: str

    @property
    def failed(self) -> list[Line]:
        return [line for line in self.lines if line.problem]

    @property
    def passed(self) -> list[Line]:
        return [line for line in self.lines if not line.problem]

    @property
    def proposed(self) -> date | None:
        """The day to propose instead of the one asked for; None where that one will do, or something else is wrong."""
        days = [line.proposed for line in self.lines if line.proposed]
        return max(days) if days and not self.failed else None


# --- examining ---


def examine(asked: Asked, *, by: User, now: datetime) -> Examined:
    """Judge each ticked member alone, in the order of the household; the date of a warning is not an error.

    Raises ``NotOffered`` for coverages outside the account, or on policies for which ``by`` does not hold the right.
    """
    coverages = _coverages(asked, by)
    members = {coverage.member_id for coverage in coverages}
    spans = _assignments(members)
    asked_out_of = _asked_out(members, spans)
    sizes = _members_on(coverages, now)
    reasons = {reason.code: reason for reason in PcpReason.objects.filter(code__in=set(asked.reasons.values()))}
    entry = entry_for(asked.number, us_states=[c.policy.us_state for c in coverages], on=asked.effective_date)
    times = Counter(coverage.member_id for coverage in coverages)
    lines = []
    for coverage in coverages:
        rows = spans[coverage.member_id]
        today = today_in(coverage.policy.us_state, now=now)
        reason = reasons.get(asked.reasons[coverage.pk])
        facts = _facts(coverage, rows, asked_out_of[coverage.member_id], sizes.get(coverage.policy_id, 1))
        choice = Choice(
            entry=entry.facts if entry else None,
            reason=as_rule(reason) if reason else None,
            effective_date=asked.effective_date,
            today=today,
            times=times[coverage.member_id],
            by_staff=by.role == User.Role.CARRIER_ADMIN,
        )
        found = pcp_change.problem(facts, choice)
        plan = plan_change(facts.spans, asked.effective_date)
        by_key = {row.pk: row for row in rows}
        lines.append(
            Line(
                coverage=coverage,
                today=today,
                reason=reason,
                current=by_key[plan.current.key] if plan.current else None,
                replaced=tuple(by_key[span.key] for span in plan.replaced),
                problem=found.sentence if found else "",
                proposed=None if found else pcp_change.first_possible_day(facts, choice),
            )
        )
    seen = "\n".join(f"{row.pk} {row.effective_date} {row.end_date}" for rows in spans.values() for row in rows)
    return Examined(
        entry=entry,
        effective_date=asked.effective_date,
        lines=tuple(lines),
        seen=hashlib.sha256(seen.encode()).hexdigest()[:24],
    )


def as_rule(row: PcpReason) -> Reason:
    return Reason(
        code=row.code,
        label=row.label,
        pla05=row.pla05,
        limit=Limit(row.limit),
        staff_only=row.staff_only,
        opens_closed_panel=row.opens_closed_panel,
        first_day=row.first_day,
        last_day=row.last_day,
    )


def _coverages(asked: Asked, by: User) -> list[Coverage]:
    policies = Policy.objects.for_user(by, perm=Perm.CLIENT_SERVICE).filter(account=asked.account)
    rows = Coverage.objects.filter(pk__in=list(asked.reasons), policy__in=policies)
    found = list(rows.select_related("member", "policy__account", "policy__producer_number__producer"))
    if not found or len(found) != len(asked.reasons):
        raise NotOffered("Somebody is ticked who is not to be changed here.")
    return sorted(found, key=in_household_order)


def in_household_order(coverage: Coverage) -> tuple[int, date, int]:
    """The primary insured, the spouse, then the children by age."""
    member = coverage.member
    return ROLE_ORDER[Member.Role(member.role)], member.date_of_birth, coverage.pk


def _assignments(members: Iterable[int]) -> dict[int, list[PcpAssignment]]:
    """Every assignment of these members, whoever sold the policy: days must not overlap with any of them."""
    rows: dict[int, list[PcpAssignment]] = {member: [] for member in sorted(members)}
    found = PcpAssignment.objects.filter(member_id__in=list(rows)).order_by("member_id", "effective_date")
    for row in found.select_related("medical_group", "provider__medical_group"):
        rows[row.member_id].append(row)
    return rows


def as_span(row: PcpAssignment) -> Span:
    return Span(
        key=row.pk,
        first_day=row.effective_date,
        last_day=row.end_date,
        group=group_key(group_of(row)),
        npi=row.provider.npi if row.provider else "",
        reason=row.reason,
        by_carrier=row.assigned_by == PcpAssignment.ASSIGNED_BY_CARRIER,
    )


def _asked_out(members: Iterable[int], spans: Mapping[int, Sequence[PcpAssignment]]) -> dict[int, frozenset[str]]:
    """The groups each member was asked out of: by what is on file, and by choices that were replaced since."""
    reasons = frozenset({ASKED_OUT})
    groups = {member: groups_left(map(as_span, spans[member]), with_reasons=reasons) for member in members}
    replaced = WithdrawnPcpAssignment.objects.filter(member_id__in=list(groups), asked_out_of__isnull=False)
    for row in replaced.select_related("asked_out_of"):
        groups[row.member_id] |= {group_key(row.asked_out_of)}
    return groups


def _members_on(coverages: Sequence[Coverage], now: datetime) -> dict[int, int]:
    """How many members each policy covers, those whose coverage has ended left out."""
    today = min(today_in(coverage.policy.us_state, now=now) for coverage in coverages)
    rows = Coverage.objects.filter(policy_id__in={coverage.policy_id for coverage in coverages})
    rows = rows.filter(Q(term_date__isnull=True) | Q(term_date__gte=today))
    return dict(rows.order_by().values_list("policy_id").annotate(Count("member_id")))


def _facts(
    coverage: Coverage, rows: Sequence[PcpAssignment], asked_out_of: frozenset[str], members_on_policy: int
) -> MemberFacts:
    policy, member = coverage.policy, coverage.member
    return MemberFacts(
        role=member.role,
        date_of_birth=member.date_of_birth,
        sex=member.sex,
        of_this_account=member.account_id == policy.account_id,
        requires_pcp=policy.requires_pcp,
        policy_status=PolicyStatus(policy.status),
        plan_state=policy.us_state,
        plan_network=policy.network_type,
        coverage_first_day=max(coverage.effective_date, policy.effective_date),
        coverage_last_day=last_covered_day(coverage),
        members_on_policy=members_on_policy,
        spans=tuple(map(as_span, rows)),
        asked_out_of=asked_out_of,
    )


def last_covered_day(coverage: Coverage) -> date | None:
    """Last day of this member on this policy, inclusive; None while no end is known."""
    return min((day for day in (coverage.term_date, coverage.policy.term_date) if day), default=None)


# --- changing ---


@transaction.atomic
def change(*, asked: Asked, seen: str, by: User, now: datetime, form_key: str) -> bool:
    """Make the change for every member asked for, or for none; ``seen`` is ``Examined.seen`` of what was shown.

    The same form makes one change however often it arrives: ``False`` when it has been made already. Raises
    ``NotPossible`` where the rules refuse now what they allowed before or other assignments are on file than were shown,
    and ``NotOffered``.
    """
    if not form_keys.first_time("pcp", f"{by.pk}:{form_key}", at=now):
        return False
    _lock_members(asked)
    examined = examine(asked, by=by, now=now)
    if examined.failed:
        raise NotPossible(examined)
    if examined.seen != seen:
        raise NotPossible(_refused(examined, CHANGED_MEANWHILE))
    if examined.proposed:
        raise NotPossible(_refused(examined, FIRST_OF_MONTH_ONLY))
    with one_by_one():
        for line in examined.lines:
            _change_one(line, examined, by=by, now=now, reference=form_key)
        for policy in {line.policy.pk: line.policy for line in examined.lines}.values():
            members = [line.member for line in examined.lines if line.policy.pk == policy.pk]
            trail.record("pcp.changed", policy, by=by, members=len(members))
            id_cards.order_after_pcp_change(policy=policy, members=members, by=by, now=now, reference=form_key)
    return True


def _lock_members(asked: Asked) -> None:
    """Two changes of one member wait for each other, always in the same order."""
    ticked = Coverage.objects.filter(pk__in=list(asked.reasons)).values("member_id")
    list(
        Member.objects.select_for_update(of=("self",), no_key=True)
        .filter(pk__in=ticked)
        .order_by("pk")
        .values_list("pk")
    )


def _refused(examined: Examined, why: str) -> Examined:
    return replace(examined, lines=tuple(replace(line, problem=why, proposed=None) for line in examined.lines))


def _change_one(line: Line, examined: Examined, *, by: User, now: datetime, reference: str) -> None:
    entry, reason = examined.entry, line.reason
    assert entry is not None  # noqa: S101 - the rules refuse a change without either
    assert reason is not None  # noqa: S101 - the same
    before = data_of(line.current) if line.current else None
    superseded = _withdraw_replaced(line, reason, by=by, now=now)
    plan = plan_change([as_span(line.current)] if line.current else [], examined.effective_date)
    if line.current and plan.ends_current_on:
        line.current.end_date = plan.ends_current_on
        line.current.save(update_fields=["end_date"])
    made = PcpAssignment.objects.create(
        member=line.member,
        policy=line.policy,
        medical_group=entry.group,
        provider=entry.provider,
        effective_date=examined.effective_date,
        received_on=line.today,
        assigned_by=PcpAssignment.SELECTED_BY_MEMBER,
        reason=reason.label,
    )
    payload: PcpPayload = {
        "assignment_id": made.pk,
        "before": before,
        "after": data_of(made),
        "reason": reason.label,
        "reason_code": reason.pla05,
        "received_on": line.today.isoformat(),
    }
    queued = member_changes.queue(
        kind=MemberChange.Kind.PCP,
        policy=line.policy,
        member=line.member,
        payload=dict(payload),
        reference=reference,
        by=by,
        now=now,
    )
    _do_not_send(superseded, instead=queued)


def _withdraw_replaced(line: Line, reason: PcpReason, *, by: User, now: datetime) -> list[int]:
    """Take assignments that have not begun off the record; what they said of asking out stays, unless it was a slip."""
    left = group_of(line.current) if line.current else None
    ids = []
    for row in line.replaced:
        counts = row.reason == ASKED_OUT and reason.label != CORRECTION
        _withdraw(row, WithdrawnPcpAssignment.Why.REPLACED, by=by, now=now, asked_out_of=left if counts else None)
        left = group_of(row)
        ids.append(row.pk)
    PcpAssignment.objects.filter(pk__in=ids).delete()
    return ids


def _withdraw(row: PcpAssignment, why: str, *, by: User, now: datetime, asked_out_of: Any = None) -> None:
    WithdrawnPcpAssignment.objects.create(
        assignment_id=row.pk,
        member_id=row.member_id,
        policy_id=row.policy_id,
        medical_group_id=row.medical_group_id,
        provider_id=row.provider_id,
        effective_date=row.effective_date,
        received_on=row.received_on,
        assigned_by=row.assigned_by,
        reason=row.reason,
        asked_out_of=asked_out_of,
        why=why,
        withdrawn_at=now,
        withdrawn_by=by,
    )


def _do_not_send(assignment_ids: Sequence[int], *, instead: MemberChange) -> None:
    """A change that is waiting still is not sent any more when its assignment was replaced; one on its way is."""
    if not assignment_ids:
        return
    waiting = MemberChange.objects.select_for_update(of=("self",)).filter(
        kind=MemberChange.Kind.PCP,
        member=instead.member,
        status=MemberChange.Status.PENDING,
        lease_until__isnull=True,
        # Tried before, it may have arrived although nobody knows.
        attempts=0,
        bgn02="",
        payload__assignment_id__in=list(assignment_ids),
    )
    ids = list(waiting.order_by("pk").values_list("pk", flat=True))
    MemberChange.objects.filter(pk__in=ids).update(status=MemberChange.Status.SUPERSEDED, superseded_by=instead)


def data_of(row: PcpAssignment) -> PcpData:
    """An assignment as the member system is told of it."""
    group = group_of(row)
    return {
        "group_number": group.number if group else "",
        "group_name": group.name if group else "",
        "npi": row.provider.npi if row.provider else "",
        "provider_name": provider_name(row.provider),
        "effective_date": row.effective_date.isoformat(),
        "end_date": row.end_date.isoformat() if row.end_date else None,
    }


# --- what the member system says ---


def taken_over(change: MemberChange, _now: datetime) -> None:
    """The member system has the change: whatever was said against it before is settled."""
    PcpAssignment.objects.filter(pk=change.payload["assignment_id"], refused_at__isnull=False).update(refused_at=None)


def not_taken_over(change: MemberChange, now: datetime) -> None:
    """The change was rejected or given up: the assignment is marked and stays until somebody decides (ADR 0017)."""
    PcpAssignment.objects.filter(pk=change.payload["assignment_id"], refused_at__isnull=True).update(refused_at=now)


@transaction.atomic
def take_back(*, assignment_id: int, by: User, now: datetime) -> None:
    """Take an assignment that the member system refused off the record; the one before goes on without a hole.

    For the carrier's staff. Raises ``CannotTakeBack`` for one that is not refused, or has another one after it.
    """
    of_member = PcpAssignment.objects.filter(pk=assignment_id).values("member_id")
    list(Member.objects.select_for_update(of=("self",)).filter(pk__in=of_member).values_list("pk"))
    row = (
        PcpAssignment.objects.select_related("policy__account", "policy__producer_number__producer")
        .filter(pk=assignment_id)
        .first()
    )
    if row is None:
        raise CannotTakeBack("This assignment has been withdrawn already.")
    others = PcpAssignment.objects.filter(member_id=row.member_id)
    if row.refused_at is None:
        raise CannotTakeBack("Only an assignment that the member system did not take over can be taken back.")
    if others.filter(effective_date__gt=row.effective_date).exists():
        raise CannotTakeBack("Another assignment follows this one. Change the member's provider instead.")
    _withdraw(row, WithdrawnPcpAssignment.Why.TAKEN_BACK, by=by, now=now)
    _close_refused(row, by=by, now=now)
    PcpAssignment.objects.filter(pk=row.pk).delete()
    before = others.filter(effective_date__lt=row.effective_date).order_by("-effective_date").first()
    if before and before.end_date and (row.effective_date - before.end_date).days == 1:
        before.end_date = row.end_date
        before.save(update_fields=["end_date"])
    trail.record("pcp.taken_back", row.policy, by=by)


def _close_refused(row: PcpAssignment, *, by: User, now: datetime) -> None:
    """What was taken back must not be sent again."""
    MemberChange.objects.filter(
        kind=MemberChange.Kind.PCP,
        member_id=row.member_id,
        status__in=[MemberChange.Status.REJECTED, MemberChange.Status.DEAD],
        payload__assignment_id=row.pk,
    ).update(status=MemberChange.Status.CLOSED, closed_at=now, closed_by=by, closing_note=TAKEN_BACK_NOTE)


@transaction.atomic
def confirm_taken_over(*, assignment_id: int, by: User) -> bool:
    """Settle a refused assignment that the member system has after all, because it was entered there by hand.

    For the carrier's staff. Returns ``False`` when nothing was wrong with it.
    """
    rows = PcpAssignment.objects.select_related("policy__account", "policy__producer_number__producer")
    row = rows.select_for_update(of=("self",)).filter(pk=assignment_id, refused_at__isnull=False).first()
    if row is None:
        return False
    row.refused_at = None
    row.save(update_fields=["refused_at"])
    trail.record("pcp.settled", row.policy, by=by)
    return True


def record_viewed(policies: Sequence[Policy], *, account: Account, by: User) -> None:
    """Every look at who has whom is written down."""
    trail.record("pcp.viewed", policies[0], by=by)
