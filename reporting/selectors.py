"""Reads for the pages of reports, always from what the person may see."""

from django.urls import reverse

from accounts.models import ProducerNumber, User
from accounts.scoping import producer_number_ids
from portal.common.access import Perm
from portal.common.tables import display
from reporting.forms.builder import Numbers
from reporting.models import CommissionStatement

# More would be a list that nobody can look through.
NUMBERS_IN_A_LIST = 300


def numbers_offered(user: User) -> Numbers:
    """The producer numbers the user may choose from, with their producers (REP_20); none listed for the carrier's staff."""
    if user.role == User.Role.CARRIER_ADMIN:
        return Numbers(None)
    ids = producer_number_ids(user, perm=Perm.REPORT_RUN)
    if len(ids) > NUMBERS_IN_A_LIST:
        return Numbers(None)
    rows = ProducerNumber.objects.filter(pk__in=ids).select_related("producer").order_by("number")
    return Numbers([(row.number, f"{row.number} {row.producer.name} ({row.us_state})") for row in rows])


def newest_statements(user: User, *, most: int) -> list[dict[str, str]]:
    """The commission statements imported for the latest months, for Home; one query."""
    rows = CommissionStatement.objects.for_user(user, perm=Perm.COMMISSIONS_VIEW).select_related("producer_number")
    return [
        {
            "label": f"{row.month:%m/%Y}, producer number {row.producer_number.number}",
            "total": display(row.total, "money"),
            "url": reverse("reporting:commission", args=[row.pk]),
        }
        for row in rows.order_by("-month", "producer_number__number")[:most]
    ]
