"""The Messages page: everything that goes to the carrier and comes back, at a glance (EQ_08)."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.http import AuthenticatedHttpRequest
from ecomm.selectors.hub import hub_of
from portal.common.access import Perm, requires


@requires(Perm.SIGNED_IN)
@require_safe
def messages_hub(request: AuthenticatedHttpRequest) -> HttpResponse:
    """The boxes this person may use, each with its latest items."""
    return render(request, "ecomm/hub.html", {"hub": hub_of(request.user)})
