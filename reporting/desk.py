"""Reads for the save-the-policy desk: everything that is about to be lost in a person's books, and what was done about it.

What is at risk and why is worked out in ``reporting.at_risk``; here it is ranked, and the rows of a page get names, amounts
and ways to reach the client. Each page takes a number of queries that does not depend on the size of the book.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import islice
from operator import itemgetter
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from accounts.models import ProducerNumber, User
from accounts.scoping import producer_number_ids
from clients.models import ContactPoint, Member, Policy
from clients.rules.policy_status import policy_status
from clients.rules.policy_wording import time_left
from clients.rules.status_facts import AMOUNT_UNKNOWN, money_text
from clients.selectors.detail import phone_text
from clients.services.statuses import facts_of
from clients.tables import client_url
from enrollment.models import Application
from enrollment.selectors.applications import applicant_name, product_name
from enrollment.selectors.applications import visible as visible_applications
from portal.common.access import Perm
from portal.common.addresses import address_of
from portal.common.dates import as_text, moment_as_text, today_in
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
from reporting.desk_payments import PaymentNews, news_of
from reporting.desk_rows import Line
from reporting.models import Outreach
from reporting.rules import desk as rules
from reporting.rules import desk_words
from reporting.rules.desk import AtRisk, Why
from reporting.tables import PHONES

# A snooze is never longer, so nothing older says anything about today's list.
LOOKED_BACK_DAYS = 90
# So many rows of the log are read at once.
FEW = 300
Status = Policy.Status


# --- what was done ---


@dataclass(frozen=True, slots=True)
class Latest:
    """The newest word about a row."""

    family: str
    outcome: str
    at: datetime
    snoozed_until: date | None


def latest_outreach(user: User, keys: Iterable[str], *, since: datetime) -> dict[str, Latest]:
    """The newest row of the log about each of these policies (``p12``) and applications (``a7``); one query."""
    wanted = list(keys)
    if not wanted:
        return {}
    policies = [int(key[1:]) for key in wanted if key.startswith("p")]
    applications = [int(key[1:]) for key in wanted if key.startswith("a")]
    log = _log(user, since).filter(Q(policy__any_of=policies) | Q(application__any_of=applications))
    return _newest(log.order_by("-id").values_list(*_LOGGED))


def _log(user: User, since: datetime) -> Any:
    return Outreach.objects.for_user(user, perm=Perm.REPORT_RUN).filter(at__gte=since)


def _newest(rows: Iterable[Any]) -> dict[str, Latest]:
    """The newest of the rows about each policy and application, by key; the rows come with the newest first."""
    found: dict[str, Latest] = {}
    for policy_id, application_id, why, outcome, at, until in rows:
        key = _key(policy_id, application_id)
        if key not in found:
            found[key] = Latest(Why(why).family if why else "", outcome, at, until)
    return found


_LOGGED = ("policy_id", "application_id", "why", "outcome", "at", "snoozed_until")


def _key(policy_id: int | None, application_id: int | None) -> str:
    return f"p{policy_id}" if policy_id else f"a{application_id}"


@dataclass(frozen=True)
class Log:
    """The newest word about each row: of all where there are few, else of those that were put aside."""

    known: dict[str, Latest]
    is_whole: bool

    def of(self, user: User, rows: Sequence[AtRisk], *, since: datetime) -> dict[str, Latest]:
        """About these rows; a query where not all is known yet."""
        return self.known if self.is_whole else latest_outreach(user, [one.key for one in rows], since=since)


def _log_of(user: User, *, since: datetime, today: date) -> Log:
    """Enough of the log to tell what is snoozed on ``today``; one query, or three where much was written."""
    log = _log(user, since)
    few = list(log.order_by("-id").values_list(*_LOGGED)[: FEW + 1])
    if len(few) <= FEW:
        return Log(_newest(few), is_whole=True)
    keys = {
        _key(*ids) for ids in log.filter(snoozed_until__gt=today).order_by().values_list("policy_id", "application_id")
    }
    return Log(latest_outreach(user, keys, since=since), is_whole=False)


def is_snoozed(one: AtRisk, latest: Latest | None, *, today: date) -> bool:
    """Whether the row is off the list today: for the same reason as when it was snoozed, until the day before it is back."""
    if latest is None or latest.snoozed_until is None:
        return False
    return latest.family == one.why.family and today < latest.snoozed_until


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
    log = _log_of(user, since=now - timedelta(days=LOOKED_BACK_DAYS), today=today)
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


# --- the rows of a page ---


def latest_of(user: User, rows: Sequence[AtRisk]) -> dict[str, Latest]:
    """The newest word about each row, of the time that counts; one query."""
    return latest_outreach(user, [one.key for one in rows], since=timezone.now() - timedelta(days=LOOKED_BACK_DAYS))


def lines_of(user: User, rows: Sequence[AtRisk], latest: dict[str, Latest] | None = None) -> list[Line]:
    """The rows with names, amounts and contacts, in their order; twelve queries at most. Rows that are gone are left out.

    ``latest`` is looked up where it is not given.
    """
    latest = latest_of(user, rows) if latest is None else latest
    policies = {
        policy.pk: policy
        for policy in Policy.objects.for_user(user)
        .filter(pk__in=[one.row_id for one in rows if not one.why.of_application])
        .select_related("account", "producer_number__producer")
        .only(*_SHOWN)
    }
    asked = [one.row_id for one in rows if one.why.of_application]
    applications = {one.pk: one for one in _applications_with_names(user, asked)} if asked else {}
    reached = _reached(policy.account_id for policy in policies.values())
    news = news_of(user, list(policies.values())) if policies else {}
    found = []
    for one in rows:
        said = _last_outcome(latest.get(one.key))
        if one.why.of_application:
            if one.row_id in applications:
                found.append(_application_line(one, applications[one.row_id], said))
        elif one.row_id in policies:
            policy = policies[one.row_id]
            found.append(_policy_line(one, policy, reached.get(policy.account_id, Reached()), said, news[policy.pk]))
    return found


# What a line reads of a policy, which has forty columns more.
_SHOWN = (
    *(
        "insured_first_name",
        "insured_last_name",
        "product_name",
        "eapp_number",
        "account__number",
        "account__as_of",
        "on_autopay",
    ),
    *("status", "past_due", "monthly_premium", "aptc_amount", "producer_number__phone"),
    *(f"producer_number__producer__{name}" for name in ("first_name", "last_name")),
)


def _applications_with_names(user: User, ids: list[int]) -> Any:
    rows = visible_applications(user).filter(pk__in=ids).select_related("producer_number__producer")
    return rows.prefetch_related("applicants", "plans__plan")


@dataclass
class Reached:
    """How a household's primary insured is reached: ten digits each; ``cell`` only with consent to text messages."""

    phone: str = ""
    cell: str = ""
    email: str = ""


