"""Reads for the save-the-policy desk: everything that is about to be lost in a person's books, ranked.

What is at risk and why is worked out in ``reporting.at_risk``, what was done about it in ``reporting.desk_log``; the rows of
a page get their words in ``reporting.desk_lines``. Each page takes a number of queries that does not depend on the size of
the book.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import islice
from operator import itemgetter
from typing import Any

from django.utils import timezone

from accounts.models import ProducerNumber, User
from accounts.scoping import producer_number_ids
from clients.models import Policy
from clients.rules.policy_status import policy_status
from clients.services.statuses import facts_of
from enrollment.models import Application
from enrollment.selectors.applications import visible as visible_applications
from portal.common.access import Perm
from portal.common.dates import today_in
from reporting import kept
from reporting.at_risk import (
    Group,
    Verdict,
    applications_at_risk,
    days_by_state,
    grouped,
    may_be_at_risk,
    of_tiers,
    one_by_one,
)
from reporting.desk_lines import lines_of
from reporting.desk_log import LOOKED_BACK_DAYS, Log, is_snoozed, read_log
from reporting.desk_rows import Line
from reporting.rules import desk as rules
from reporting.rules.desk import AtRisk, Why

# Producer numbers that a list in the page can be chosen from.
MOST_OFFERED = 60


@dataclass(frozen=True)
class Policies:
    """The policies at risk of a person's books in groups, by the tier in which they stand, and how many for each reason."""

    tiers: Sequence[tuple[rules.Tier, Sequence[Group]]] = ()
    counts: Mapping[Why, int] = field(default_factory=dict)

    @classmethod
    def of(cls, groups: Iterable[Group], *, today: date) -> "Policies":
        rule = rules.ranking(today)
        tiers: dict[rules.Tier, list[Group]] = {}
        counts: Counter[Why] = Counter()
        # Many groups share a verdict.
        known: dict[tuple[Any, ...], list[Group]] = {}
        for group in groups:
            verdict = group.verdict
            place = (verdict.why, verdict.last_safe_day, verdict.days_left)
            if (tier := known.get(place)) is None:
                tier = known[place] = tiers.setdefault(_tier_of(verdict, rule), [])
            tier.append(group)
            counts[verdict.why] += group.count
        return cls(sorted(tiers.items(), key=itemgetter(0)), counts)


def _tier_of(one: AtRisk | Verdict, rule: rules.Ranking) -> rules.Tier:
    return rules.tier(one.why, last_safe_day=one.last_safe_day, days_left=one.days_left, rule=rule)


