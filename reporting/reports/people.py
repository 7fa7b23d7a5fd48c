"""What the two reports on ages have in common: their rows are people on policies in force."""

from datetime import date
from typing import Any

from django.db.models import Q, QuerySet

from accounts.models import User
from clients.models import Coverage, Policy
from portal.common.access import Perm
from portal.common.tables import GridState, Table
from reporting import narrowing
from reporting.criteria import Criteria
from reporting.reports.base import Report
from reporting.tables import PersonTable


class PeopleReport(Report):
    """A day in the life of a covered person; by default the next 90 days (REP_14)."""

    default_days_ahead = 90

    def select(self, user: User, asked: Criteria, *, today: date) -> QuerySet[Coverage]:
        """People whose coverage has not ended by ``today``, on policies that are not Termed or Cancelled."""
        policies = narrowing.policies(user, asked).filter(status__in=narrowing.IN_FORCE)
        covered = Coverage.objects.filter(policy__in=policies).filter(Q(term_date=None) | Q(term_date__gte=today))
        return covered.filter(self.near_the_limit(asked, today=today))

    def make_table(self, user: User, asked: Criteria, state: GridState, **kwargs: Any) -> Table[Any]:
        """As every report; those who may enroll get links to a quote and a prospect for each person."""
        made = super().make_table(user, asked, state, **kwargs)
        if isinstance(made, PersonTable):
            made.may_enroll = user.has_portal_perm(Perm.ENROLL)
        return made

    def in_scope(self, user: User) -> QuerySet[Coverage]:
        return Coverage.objects.filter(policy__in=Policy.objects.for_user(user))

    def near_the_limit(self, asked: Criteria, *, today: date) -> Q:
        """The condition on the member and the policy of a coverage."""
        raise NotImplementedError

    def default_sort(self, asked: Criteria) -> tuple[str, ...]:
        return self.table.default_sort
