"""Report an Issue: the form, its confirmation, what became of it (ISS_01)."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.http import AuthenticatedHttpRequest
from ecomm.forms.issues import ReportIssueForm
from ecomm.issue_context import where
from ecomm.models import IssueReport
from ecomm.selectors import issues as selector
from ecomm.services import issues
from portal.common.access import Perm, requires
from portal.common.files.uploads import UploadRefused
from portal.common.throttle import TooOften

MESSAGES = ("Messages", "/messages/")


@requires(Perm.SIGNED_IN)
@require_http_methods(["GET", "HEAD", "POST"])
def report_issue(request: AuthenticatedHttpRequest) -> HttpResponse:
    """The form with what is known filled in; sent, it leads to the report's own page."""
    now = timezone.now()
    if request.method == "POST":
        form = ReportIssueForm(request.POST, request.FILES, now=now)
        if form.is_valid():
            try:
                report = issues.report(
                    reported=form.reported(browser=request.headers.get("User-Agent", "")),
                    screenshot=form.cleaned_data["screenshot"],
                    form_key=form.key,
                    by=request.user,
                    at=now,
                )
            except TooOften as exc:
                form.add_error(None, str(exc))
            except UploadRefused as exc:
                form.add_error("screenshot", str(exc))
            else:
                messages.success(request, f"Thank you. Your report has been sent. Its number is {report.number}.")
                return redirect("ecomm:issue", number=report.number)
    else:
        place = where(request)
        known = selector.known_about(request.user, place.record)
        form = ReportIssueForm(now=now, initial={**known, "page": place.page, "record": place.record})
    return render(request, "ecomm/issue_report.html", {"form": form, "trail": [MESSAGES]})


@requires(Perm.SIGNED_IN)
@require_safe
def my_issues(request: AuthenticatedHttpRequest) -> HttpResponse:
    """What the person has reported, newest first, with the answers."""
    reports = selector.my_reports(request.user)
    return render(request, "ecomm/issues.html", {"reports": reports, "trail": [MESSAGES]})


@requires(Perm.SIGNED_IN)
@require_safe
def issue(request: AuthenticatedHttpRequest, number: int) -> HttpResponse:
    """One of the person's own reports: its number, how far it is, the answer."""
    own = IssueReport.objects.for_user(request.user).select_related("screenshot")
    report = selector.as_report(get_object_or_404(own, number=number))
    trail = [MESSAGES, ("My Reports", reverse("ecomm:issues"))]
    return render(request, "ecomm/issue.html", {"report": report, "trail": trail})
