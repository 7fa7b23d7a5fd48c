"""Initial Payment Not Received: who has not made the first payment; the days are those of the effective date (REP_12)."""

from datetime import date
from typing import Any

from django.db.models import QuerySet

from accounts.models import User
from clients.models import Policy
from reporting.criteria import Criteria
from reporting.reports.base import Report


class InitialPayment(Report):
    code = "initial_payment"
    label = "Initial Payment Not Received"
    day = "effective_date"

    def select(self, user: User, asked: Criteria, *, today: date) -> QuerySet[Any]:
        return super().select(user, asked, today=today).filter(status=Policy.Status.INITIAL_PAYMENT_DUE)
