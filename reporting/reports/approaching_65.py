"""Members Approaching 65: who can enter Medicare in a month whose first day lies in these days (REP_14)."""

from datetime import date

from django.db.models import Q

from reporting.criteria import Criteria
from reporting.reports.people import PeopleReport
from reporting.rules.birth_windows import medicare_month
from reporting.tables import Approaching65Table


class Approaching65(PeopleReport):
    code = "approaching_65"
    label = "Members Approaching 65"
    table = Approaching65Table

    def near_the_limit(self, asked: Criteria, *, today: date) -> Q:
        first, last = asked.days
        born = medicare_month(first, last)
        return Q(member__date_of_birth__range=(born.first, born.last))