def _reached(accounts: Iterable[int]) -> dict[int, Reached]:
    points = ContactPoint.objects.filter(
        member__account_id__in=set(accounts), member__role=Member.Role.PRIMARY
    ).values_list("member__account_id", "kind", "value", "send_text")
    found: dict[int, Reached] = {}
    places: dict[int, int] = {}
    for account_id, kind, value, send_text in points:
        reached = found.setdefault(account_id, Reached())
        if kind == ContactPoint.Kind.EMAIL:
            reached.email = value
            continue
        if kind == ContactPoint.Kind.CELL and send_text:
            reached.cell = value
        if kind in PHONES and PHONES.index(kind) < places.get(account_id, len(PHONES)):
            places[account_id] = PHONES.index(kind)
            reached.phone = value
    return found


def _last_outcome(latest: Latest | None) -> str:
    if latest is None:
        return ""
    text = f"{Outreach.Outcome(latest.outcome).label}, {moment_as_text(latest.at)}"
    return f"{text}; back on {as_text(latest.snoozed_until)}" if latest.snoozed_until else text


def amount_due(policy: Policy) -> str:
    """As the client's page tells it: what the carrier reports, or the first month's premium."""
    if policy.past_due:
        return money_text(policy.past_due)
    if policy.status == Status.INITIAL_PAYMENT_DUE:
        return money_text(policy.net_premium)
    return AMOUNT_UNKNOWN if policy.status == Status.GRACE else ""


