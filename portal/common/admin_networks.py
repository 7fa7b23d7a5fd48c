"""Where the carrier's administration can be reached from: ADMIN_ALLOWED_NETWORKS, or from everywhere when that is empty.

It stands before the sign-in and the second factor, never in their place. From elsewhere the administration does not exist (404).
"""

import ipaddress
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse

from portal.common.addresses import address_without_number
from portal.common.middleware import address_of


def is_open_to(request: HttpRequest) -> bool:
    """Does the request come from one of the networks? An address nobody can read comes from none of them."""
    if not settings.ADMIN_ALLOWED_NETWORKS:
        return True
    address = address_of(request)
    if address is None:
        return False
    asking = ipaddress.ip_address(address)
    mapped = getattr(asking, "ipv4_mapped", None)
    return any((mapped or asking) in network for network in settings.ADMIN_ALLOWED_NETWORKS)


def may_reach(request: HttpRequest, url: str) -> bool:
    """Is there a page at ``url`` for whoever asks from there? Menus leave out what is not."""
    return not url.startswith(address_without_number("admin:index")) or is_open_to(request)


class AdminNetworkMiddleware:
    """Closes every address of the administration to other networks before anybody is asked who they are."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, _view: Callable[..., Any], _args: Any, _kwargs: Any) -> None:
        match = request.resolver_match
        if match is not None and "admin" in match.app_names and not is_open_to(request):
            raise Http404("The administration is not open to this network.")
