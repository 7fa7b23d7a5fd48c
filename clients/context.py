"""The quick-search box in the header of every page (SRC_17)."""

from typing import Any

from django.http import HttpRequest

from portal.common.access import Perm
from portal.common.addresses import address_without_number


def header_search(request: HttpRequest) -> dict[str, str]:
    """Context for ``templates/base.html``: where the box is sent; empty for those who may not search clients."""
    user: Any = getattr(request, "user", None)
    allowed = bool(user and user.is_authenticated and user.has_portal_perm(Perm.CLIENT_VIEW))
    return {
        "header_search": address_without_number("clients:quick-search") if allowed else "",
        "quick_text": "",
        "quick_error": "",
    }