def _policy_line(one: AtRisk, policy: Policy, reached: Reached, last_outcome: str, news: PaymentNews) -> Line:
    said = desk_words.Said(
        why=one.why,
        producer=policy.producer_number.producer.name,
        phone=phone_text(policy.producer_number.phone),
        first_name=policy.insured_first_name,
        product=policy.product_name,
        last_day=one.last_safe_day,
        amount=amount_due(policy),
    )
    return Line(
        risk=one,
        name=f"{policy.insured_first_name} {policy.insured_last_name}",
        first_name=policy.insured_first_name,
        url=client_url(policy),
        work_url=address_of("reporting:desk-policy", policy.pk),
        product=policy.product_name,
        number_text=f"Account {policy.account.number}" if policy.account.number else f"E-App {policy.eapp_number}",
        producer_number_id=policy.producer_number_id,
        amount=said.amount,
        autopay=news.autopay,
        payment=news.state,
        pay_url=news.url,
        **_common(one, said, reached, last_outcome),
    )


def _application_line(one: AtRisk, application: Application, last_outcome: str) -> Line:
    name = applicant_name(application)
    first_name = next((person.first_name for person in application.applicants.all() if person.position == 0), "")
    said = desk_words.Said(
        why=one.why,
        producer=application.producer_number.producer.name,
        phone=phone_text(application.producer_number.phone),
        first_name=first_name or "the applicant",
        product=product_name(application),
        last_day=one.last_safe_day,
        amount="",
    )
    address = "enrollment:application-evidence" if one.why is Why.DOCUMENTS else "enrollment:application"
    return Line(
        risk=one,
        name=name or "No name yet",
        first_name=first_name,
        url=reverse(address, args=[application.record_number]),
        work_url=reverse("reporting:desk-application", args=[application.record_number]),
        product=said.product,
        number_text=f"Application {application.record_number}",
        producer_number_id=application.producer_number_id,
        amount="",
        autopay="",
        payment="",
        pay_url="",
        **_common(one, said, Reached(phone=application.phone, email=application.email), last_outcome),
    )


def _common(one: AtRisk, said: desk_words.Said, reached: Reached, last_outcome: str) -> dict[str, Any]:
    left = one.days_left
    pill = "secondary" if left is None else "danger" if left <= 3 else "warning" if left <= 14 else "info"
    return {
        "last_day": as_text(one.last_safe_day),
        "time_left": "" if left is None else "late" if left < 0 else time_left(left),
        "pill": pill,
        "phone": phone_text(reached.phone),
        "phone_url": f"tel:+1{reached.phone}" if len(reached.phone) == 10 else "",
        "email": reached.email,
        "mail_url": desk_words.mail_link(reached.email, said),
        "text_url": desk_words.text_link(reached.cell, said),
        "last_outcome": last_outcome,
        "said": said,
    }


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


@dataclass(frozen=True)
class LogLine:
    when: str
    who: str
    why: str
    outcome: str
    note: str
    snoozed: str


def log_of(user: User, *, policy: Policy | None = None, application: Application | None = None) -> list[LogLine]:
    """What was done about a policy or an application, the newest first; one query."""
    rows = Outreach.objects.for_user(user, perm=Perm.REPORT_RUN).filter(policy=policy, application=application)
    return [
        LogLine(
            when=moment_as_text(row.at),
            who=row.by.get_full_name() or row.by.get_username(),
            why=Why(row.why).label if row.why else "",
            outcome=row.get_outcome_display(),
            note=row.note or "",
            snoozed=as_text(row.snoozed_until),
        )
        for row in rows.select_related("by").order_by("-id")
    ]


def number_of(user: User, typed: str) -> ProducerNumber | None:
    """The producer number as typed, if it is one whose clients the person may see."""
    rows = ProducerNumber.objects.filter(number=typed)
    if user.role != User.Role.CARRIER_ADMIN:
        rows = rows.filter(pk__in=numbers_in_scope(user))
    return rows.select_related("producer").first()


def numbers_in_scope(user: User) -> list[int]:
    """Ids of the producer numbers whose desk the person may see; never asked for the carrier's staff."""
    return producer_number_ids(user, perm=Perm.REPORT_RUN)
