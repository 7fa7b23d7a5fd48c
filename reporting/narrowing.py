"""The filters of Create Report as conditions on policies of the books a person may open (REP_04, REP_07, REP_08).

Filters combine with AND. Within a group of product switches (on or off the exchange; grandfathered or not; medical, dental,
both or temporary) they combine with OR, and a group without a tick does not narrow.
"""

from datetime import date
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce

from accounts.models import User
from clients.models import Policy
from clients.models.policies import PolicyQuerySet
from clients.rules.policy_status import ReportStatus, statuses_shown_as
from clients.selectors import search
from enrollment.models import Application, ApplicationPlan, Submission
from enrollment.selectors.applications import visible as visible_applications
from portal.common.dates import OPEN_END
from reporting.criteria import ALL, Criteria

# Every status but the two that have ended: what "in force" means for paid-to dates and birthdays. A policy that begins
# later, or whose first payment is still to come, belongs to it.
ENDED = (Policy.Status.TERMED, Policy.Status.CANCELLED)
IN_FORCE = [status for status in Policy.Status.values if status not in ENDED]


def policies(user: User, asked: Criteria) -> PolicyQuerySet:
    """The policies in scope that fit every filter; what a report compares dates with comes on top."""
    producer = {name: getattr(asked, name) for name in PRODUCER_FIELDS}
    rows = search.advanced(user, producer)
    if asked.policy_status and asked.policy_status != ALL:
        statuses = statuses_shown_as(ReportStatus(asked.policy_status))
        rows = rows.filter(status__in=[status.value for status in statuses])
    if asked.product_name:
        rows = rows.filter(product_name__icontains=asked.product_name)
    return narrowed_by_switches(user, rows, asked.switches)


PRODUCER_FIELDS = ("producer_first_name", "producer_last_name", "producer_number")


def narrowed_by_switches(user: User, rows: PolicyQuerySet, switches: tuple[str, ...]) -> PolicyQuerySet:
    """Only the policies that fit the ticked product switches (REP_07)."""
    markets = {"on_exchange": Q(market=Policy.Market.ON), "off_exchange": Q(market=Policy.Market.OFF)}
    ages = {"grandfathered": Q(grandfathered=True), "non_grandfathered": Q(grandfathered=False)}
    # A policy that was never in force stands beside nothing.
    beside = Q(Exists(_of_the_other_line(user))) & ~Q(status=Policy.Status.CANCELLED)
    lines = {
        "medical_only": Q(line=Policy.Line.MEDICAL) & ~beside,
        "dental_only": Q(line=Policy.Line.DENTAL) & ~beside,
        "temporary_plans": Q(is_temporary=True),
        "both": beside,
    }
    for group in (markets, ages, lines):
        ticked = [group[name] for name in switches if name in group]
        # All of a group that leaves nobody out need not be asked.
        if ticked and not (len(ticked) == 2 and group is not lines):
            condition = Q()
            for one in ticked:
                condition |= one
            rows = rows.filter(condition)
    return rows


def _of_the_other_line(user: User) -> PolicyQuerySet:
    """Policies of the other line that covered the same household on at least one day of the outer policy."""
    others: PolicyQuerySet = Policy.objects.for_user(user).filter(account_id=OuterRef("account_id"))
    return (
        others.exclude(line=OuterRef("line"))
        .exclude(status=Policy.Status.CANCELLED)
        .filter(effective_date__lte=Coalesce(OuterRef("term_date"), Value(OPEN_END)))
        .filter(Q(term_date=None) | Q(term_date__gte=OuterRef("effective_date")))
    )


def applications(user: User, asked: Criteria, *, today: date) -> Any:
    """Applications of the books the person may enroll for, by what became of them (REP_04).

    Those that were withdrawn, and drafts and failed ones that can no longer be used on ``today``, are left out, as in the
    lists of applications.
    """
    rows = _usable_applications(user, today=today)
    if asked.application_status in _STAGES:
        rows = _with_newest_outcome(rows).filter(_STAGES[asked.application_status])
    if asked.product_name:
        rows = rows.filter(Exists(_plans().filter(plan__name__icontains=asked.product_name)))
    rows = _of_producers(rows, asked)
    return _applications_by_switches(rows, asked.switches)


def applications_by_stage(user: User, *, today: date) -> dict[str, int]:
    """How many applications ``applications`` finds for each status that can be asked for, but All; one query."""
    rows = _with_newest_outcome(_usable_applications(user, today=today)).order_by()
    counted = dict.fromkeys(_STAGES, 0)
    for status, outcome, count in rows.values_list("status", "newest_outcome").annotate(count=Count("pk")):
        counted[_stage_of(status, outcome)] += count
    return counted


def _stage_of(status: str, newest_outcome: str | None) -> str:
    """What ``_STAGES`` says, of one row: four counts with conditions of their own take Django twice as long to write down."""
    if status != Application.Status.COMPLETED:
        return status
    return "SUBMITTED" if newest_outcome == Submission.Outcome.WAITING else "ACCEPTED"


_COMPLETED = Q(status=Application.Status.COMPLETED)
_STAGES = {
    "INCOMPLETE": Q(status=Application.Status.INCOMPLETE),
    "FAILED": Q(status=Application.Status.FAILED),
    "SUBMITTED": _COMPLETED & Q(newest_outcome=Submission.Outcome.WAITING),
    # One without a submission of this portal was completed elsewhere.
    "ACCEPTED": _COMPLETED & (Q(newest_outcome=None) | ~Q(newest_outcome=Submission.Outcome.WAITING)),
}


def _usable_applications(user: User, *, today: date) -> Any:
    return visible_applications(user).filter(_COMPLETED | Q(expires_on__gte=today), withdrawn_at=None)


def _with_newest_outcome(rows: Any) -> Any:
    newest = Submission.objects.filter(application_id=OuterRef("pk")).order_by("-number").values("outcome")[:1]
    return rows.annotate(newest_outcome=Subquery(newest))


def _plans() -> Any:
    return ApplicationPlan.objects.filter(application_id=OuterRef("pk"))


def _of_producers(rows: Any, asked: Criteria) -> Any:
    named = {
        "producer_number__producer__first_name__istartswith": asked.producer_first_name,
        "producer_number__producer__last_name__istartswith": asked.producer_last_name,
        "producer_number__number": asked.producer_number,
    }
    return rows.filter(**{path: value for path, value in named.items() if value})


def _applications_by_switches(rows: Any, switches: tuple[str, ...]) -> Any:
    """Applications of the portal are for new coverage off the exchange: none is grandfathered, temporary or on exchange."""
    chosen = set(switches)
    if chosen & {"on_exchange", "off_exchange"} == {"on_exchange"}:
        return rows.none()
    if chosen & {"grandfathered", "non_grandfathered"} == {"grandfathered"}:
        return rows.none()
    lines = chosen & {"medical_only", "dental_only", "temporary_plans", "both"}
    if not lines:
        return rows
    medical = Exists(_plans().filter(line=Policy.Line.MEDICAL))
    dental = Exists(_plans().filter(line=Policy.Line.DENTAL))
    fits = {
        "medical_only": Q(medical) & ~Q(dental),
        "dental_only": Q(dental) & ~Q(medical),
        "both": Q(medical) & Q(dental),
        "temporary_plans": Q(pk__in=[]),
    }
    condition = Q(pk__in=[])
    for name in lines:
        condition |= fits[name]
    return rows.filter(condition)
