"""Choosing in the header for whom one works (HOM_14)."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import Resolver404, resolve
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from accounts import working_for
from accounts.http import AuthenticatedHttpRequest
from accounts.models import User
from portal.common.access import Perm, requires


@requires(Perm.SIGNED_IN)
@require_POST
def work_for(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Narrow this session to one producer, or open it to all of them again.

    A producer who has not granted anything to this delegate does not exist here.
    """
    if request.user.role != User.Role.DELEGATE:
        raise PermissionDenied("Your account does not include this function.")
    npn = request.POST.get("producer", "")
    grant = next((grant for grant in request.user.grants_in_force if grant.producer.npn == npn), None)
    if npn and grant is None:
        raise Http404("No such producer among those you work for.")
    working_for.choose(request, grant)
    whom = f"for {grant.producer.name}" if grant else "for all your producers"
    messages.success(request, f"You are now working {whom}.")
    return redirect(_where_next(request))


def _where_next(request: AuthenticatedHttpRequest) -> str:
    """The section one came from, if it is ours and open to what one may do for this producer; otherwise home."""
    wanted = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
        return "home"
    try:
        view: Any = resolve(wanted).func
    except Resolver404:
        return "home"
    rule = getattr(view, "access_rule", None)
    return wanted if rule in request.user.perms_held else "home"
