"""What the ID card pages show: the household's policies and members, an order and how far it is (IDC_03..09)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Prefetch, Q
from django.urls import reverse

from accounts.models import User
from clients.idcards.gathering import CardData, card_data, pcps
from clients.models import Account, Coverage, IdCardOrder, IdCardRequest, Member, MemberChange, PcpAssignment, Policy
from clients.rules import id_cards as rules
from clients.rules.id_cards import CoveredMember
from clients.services.id_cards import CardAsked, why_not
from portal.common.access import Perm
from portal.common.dates import OPEN_END, as_text, moment_as_text, today_in
from portal.common.timeline import ROWS_AT_MOST, Entry, Household

WRITE = Perm.CLIENT_SERVICE
State = IdCardRequest.State
_ROLE_ORDER = {Member.Role.PRIMARY: 0, Member.Role.SPOUSE: 1, Member.Role.CHILD: 2}
NOBODY_COVERED = "Nobody is covered by this policy any more."


@dataclass(frozen=True, kw_only=True)
class MemberChoice:
    """One person with the days of his or her coverage; ``note`` says what a card will lack."""

    member: Member
    covered: CoveredMember
    first_day: str
    last_day: str
    note: str

    @property
    def words(self) -> str:
        return f"{self.member.name} ({self.member.get_role_display()})"

    @property
    def by_last_name(self) -> str:
        """As the detail screen writes it: Doe, Jane (Primary)."""
        first = " ".join(part for part in (self.member.first_name, self.member.middle_initial) if part)
        return f"{self.member.last_name}, {first} ({self.member.get_role_display()})"


@dataclass(frozen=True, kw_only=True)
class PolicyChoice:
    """One policy of the list; ``reason`` says why there are no cards of it now."""

    policy: Policy
    first_day: str
    last_day: str
    reason: str
    members: list[MemberChoice]

    @property
    def primary(self) -> MemberChoice:
        return next(choice for choice in self.members if choice.covered.is_primary)


def account_for(user: User, number: str) -> Account | None:
    """The household, as far as one of its policies is in a book the user may serve."""
    found: Account | None = Account.objects.for_user(user, perm=WRITE).filter(number=number).first()
    return found


def policies_to_choose(user: User, account: Account, *, kind: str, now: datetime) -> list[PolicyChoice]:
    """Every policy of the household in books the user may serve, the newest first, past ones too (IDC_03)."""
    policies = list(
        Policy.objects.for_user(user, perm=WRITE)
        .filter(account=account)
        .select_related("account", "producer_number__producer")
        .order_by("-effective_date", "line", "id")
    )
    return _choices(policies, kind=kind, now=now)


def cards_of_list(
    user: User, policy_ids: Iterable[int], *, now: datetime
) -> tuple[list[CardAsked], list[tuple[Policy, str]]]:
    """The temporary cards of ticked policies, one for each member a card can bear; and the policies without, with why."""
    policies = list(
        Policy.objects.for_user(user, perm=WRITE)
        .filter(pk__in=list(policy_ids))
        .select_related("account", "producer_number__producer")
        .order_by("insured_last_key", "insured_first_key", "id")
    )
    asked: list[CardAsked] = []
    left_out: list[tuple[Policy, str]] = []
    for choice in _choices(policies, kind=rules.TEMPORARY, now=now):
        if choice.reason:
            left_out.append((choice.policy, choice.reason))
        else:
            asked += [CardAsked(policy=choice.policy, member=one.member) for one in choice.members]
    return asked, left_out


def _choices(policies: Sequence[Policy], *, kind: str, now: datetime) -> list[PolicyChoice]:
    data = card_data(policies) if kind == rules.TEMPORARY else None
    coverages: dict[int, list[Coverage]] = {}
    for coverage in Coverage.objects.filter(policy__in=policies).select_related("member"):
        coverages.setdefault(coverage.policy_id, []).append(coverage)
    days = {
        (policy.pk, coverage.member_id): _day(policy, now)
        for policy in policies
        if policy.requires_pcp
        for coverage in coverages.get(policy.pk, ())
    }
    assigned = pcps(days) if days else {}
    return [_choice(policy, coverages.get(policy.pk, []), assigned, data, kind=kind, now=now) for policy in policies]


def _choice(
    policy: Policy,
    coverages: list[Coverage],
    assigned: dict[tuple[int, int], PcpAssignment],
    data: CardData | None,
    *,
    kind: str,
    now: datetime,
) -> PolicyChoice:
    on = _day(policy, now)
    members = {coverage.member_id: coverage.member for coverage in coverages}
    spans = {coverage.member_id: coverage for coverage in coverages}
    covered = [
        CoveredMember(
            key=coverage.member_id,
            name=coverage.member.name,
            is_primary=coverage.member.role == Member.Role.PRIMARY,
            last_day=coverage.term_date,
            has_pcp=(policy.pk, coverage.member_id) in assigned,
        )
        for coverage in sorted(
            coverages,
            key=lambda one: (_ROLE_ORDER[Member.Role(one.member.role)], one.member.date_of_birth, one.member_id),
        )
    ]
    on_cards = rules.members_to_choose(covered, requires_pcp=policy.requires_pcp, on=on)
    reason = why_not(policy, now=now)
    if not reason and data is not None:
        reason = data.missing(policy, on=on)
    if not reason and not on_cards:
        reason = NOBODY_COVERED
    return PolicyChoice(
        policy=policy,
        first_day=as_text(policy.effective_date),
        last_day=as_text(policy.term_date or OPEN_END),
        reason=reason,
        members=[
            MemberChoice(
                member=members[one.key],
                covered=one,
                first_day=as_text(spans[one.key].effective_date),
                last_day=as_text(spans[one.key].term_date or policy.term_date or OPEN_END),
                note="PCP: to be assigned" if policy.requires_pcp and not one.has_pcp else "",
            )
            for one in on_cards
        ],
    )


def _day(policy: Policy, now: datetime) -> date:
    return rules.card_day(effective_date=policy.effective_date, today=today_in(policy.us_state, now=now))


# --- an order ---


def orders_of(user: User, account: Account) -> list[IdCardOrder]:
    """What was asked for this household, the newest first; only the latest, the timeline tells the rest."""
    orders = IdCardOrder.objects.for_user(user, perm=WRITE).filter(account=account)
    return list(
        orders.select_related("requested_by").annotate(cards=Count("requests")).order_by("-requested_at", "-id")[:5]
    )


def order_for(user: User, key: Any) -> IdCardOrder | None:
    """One order with its cards, when every card of it is for a policy in a book the user may serve."""
    cards = (
        IdCardRequest.objects.for_user(user, perm=WRITE)
        .select_related("member", "policy__account", "policy__producer_number__producer", "file")
        .order_by("id")
    )
    orders = IdCardOrder.objects.for_user(user, perm=WRITE).select_related("account", "file", "requested_by")
    found: IdCardOrder | None = (
        orders.filter(key=key).prefetch_related(Prefetch("requests", queryset=cards, to_attr="cards")).first()
    )
    return found


@dataclass(frozen=True)
class Progress:
    """How far an order is. ``done`` cards of ``total`` are finished, well or badly."""

    total: int
    done: int
    failed: int
    cancelled: int
    waiting_text: str
    is_over: bool


def progress_of(order: IdCardOrder) -> Progress:
    """From the cards that ``order_for`` has read."""
    cards: list[IdCardRequest] = order.cards  # type: ignore[attr-defined]
    waiting = [card for card in cards if card.state == State.REQUESTED]
    failed = sum(card.state == State.FAILED for card in cards)
    cancelled = sum(card.state == State.CANCELLED for card in cards)
    bundle_missing = (
        bool(order.bundle)
        and order.file_id is None
        and not order.failure
        and any(c.state == State.READY for c in cards)
    )
    scanning = any(
        file is not None and file.removed_at is None and file.scan == file.Scan.PENDING
        for file in (order.file, *(card.file for card in cards))
    )
    text = next((card.failure for card in waiting if card.failure), "")
    if not text and bundle_missing and not waiting:
        text = "The cards are being put into one file."
    if not text and scanning and not waiting and not bundle_missing:
        text = "The file is being scanned for malware."
    is_over = bool(order.cancelled_at or order.forgotten_at) or not (waiting or bundle_missing or scanning)
    return Progress(len(cards), len(cards) - len(waiting), failed, cancelled, text, is_over)


def pending_changes(user: User, order: IdCardOrder) -> dict[int, MemberChange]:
    """For each card of a permanent order the newest change that carries it to the member system."""
    cards: list[IdCardRequest] = order.cards  # type: ignore[attr-defined]
    by_request: dict[int, MemberChange] = {}
    wanted = {card.pk for card in cards}
    changes = (
        MemberChange.objects.for_user(user, perm=WRITE)
        .filter(kind=MemberChange.Kind.ID_CARD, policy__in={card.policy_id for card in cards})
        .order_by("id")
    )
    for change in changes:
        if change.payload.get("request_id") in wanted:
            by_request[change.payload["request_id"]] = change
    return by_request


# --- the household's timeline ---


def id_card_entries(user: User, household: Household) -> Sequence[Entry]:
    """Orders of the household, each one entry: what, how many, and how it stands (IDC_08)."""
    orders = (
        IdCardOrder.objects.for_user(user)
        .filter(requests__policy__account=household.account)
        .annotate(
            cards=Count("requests"),
            failed=Count("requests", filter=Q(requests__state=State.FAILED)),
            ordered=Count("requests", filter=Q(requests__state=State.ORDERED)),
            by=F("requested_by__username"),
            may_open=Exists(IdCardOrder.objects.for_user(user, perm=WRITE).filter(pk=OuterRef("pk"))),
        )
        .order_by("-requested_at", "-id")[:ROWS_AT_MOST]
    )
    return [
        Entry(
            at=order.requested_at,
            kind="ID card",
            title=_title(order),
            text=_text(order),
            url=reverse("clients:id-card-order", args=[order.key]) if order.may_open else "",
            icon="person-vcard",
        )
        for order in orders
    ]


def _title(order: Any) -> str:
    if order.kind == IdCardOrder.Kind.PERMANENT:
        return "Permanent ID Cards ordered"
    return "Temporary ID Cards stopped" if order.cancelled_at else "Temporary ID Cards generated"


def _text(order: Any) -> str:
    parts = ["1 member" if order.cards == 1 else f"{order.cards} members"]
    if order.failed:
        parts.append(f"{order.failed} failed")
    elif order.kind == IdCardOrder.Kind.PERMANENT:
        parts.append(
            "accepted by the member system" if order.ordered == order.cards else "on the way to the member system"
        )
    return f"{', '.join(parts)}; asked for by {order.by}."


def words_of(moment: datetime | None) -> str:
    return moment_as_text(moment) if moment else ""
