"""The guided tour: as a page of its own, and its end (ADR 0033)."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts import tour
from accounts.http import AuthenticatedHttpRequest
from accounts.models import User
from accounts.services import tour as service
from portal.common.access import Perm, requires

CLOSED = "The tour is closed. You find it again under your name: Guided Tour."
OUTCOMES = {"finished": User.Tour.FINISHED, "skipped": User.Tour.SKIPPED}


@requires(Perm.SIGNED_IN)
@require_safe
def guided_tour(request: AuthenticatedHttpRequest) -> HttpResponse:
    """All steps at once, for reading, for printing, and where no script runs."""
    offered = request.user.tour == User.Tour.TO_OFFER
    return render(request, "accounts/tour.html", {"steps": tour.steps_for(request.user), "offered": offered})


@requires(Perm.SIGNED_IN)
@require_POST
def tour_end(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Finished or skipped. The card on Home asks in the background and stays where it is; a form is led to Home."""
    outcome = OUTCOMES.get(request.POST.get("outcome", ""))
    if outcome is None:
        return HttpResponseBadRequest("The tour ends finished or skipped.")
    service.end(request.user, outcome)
    if not request.accepts("text/html"):
        return HttpResponse(status=204)
    messages.success(request, CLOSED)
    return redirect("home")
