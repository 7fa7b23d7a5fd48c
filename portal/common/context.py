"""The frame around every page: brand, navigation, account menu, theme."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from portal.common import navigation
from portal.common.access import Perm
from portal.common.dates import today_in

THEMES = ("light", "dark", "auto")


@dataclass(frozen=True)
class MenuItem:
    label: str
    url: str
    method: str


def page_frame(request: HttpRequest) -> dict[str, Any]:
    """Context for ``templates/base.html``. Makes no query: the user is loaded already."""
    user: Any = getattr(request, "user", None)
    signed_in = bool(user and user.is_authenticated)
    theme = request.COOKIES.get("theme", "auto")
    menu = []
    if signed_in and user.has_portal_perm(Perm.CARRIER_ADMIN):
        menu.append(MenuItem("Carrier administration", reverse("admin:index"), "get"))
    if signed_in:
        menu.append(MenuItem("Logout", reverse("accounts:logout"), "post"))
    return {
        "portal_name": settings.PORTAL_NAME,
        "carrier_name": settings.CARRIER_NAME,
        "support_phone": settings.SUPPORT_PHONE,
        "support_email": settings.SUPPORT_EMAIL,
        "theme": theme if theme in THEMES else "auto",
        "signed_in": signed_in,
        "display_name": user.get_full_name() or user.get_username() if signed_in else "",
        "navigation": navigation.items_for(request) if signed_in else [],
        "account_menu": menu,
        "current_year": today_in().year,
        "demo": settings.DEMO_MAILBOX,
    }
