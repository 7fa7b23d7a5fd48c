"""The frame around every page: brand, navigation, account menu, theme."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from portal.common import account_menu, admin_networks, delays, navigation
from portal.common.dates import today_in

THEMES = ("light", "dark", "auto")


def page_frame(request: HttpRequest) -> dict[str, Any]:
    """Context for ``templates/base.html``. Makes no query, but for what is delayed: one every few seconds
    of a process (``delays``). The user is loaded already.
    """
    user: Any = getattr(request, "user", None)
    signed_in = bool(user and user.is_authenticated)
    theme = request.COOKIES.get("theme", "auto")
    return {
        "portal_name": settings.PORTAL_NAME,
        "carrier_name": settings.CARRIER_NAME,
        "carrier_entity_line": settings.CARRIER_ENTITY_LINE,
        "support_phone": settings.SUPPORT_PHONE,
        "support_email": settings.SUPPORT_EMAIL,
        "support_hours": settings.SUPPORT_HOURS,
        "theme": theme if theme in THEMES else "auto",
        "signed_in": signed_in,
        "display_name": user.get_full_name() or user.get_username() if signed_in else "",
        "navigation": navigation.items_for(request) if signed_in else [],
        "submenu_folded": request.COOKIES.get("submenu") == "less",
        "account_menu": _account_menu(request, user) if signed_in else [],
        "current_year": today_in().year,
        "demo": settings.DEMO_MAILBOX,
        "delays": delays.current(),
    }


def _account_menu(request: HttpRequest, user: Any) -> list[account_menu.Item]:
    return [item for item in account_menu.items_for(user) if admin_networks.may_reach(request, item.url)]