@dataclass(frozen=True, kw_only=True)
class Desk:
    """The whole list without its rows: policies in groups, the few that are snoozed, and the applications.

    ``policies`` and ``applications`` are everything that is at risk, ``snoozed`` is the part of it that is put aside. The
    policies were counted ``as_of``, which may be earlier than the rest where ``may_be_older``.
    """

    user: User
    number_ids: list[int] | None
    today: date
    as_of: datetime
    may_be_older: bool = False
    policies: Policies = field(default_factory=Policies)
    applications: Sequence[AtRisk] = ()
    snoozed: Sequence[AtRisk] = ()
    log: Log = field(default_factory=lambda: Log({}, is_whole=False))

    def lines(self, rows: Sequence[AtRisk]) -> "list[Line]":
        """These rows of the list as they are shown."""
        since = timezone.now() - timedelta(days=LOOKED_BACK_DAYS)
        return lines_of(self.user, rows, self.log.of(self.user, rows, since=since))

    def count(self, why: Why | None = None, *, with_snoozed: bool = False) -> int:
        """How many rows stand on the list, of one reason or of all."""
        found = sum(self.policies.counts.values()) if why is None else self.policies.counts.get(why, 0)
        found += sum(why in (None, one.why) for one in self.applications)
        return found if with_snoozed else max(found - sum(why in (None, one.why) for one in self.snoozed), 0)

    def put_aside(self) -> list[AtRisk]:
        """The snoozed rows, ranked."""
        return rules.ranked(self.snoozed, today=self.today)

    def rows(
        self, why: Why | None = None, *, with_snoozed: bool = False, first: int = 0, most: int | None = None
    ) -> list[AtRisk]:
        """The list from place ``first`` on, ``most`` rows of it or all, ranked; one query at most."""
        aside = {} if with_snoozed else {one.key: one for one in self.snoozed if why in (None, one.why)}
        parts = list(_parts_within(self._tiers(why, aside), first=first, most=most))
        tiers = [part.tier.groups for part in parts if part.tier.groups]
        policies = iter(self._policies(tiers, parts, aside))
        found: list[AtRisk] = []
        for part in parts:
            if part.tier.groups:
                found += islice(policies, part.most)
            else:
                found += part.tier.applications[part.first : part.first + part.most]
        return found

    def _policies(
        self, tiers: Sequence[Sequence[Group]], parts: "Sequence[_Part]", aside: Iterable[str]
    ) -> list[AtRisk]:
        if not tiers:
            return []
        of_policies = [part for part in parts if part.tier.groups]
        among, rows, today = _scope(self.user, self.number_ids)
        return of_tiers(
            rows,
            tiers,
            among=among,
            today=today,
            without=[int(key[1:]) for key in aside if key.startswith("p")],
            first=of_policies[0].first,
            most=sum(part.most for part in of_policies),
        )

    def _tiers(self, why: Why | None, aside: dict[str, AtRisk]) -> "list[_Tier]":
        """What stands at the same place until premiums are looked at, in the order of the list."""
        rule = rules.ranking(self.today)
        found: dict[rules.Tier, _Tier] = {}
        for place, groups in self.policies.tiers:
            wanted = groups if why is None else [group for group in groups if group.verdict.why is why]
            if wanted:
                found[place] = _Tier(groups=wanted, size=sum(group.count for group in wanted))
        for one in rules.ranked(self.applications, today=self.today):
            if why in (None, one.why) and one.key not in aside:
                tier = found.setdefault(_tier_of(one, rule), _Tier())
                tier.applications.append(one)
                tier.size += 1
        for one in aside.values():
            # It may have come after the groups were counted.
            if not one.why.of_application and (place := _tier_of(one, rule)) in found:
                found[place].size -= 1
        return [tier for _place, tier in sorted(found.items(), key=itemgetter(0))]


@dataclass
class _Tier:
    """Either groups of policies or applications; ``size`` without what is passed over."""

    groups: Sequence[Group] = ()
    applications: list[AtRisk] = field(default_factory=list)
    size: int = 0


@dataclass(frozen=True)
class _Part:
    """``most`` rows of a tier from place ``first`` of it on."""

    tier: _Tier
    first: int
    most: int


def _parts_within(tiers: Iterable[_Tier], *, first: int, most: int | None) -> Iterator[_Part]:
    """The parts of the tiers that hold the places from ``first`` on."""
    for tier in tiers:
        if most is not None and most <= 0:
            return
        if first >= max(tier.size, 0):
            first -= max(tier.size, 0)
            continue
        taken = tier.size - first if most is None else min(tier.size - first, most)
        yield _Part(tier, first, taken)
        first = 0
        most = None if most is None else most - taken


