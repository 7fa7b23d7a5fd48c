"""What the application's pages look up while somebody types: clients, addresses, the county of a ZIP code (APP_01, APP_04, APP_05).

Everything is sent with POST, so that no name or address is ever part of a page's address; nothing is saved here.
"""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.http import AuthenticatedHttpRequest
from clients.rules.quick_search import LONGEST_TEXT
from enrollment import address_search
from enrollment.selectors import applications as application_selector
from enrollment.wizard.applicant import (
    ClientSearch,
    HomeAddress,
    address_result,
    client_result,
    county_context,
    record_search,
)
from enrollment.wizard.sections import WizardContext
from portal.common import bulk_limits
from portal.common.access import Perm, requires

SHORTEST = 2


@requires(Perm.ENROLL)
@require_POST
def client_search(request: AuthenticatedHttpRequest, record_number: str) -> HttpResponse:
    """The person's own clients that fit what has been typed so far."""
    wizard = _wizard(request, record_number)
    text = _typed(request, "client-text", LONGEST_TEXT)
    if len(text) < SHORTEST or not ClientSearch.shown(wizard):
        return HttpResponse()
    bulk_limits.count_search(request.user, at=timezone.now())
    result = client_result(wizard, text)
    if result["lines"]:
        record_search(wizard.application, wizard)
    return render(request, "enrollment/wizard/client_result.html", {"result": result})


@requires(Perm.ENROLL)
@require_POST
def address_search_result(request: AuthenticatedHttpRequest, record_number: str) -> HttpResponse:
    """Addresses in the application's state that fit what has been typed so far."""
    wizard = _wizard(request, record_number)
    text = _typed(request, "home-search", address_search.LONGEST)
    if len(text) <= SHORTEST:
        return HttpResponse()
    result = address_result(wizard.application, text)
    return render(request, "enrollment/wizard/address_result.html", {"result": result})


@requires(Perm.ENROLL)
@require_POST
def county(request: AuthenticatedHttpRequest, record_number: str) -> HttpResponse:
    """The counties of the ZIP code that has been typed, to choose from where there are several."""
    wizard = _wizard(request, record_number)
    initial = {
        "zip": _typed(request, "home-zip", 5),
        "county": _typed(request, "home-county", 5) or wizard.application.county_id,
    }
    form = HomeAddress(wizard=wizard, initial=initial)
    context = {"section": form, "county": county_context(form)}
    return render(request, "enrollment/wizard/county.html", context)


def _wizard(request: AuthenticatedHttpRequest, record_number: str) -> WizardContext:
    row = application_selector.draft_for(request.user, record_number)
    if row is None:
        raise Http404("No such application in your books.")
    return WizardContext(row, request.user, timezone.now())


def _typed(request: AuthenticatedHttpRequest, name: str, longest: int) -> str:
    return request.POST.get(name, "").replace("\x00", "").strip()[:longest]
