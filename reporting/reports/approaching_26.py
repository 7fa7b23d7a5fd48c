"""Members Approaching 26: children whose last covered day lies in these days, by the rule of their market (REP_14)."""

from datetime import date
from functools import lru_cache

from django.db.models import Q

from clients.models import Member
from reporting.criteria import Criteria
from reporting.reports.people import PeopleReport
from reporting.rules.birth_windows import ChildWindow, last_covered_day
from reporting.tables import Approaching26Table


@lru_cache(maxsize=200)
def _windows(first: date, last: date, today: date) -> tuple[ChildWindow, ...]:
    """They are found by searching the age rules, which takes longer than the page's rows; the days are often the same."""
    return tuple(last_covered_day(first, last, today=today))


class Approaching26(PeopleReport):
    code = "approaching_26"
    label = "Members Approaching 26"
    table = Approaching26Table

    def near_the_limit(self, asked: Criteria, *, today: date) -> Q:
        first, last = asked.days
        windows = _windows(first, last, today)
        of_their_own = {window.state for window in windows if window.state}
        # Ranges by themselves first, so that the database can begin with the few people born in them.
        born_at_all, condition = Q(pk__in=[]), Q(pk__in=[])
        for window in windows:
            if window.born.last < window.born.first:
                continue
            born_at_all |= Q(member__date_of_birth__range=(window.born.first, window.born.last))
            where = Q(
                policy__market=window.channel.value, member__date_of_birth__range=(window.born.first, window.born.last)
            )
            if window.state is None:
                condition |= where & ~Q(policy__us_state__in=of_their_own)
            else:
                veteran = Q(member__unmarried_veteran=window.unmarried_veteran)
                condition |= where & Q(policy__us_state=window.state) & veteran
        return Q(member__role=Member.Role.CHILD, member__disabled_dependent=False) & born_at_all & condition