def desk_of(user: User, *, now: datetime, number: ProducerNumber | None = None, after: datetime | None = None) -> Desk:
    """The list of a person's books, or of one producer number among them; eight queries at most, whatever the size.

    The groups of a large book may have been counted up to two minutes ago, but not before ``after``; what is snoozed, and
    the rows themselves, are always those of this moment.
    """
    today = today_in(now=now)
    number_ids = [number.pk] if number else None
    days = days_by_state()

    def count() -> Policies:
        return Policies.of(grouped(_rows(user, number_ids), days), today=today)

    if number is None:
        policies = kept.counted("desk", user, count, now=now, after=after)
    else:
        policies = kept.Kept(count(), now, large=False)
    applications = list(applications_at_risk(user, number_ids=number_ids))
    log = read_log(user, since=now - timedelta(days=LOOKED_BACK_DAYS), today=today)
    latest = log.known
    candidates = [*applications]
    if ids := [int(key[1:]) for key, said in latest.items() if key.startswith("p") and said.snoozed_until]:
        candidates += one_by_one(_rows(user, number_ids).filter(pk__in=ids), days)
    return Desk(
        user=user,
        number_ids=number_ids,
        today=today,
        as_of=policies.as_of,
        may_be_older=policies.large,
        policies=policies.value,
        applications=applications,
        snoozed=[one for one in candidates if is_snoozed(one, latest.get(one.key), today=today)],
        log=log,
    )


def _rows(user: User, number_ids: list[int] | None) -> Any:
    """The policies among which those at risk are looked for."""
    among, rows, today = _scope(user, number_ids)
    return may_be_at_risk(rows, among=among, today=today)


def _scope(user: User, number_ids: list[int] | None) -> tuple[Any, Any, date]:
    """Every policy in the person's view, those of the numbers asked for, and the earliest day of any state."""
    among = Policy.objects.for_user(user)
    rows = among if number_ids is None else among.in_books(number_ids)
    return among, rows, min(days_by_state().values())


# --- one row ---


def policy_for(user: User, policy_id: int) -> Policy | None:
    """A policy of the person's books."""
    rows = Policy.objects.for_user(user).filter(pk=policy_id)
    found: Policy | None = rows.select_related("account", "producer_number__producer").first()
    return found


def application_for(user: User, record_number: str) -> Application | None:
    """An application of the books the person may enroll for."""
    rows = visible_applications(user).filter(record_number=record_number)
    found: Application | None = rows.select_related("producer_number__producer").first()
    return found


def risk_of_policy(user: User, policy: Policy) -> AtRisk | None:
    """The policy's line of the list, snoozed or not; ``None`` when it is not at risk, or no more."""
    rows = _rows(user, [policy.producer_number_id]).filter(pk=policy.pk)
    return next(one_by_one(rows, days_by_state()), None)


def risk_of_application(user: User, application: Application) -> AtRisk | None:
    """The application's line of the list, snoozed or not; ``None`` when it is not at risk, or no more."""
    found = applications_at_risk(user, number_ids=[application.producer_number_id])
    return next((one for one in found if one.row_id == application.pk), None)


def explanation_of(policy: Policy) -> str:
    """Why, in the words of the client's page; empty where the carrier's word and the dates differ."""
    decision = policy_status(facts_of(policy), today=today_in(policy.us_state))
    return decision.explanation if decision.status == policy.status else ""


def number_of(user: User, typed: str) -> ProducerNumber | None:
    """The producer number as typed, if it is one whose clients the person may see."""
    rows = ProducerNumber.objects.filter(number=typed)
    if user.role != User.Role.CARRIER_ADMIN:
        rows = rows.filter(pk__in=numbers_in_scope(user))
    return rows.select_related("producer").first()


def numbers_offered(user: User) -> list[ProducerNumber]:
    """The producer numbers to choose among, up to ``MOST_OFFERED``; none where there is one only, or too many for a list."""
    if user.role == User.Role.CARRIER_ADMIN or not 1 < len(ids := numbers_in_scope(user)) <= MOST_OFFERED:
        return []
    rows = ProducerNumber.objects.filter(pk__in=ids).select_related("producer")
    return list(rows.order_by("producer__last_name", "producer__first_name", "us_state", "number"))


def has_one_number(user: User) -> bool:
    """Whether there is nothing to narrow to."""
    return user.role != User.Role.CARRIER_ADMIN and len(numbers_in_scope(user)) == 1


def numbers_in_scope(user: User) -> list[int]:
    """Ids of the producer numbers whose desk the person may see; never asked for the carrier's staff."""
    return producer_number_ids(user, perm=Perm.REPORT_RUN)
