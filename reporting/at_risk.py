"""What is about to be lost in a person's books, worked out without a look at every policy.

Policies that are equal in all that decides their reason and their last day stand or fall together: the database counts
them in groups, the rules that the client's page goes by judge one of each group, and only the rows of a page are read.
A book of 100,000 policies has some hundred groups. Nothing here decides anything by itself.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import BooleanField, Count, DecimalField, Exists, ExpressionWrapper, F, OuterRef, Q, Sum

from accounts.models import User
from clients.models import Policy
from clients.rules.grace_tables import Channel
from clients.rules.policy_status import PolicyFacts, PolicyStatus, policy_status
from enrollment.models import Application, ApplicationPlan, EvidenceItem
from enrollment.rules.application_days import EXPIRY_NOTICES
from enrollment.rules.evidence import OPEN
from enrollment.selectors.applications import visible as visible_applications
from enrollment.selectors.evidence import due_by_application
from portal.common.dates import ZONE_BY_STATE, today_in
from reporting.narrowing import IN_FORCE
from reporting.rules import desk as rules
from reporting.rules.desk import AtRisk, Why

# A notice can put off the end of a policy that the portal works out; none is looked for further back.
DERIVED_ENDS_DAYS = 150
NO_LAST_DAY = "The carrier names no last day."
DISAGREES = "The carrier's status and the dates on file differ: ask the carrier for the last day."
_SOME, _NOTHING = Decimal(1), Decimal(0)
Status = Policy.Status
TO_PAY = (Status.GRACE, Status.INITIAL_PAYMENT_DUE)
_NET = ExpressionWrapper(
    F("monthly_premium") - F("aptc_amount"), output_field=DecimalField(max_digits=10, decimal_places=2)
)


class Kind(NamedTuple):
    """What decides about a policy; the order is that of ``_ALIKE``."""

    status: str
    us_state: str
    market: str
    effective_date: date
    paid_to_date: date | None
    term_date: date | None
    term_date_derived: bool
    grace_started_on: date | None
    notice_mailed_on: date | None
    binder_due_date: date | None
    premium_owed: bool
    has_credit: bool
    binder_paid: bool


# The columns of a Kind with their types; two are comparisons. The flag says that the column may be empty.
_ALIKE = (
    ("status", "text", False),
    ("us_state", "text", False),
    ("market", "text", False),
    ("effective_date", "date", False),
    ("paid_to_date", "date", True),
    ("term_date", "date", True),
    ("term_date_derived", "boolean", False),
    ("grace_started_on", "date", True),
    ("cancellation_notice_mailed_on", "date", True),
    ("binder_due_date", "date", True),
    ("premium_owed", "boolean", False),
    ("has_credit", "boolean", False),
    ("binder_paid", "boolean", False),
)
_NAMES = tuple(name for name, _type, _empty in _ALIKE)
_COMPARED = {
    "premium_owed": ExpressionWrapper(Q(monthly_premium__gt=F("aptc_amount")), output_field=BooleanField()),
    "has_credit": ExpressionWrapper(Q(aptc_amount__gt=0), output_field=BooleanField()),
}


class Verdict(NamedTuple):
    """What the rules say of a kind on a day."""

    why: Why
    last_safe_day: date | None
    days_left: int | None
    note: str

    def of(self, key: str, premium: Decimal) -> AtRisk:
        return AtRisk(
            key=key,
            why=self.why,
            last_safe_day=self.last_safe_day,
            days_left=self.days_left,
            premium=premium,
            note=self.note,
        )


@lru_cache(maxsize=50_000)
def judge(kind: Kind, today: date) -> Verdict | None:
    """Why policies of this kind are at risk on ``today`` and until when; ``None`` for those that are not."""
    decision = policy_status(
        PolicyFacts(
            effective_date=kind.effective_date,
            channel=Channel(kind.market),
            state=kind.us_state,
            aptc=kind.has_credit,
            net_premium=_SOME if kind.premium_owed else _NOTHING,
            binder_paid=kind.binder_paid,
            paid_to=kind.paid_to_date,
            term_date=None if kind.term_date_derived else kind.term_date,
            binder_due=kind.binder_due_date,
            grace_started=kind.grace_started_on,
            notice_mailed=kind.notice_mailed_on,
        ),
        today=today,
    )
    if kind.status == Status.TERMED:
        ran_out = decision.status is PolicyStatus.TERMED and decision.grace_end is not None
        return _ended(kind, decision.grace_end if ran_out else None, today)
    agrees = decision.status == kind.status
    if kind.status == Status.GRACE:
        why, last = rules.of_grace_month(decision.grace_month if agrees else None), decision.grace_end
    else:
        left = decision.days_left
        why, last = Why.FIRST_PAYMENT, None if left is None else today + timedelta(days=left)
    if not agrees or last is None:
        return Verdict(why, None, None, NO_LAST_DAY if agrees else DISAGREES)
    return Verdict(why, last, (last - today).days, "")


def _ended(kind: Kind, grace_ran_out_on: date | None, today: date) -> Verdict | None:
    ended_on = max((day for day in (kind.term_date, grace_ran_out_on) if day), default=None)
    with_credit = kind.has_credit and kind.market == Policy.Market.ON
    if ended_on is None or not rules.may_come_back(ran_out=grace_ran_out_on is not None, with_credit=with_credit):
        return None
    last = rules.last_day_to_ask(ended_on)
    return None if last < today else Verdict(Why.TERMED, last, (last - today).days, "")


def days_by_state() -> dict[str, date]:
    """Today in each state; asked once for a list."""
    return {state: today_in(state) for state in ZONE_BY_STATE}


# --- policies ---


def to_pay(rows: Any) -> Any:
    """Policies in grace and unpaid first payments; always both, which keeps the database to one good plan."""
    return rows.filter(status__in=TO_PAY)


def may_be_at_risk(rows: Any, *, among: Any, today: date) -> Any:
    """Policies in grace, unpaid first payments, and policies whose end may be undone.

    Every one of the first two is there, so that the figures equal those of the reports. An ended one is left out when another
    policy ``among`` those has taken its place in the same line.
    """
    follower = among.filter(
        account_id=OuterRef("account_id"),
        line=OuterRef("line"),
        status__in=IN_FORCE,
        effective_date__gt=OuterRef("effective_date"),
    )
    # In this order: what another row has to be looked up for comes last.
    return rows.filter(Q(status__in=TO_PAY) | _ended_lately(today) & ~Exists(follower))


def _ended_lately(today: date) -> Q:
    """Policies whose end may be undone, if no other has taken their place."""
    told, worked_out = rules.asks_from(today), today - timedelta(days=DERIVED_ENDS_DAYS)
    # The earlier day by itself is where an index can begin.
    return Q(status=Status.TERMED, term_date__gte=min(told, worked_out)) & (
        Q(term_date__gte=told) | Q(term_date_derived=True)
    )


@dataclass(frozen=True, slots=True)
class Group:
    """Policies of one kind: how many, and their premiums a month after credit, in dollars, where they were asked for."""

    kind: Kind
    verdict: Verdict
    count: int
    premium: Decimal


def grouped(rows: Any, days: dict[str, date], *, with_premiums: bool = False) -> Iterator[Group]:
    """The rows that are at risk, in groups; one query."""
    alike = rows.order_by().annotate(**_COMPARED).values_list(*_NAMES).annotate(policies=Count("pk"))
    if with_premiums:
        alike = alike.annotate(premiums=Sum(_NET))
    most = len(_NAMES)
    for row in alike:
        kind = Kind(*row[:most])
        if (verdict := judge(kind, days[kind.us_state])) is not None:
            yield Group(kind, verdict, row[most], row[most + 1] if with_premiums else _NOTHING)


def one_by_one(rows: Any, days: dict[str, date]) -> Iterator[AtRisk]:
    """The same, each by itself, for a few rows; one query."""
    for pk, net, *values in rows.order_by().annotate(**_COMPARED).values_list("pk", _NET, *_NAMES):
        kind = Kind(*values)
        if (verdict := judge(kind, days[kind.us_state])) is not None:
            yield verdict.of(f"p{pk}", net)


def of_tiers(
    rows: Any,
    tiers: Sequence[Sequence[Group]],
    *,
    among: Any,
    today: date,
    without: Iterable[int],
    first: int,
    most: int,
) -> list[AtRisk]:
    """Policies of these groups, tier by tier and the higher premium first, from place ``first`` on; one query.

    ``rows``, ``among`` and ``today`` are those of ``may_be_at_risk``; ``without`` are ids that are passed over.
    """
    groups = [group for tier in tiers for group in tier]
    statuses = {group.kind.status for group in groups}
    if Status.TERMED not in statuses:
        scope, same, still = to_pay(rows), _SAME, ("TRUE", ())
    else:
        only_ended = statuses == {Status.TERMED}
        ended = _ended_lately(today)
        scope = rows.filter(ended if only_ended else Q(status__in=TO_PAY) | ended)
        # A status that all have is not compared: the planner would take it for rare, and walk each row through the groups.
        same = _SAME_BUT_STATUS if only_ended else _SAME
        followers, in_scope = _sql(
            among.filter(status__in=IN_FORCE).values_list("account_id", "line", "effective_date")
        )
        still = (_NOT_FOLLOWED.format(followers=followers), in_scope)
    inner, parameters = _sql(scope.annotate(**_COMPARED).values_list("pk", _NET, "account_id", "line", *_NAMES))
    paid_to = list({group.kind.paid_to_date for group in groups})
    placed = [place for place, tier in enumerate(tiers) for _group in tier]
    columns = [list(column) for column in zip(*(group.kind for group in groups), strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(
            _OF_TIERS.format(scope=inner, same=same, still=still[0]),
            [*parameters, *columns, placed, paid_to, None in paid_to, list(without), *still[1], most, first],
        )
        return [groups[number - 1].verdict.of(f"p{pk}", net) for pk, net, number in cursor.fetchall()]


def _sql(rows: Any) -> tuple[str, tuple[Any, ...]]:
    sql, parameters = rows.order_by().query.sql_with_params()
    return sql, parameters


# Equality where a column is never empty is what the database can look up; the others are compared afterwards. The days
# by themselves first, so that few rows come to that. What another row has to be looked up for is asked last, in the order of
# the list, until the page is full: OFFSET 0 keeps it out of the inner query.
_OF_TIERS = """
SELECT found.pk, found.net, found.number
FROM (
    SELECT one.pk, one.net, one.account_id, one.line, one.status, one.effective_date, wanted.tier, wanted.number
    FROM ({{scope}}) AS one (pk, net, account_id, line, {names})
    JOIN unnest({arrays}, %s::int[]) WITH ORDINALITY AS wanted ({names}, tier, number) ON {{same}}
    WHERE (one.paid_to_date = ANY(%s::date[]) OR (%s AND one.paid_to_date IS NULL)) AND one.pk <> ALL(%s::bigint[])
    ORDER BY wanted.tier, one.net DESC, one.pk
    OFFSET 0
) AS found
WHERE {{still}}
ORDER BY found.tier, found.net DESC, found.pk
LIMIT %s OFFSET %s
""".format(  # noqa: S608 - constants of this file; what differs comes as parameters
    names=", ".join(_NAMES),
    arrays=", ".join(f"%s::{sql_type}[]" for _name, sql_type, _empty in _ALIKE),
)
_SAME_BUT_STATUS = " AND ".join(
    f"one.{name} {'IS NOT DISTINCT FROM' if empty else '='} wanted.{name}"
    for name, _type, empty in _ALIKE
    if name != "status"
)
_SAME = f"one.status = wanted.status AND {_SAME_BUT_STATUS}"
# As ``may_be_at_risk`` leaves them out.
_NOT_FOLLOWED = """found.status <> 'TERMED' OR NOT EXISTS (
    SELECT 1 FROM ({followers}) AS follower (account_id, line, effective_date)
    WHERE follower.account_id = found.account_id AND follower.line = found.line
        AND follower.effective_date > found.effective_date
)"""


def grace_by_month(user: User) -> dict[Why, tuple[int, Decimal]]:
    """How many policies are in each month of grace, and their premiums a month after credit, in dollars; one query.

    Snoozed ones count: together they are the Grace Period of the reports.
    """
    found = {why: (0, Decimal(0)) for why in reversed(rules.GRACE)}
    in_grace = Policy.objects.for_user(user).filter(status=Status.GRACE)
    for group in grouped(in_grace, days_by_state(), with_premiums=True):
        count, premium = found[group.verdict.why]
        found[group.verdict.why] = (count + group.count, premium + group.premium)
    return found


# --- applications ---


def applications_at_risk(user: User, *, number_ids: list[int] | None = None) -> Iterator[AtRisk]:
    """Failed applications, drafts that expire within a month, and submitted ones that lack papers; three queries at most."""
    days = days_by_state()
    first, carrier_day = min(days.values()), today_in()
    soon = carrier_day + timedelta(days=max(notice.days for notice in EXPIRY_NOTICES))
    draft = Q(status=Application.Status.INCOMPLETE, withdrawn_at=None, expires_on__range=(first, soon))
    failed = Q(status=Application.Status.FAILED, expires_on__gte=first)
    # Which of them really lack something is told below; most books have none to ask about.
    slots = EvidenceItem.objects.filter(application_id=OuterRef("pk"), state__in=list(OPEN), dropped=False)
    submitted = Q(Exists(slots), status=Application.Status.COMPLETED)
    rows = visible_applications(user).filter(draft | failed | submitted).order_by()
    if number_ids is not None:
        rows = rows.in_books(number_ids)
    found = list(rows.values_list("pk", "status", "us_state", "expires_on"))
    asked = any(status == Application.Status.COMPLETED for _pk, status, _us_state, _expires_on in found)
    due = due_by_application(user) if asked else {}
    premiums = _premiums_of([pk for pk, *_rest in found])
    for pk, status, us_state, expires_on in found:
        today = days.get(us_state, carrier_day)
        wanted = due.get(pk)
        last: date | None
        if status == Application.Status.COMPLETED:
            if wanted is None:
                continue
            why, last = Why.DOCUMENTS, wanted.due
        elif expires_on < today:
            continue
        else:
            why = Why.FAILED if status == Application.Status.FAILED else Why.EXPIRING
            last = expires_on
        yield AtRisk(
            key=f"a{pk}",
            why=why,
            last_safe_day=last,
            days_left=(last - today).days if last else None,
            premium=premiums.get(pk, _NOTHING),
            note=_papers(wanted.things, wanted.rejected) if wanted else "",
        )


def _premiums_of(applications: list[int]) -> dict[int, Decimal]:
    """What the plans of each application cost together, in dollars a month."""
    if not applications:
        return {}
    plans = ApplicationPlan.objects.filter(application_id__in=applications).order_by()
    return dict(plans.values_list("application_id").annotate(total=Sum("monthly_premium")))


def _papers(things: int, rejected: bool) -> str:
    text = "1 thing to send" if things == 1 else f"{things} things to send"
    return f"{text}, one was rejected" if rejected else text
