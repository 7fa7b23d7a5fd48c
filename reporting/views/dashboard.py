"""Reporting: the dashboard, and the list behind each of its figures."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.http import AuthenticatedHttpRequest
from accounts.scoping import looked_up_once
from portal.common import audit
from portal.common.access import Perm, requires
from portal.common.dates import today_in
from reporting import dashboard, kept
from reporting.views.builder import open_result


@requires(Perm.REPORT_RUN)
@require_safe
@looked_up_once()
def index(request: AuthenticatedHttpRequest) -> HttpResponse:
    """The book by status, grace, applications and production as charts with tables, and the paid-to calendar."""
    counted = dashboard.figures(request.user, now=timezone.now(), after=kept.read_after(request.GET.get("after")))
    context = {
        "charts": counted.value.charts,
        "months": counted.value.months,
        "again": kept.as_after(counted.as_of) if counted.large else "",
        "weekdays": dashboard.WEEKDAYS,
        "as_of": counted.as_of,
        "commissions": request.user.has_portal_perm(Perm.COMMISSIONS_VIEW),
    }
    return render(request, "reporting/index.html", context)


@requires(Perm.REPORT_RUN)
@require_POST
def figure(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Open the report whose rows a figure counts."""
    try:
        asked = dashboard.criteria_of(request.POST.get("show", "")[:40])
    except (ValueError, OverflowError):
        messages.error(request, "That figure has no list. Choose one of the numbers below.")
        return redirect("reporting:index")
    details = {"report": asked.report or "policy_status", "filters": asked.filters}
    audit.record("report.run", by=request.user, object_type="report", details=details)
    return redirect(open_result(request, asked, today=today_in()))
