"""The home page: a greeting and the panels the apps bring."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.scoping import looked_up_once
from portal.common.access import Perm, requires
from portal.common.home import panels_for


@requires(Perm.SIGNED_IN)
@require_safe
@looked_up_once()
def home(request: HttpRequest) -> HttpResponse:
    """Greets the person by name (HOM_04) and holds the client search (HOM_05)."""
    return render(request, "home.html", {"panels": panels_for(request)})
